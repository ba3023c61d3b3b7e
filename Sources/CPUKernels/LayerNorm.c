#include "Kernel.h"

KERNEL void concord_layer_norm(
    const float *input, long rows, long columns, const float *gamma, const float *beta, float epsilon, float *output,
    float *statistics) {
    for (long row = 0; row < rows; ++row) {
        const float *const x = input + row * columns;
        float *const y = output + row * columns;
        PAIRWISE_SUM(sum, i, columns, x[i]);
        const float rounded = sum / (float)columns;
        // What rounding the mean has left over counts in the mean and in the variance.
        PAIRWISE_SUM(left, i, columns, x[i] - rounded);
        const float rest = left / (float)columns;
        PAIRWISE_SUM(squares, i, columns, ((x[i] - rounded) - rest) * ((x[i] - rounded) - rest));
        const float reciprocal = 1 / SQUARE_ROOT(squares / (float)columns + epsilon);
        INDEPENDENT for (long i = 0; i < columns; ++i)
            y[i] = ((x[i] - rounded) - rest) * reciprocal * gamma[i] + beta[i];
        statistics[2 * row] = rounded + rest;
        statistics[2 * row + 1] = reciprocal;
    }
}

KERNEL void concord_layer_norm_input_gradient(
    const float *input, const float *statistics, long rows, long columns, const float *gamma, const float *deltas,
    float *gradients) {
    for (long row = 0; row < rows; ++row) {
        const float *const x = input + row * columns;
        const float *const d = deltas + row * columns;
        float *const g = gradients + row * columns;
        const float mean = statistics[2 * row], reciprocal = statistics[2 * row + 1];
        PAIRWISE_SUM(sum, i, columns, d[i] * gamma[i]);
        PAIRWISE_SUM(products, i, columns, d[i] * gamma[i] * ((x[i] - mean) * reciprocal));
        const float first = sum / (float)columns, second = products / (float)columns;
        INDEPENDENT for (long i = 0; i < columns; ++i)
            g[i] = reciprocal * ((d[i] * gamma[i] - first) - (x[i] - mean) * reciprocal * second);
    }
}

KERNEL void concord_layer_norm_parameter_gradient(
    const float *input, const float *statistics, long rows, long columns, const float *deltas, float *gamma_gradient,
    float *beta_gradient) {
    for (long first = 0; first < columns; first += COLUMN_TILE) {
        const long width = smaller(COLUMN_TILE, columns - first);
        const float *const x = input + first;
        const float *const d = deltas + first;
        PAIRWISE_COLUMN_SUMS(
            gamma_gradient + first, row, rows, i, width,
            d[row * columns + i] * ((x[row * columns + i] - statistics[2 * row]) * statistics[2 * row + 1]));
        PAIRWISE_COLUMN_SUMS(beta_gradient + first, row, rows, i, width, d[row * columns + i]);
    }
}
