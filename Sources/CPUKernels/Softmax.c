#include "Elementary.h"

// The row's maximum without regard to NaN, which reaches every result through the sum of the exponentials.
INLINE float row_shift(const float *x, long columns) {
    float best = x[0];
    long first = 0;
    if (columns >= LANES) {
        float running[LANES];
        memcpy(running, x, sizeof running);
        for (first = LANES; first + LANES <= columns; first += LANES) {
            INDEPENDENT for (long i = 0; i < LANES; ++i)
                running[i] = x[first + i] > running[i] ? x[first + i] : running[i];
        }
        for (long i = 0; i < LANES; ++i) best = running[i] > best ? running[i] : best;
    }
    for (long i = first; i < columns; ++i) best = x[i] > best ? x[i] : best;
    return best;
}

KERNEL void concord_softmax(const float *input, long rows, long columns, float *output) {
    for (long row = 0; row < rows; ++row) {
        const float *const x = input + row * columns;
        float *const y = output + row * columns;
        const float shift = row_shift(x, columns);
        INDEPENDENT for (long i = 0; i < columns; ++i) y[i] = exponential(x[i] - shift);
        PAIRWISE_SUM(sum, i, columns, y[i]);
        INDEPENDENT for (long i = 0; i < columns; ++i) y[i] /= sum;
    }
}

KERNEL void concord_log_softmax(const float *input, long rows, long columns, float *output) {
    for (long row = 0; row < rows; ++row) {
        const float *const x = input + row * columns;
        float *const y = output + row * columns;
        const float shift = row_shift(x, columns);
        PAIRWISE_SUM(sum, i, columns, exponential(x[i] - shift));
        const float normalizer = logarithm(sum);
        INDEPENDENT for (long i = 0; i < columns; ++i) y[i] = (x[i] - shift) - normalizer;
    }
}

KERNEL void concord_softmax_gradient(
    const float *result, const float *deltas, long rows, long columns, float *gradients) {
    for (long row = 0; row < rows; ++row) {
        const float *const y = result + row * columns;
        const float *const d = deltas + row * columns;
        float *const g = gradients + row * columns;
        PAIRWISE_SUM(inner, i, columns, y[i] * d[i]);
        INDEPENDENT for (long i = 0; i < columns; ++i) g[i] = y[i] * (d[i] - inner);
    }
}

KERNEL void concord_log_softmax_gradient(
    const float *result, const float *deltas, long rows, long columns, float *gradients) {
    for (long row = 0; row < rows; ++row) {
        const float *const y = result + row * columns;
        const float *const d = deltas + row * columns;
        float *const g = gradients + row * columns;
        PAIRWISE_SUM(sum, i, columns, d[i]);
        INDEPENDENT for (long i = 0; i < columns; ++i) g[i] = d[i] - exponential(y[i]) * sum;
    }
}
