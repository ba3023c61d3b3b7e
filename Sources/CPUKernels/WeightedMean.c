#include "Kernel.h"

KERNEL void concord_weighted_mean(const float *values, const float *weights, long count, float result[2]) {
    PAIRWISE_SUM(value, i, count, values[i]);
    PAIRWISE_SUM(weight, i, count, weights[i]);
    result[0] = weight == 0 ? 0 : value / weight;
    result[1] = weight == 0 ? 0 : 1 / weight;
}
