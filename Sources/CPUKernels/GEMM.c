#include "Kernel.h"

KERNEL void concord_bias_activation(
    float *matrix, long rows, long columns, long stride, const float *bias, enum concord_activation activation) {
    const float ceiling = activation_ceiling(activation);
    for (long row = 0; row < rows; ++row) {
        float *const y = matrix + row * stride;
        if (bias && activation != concord_activation_none) {
            INDEPENDENT for (long i = 0; i < columns; ++i) y[i] = rectified(y[i] + bias[i], ceiling);
        } else if (bias) {
            INDEPENDENT for (long i = 0; i < columns; ++i) y[i] += bias[i];
        } else {
            INDEPENDENT for (long i = 0; i < columns; ++i) y[i] = rectified(y[i], ceiling);
        }
    }
}
