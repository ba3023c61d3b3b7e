#include "Kernel.h"

KERNEL void concord_mean_of_rows(const float *input, long rows, long width, float *result) {
    memset(result, 0, (size_t)width * sizeof(float));
    for (long row = 0; row < rows; ++row) {
        const float *const x = input + row * width;
        INDEPENDENT for (long i = 0; i < width; ++i) result[i] += x[i];
    }
    const float factor = rows == 0 ? 0 : 1 / (float)rows;
    INDEPENDENT for (long i = 0; i < width; ++i) result[i] *= factor;
}

KERNEL void concord_mean_of_rows_gradient(const float *delta, long rows, long width, float *gradients) {
    const float factor = 1 / (float)rows;
    for (long row = 0; row < rows; ++row) {
        float *const g = gradients + row * width;
        INDEPENDENT for (long i = 0; i < width; ++i) g[i] = delta[i] * factor;
    }
}
