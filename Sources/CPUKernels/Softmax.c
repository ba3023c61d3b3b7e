#include "Elementary.h"

// Elements of the next row that are fetched while as many exponentials are computed.
#define FETCHED 256

INLINE void fetch(const float *x, long count) {
    for (long i = 0; i < count; i += LANES) __builtin_prefetch(x + i);
}

KERNEL void concord_softmax(const float *input, long rows, long columns, float *output) {
    for (long row = 0; row < rows; ++row) {
        const float *const x = input + row * columns;
        float *const y = output + row * columns;
        const float shift = row_maximum(x, columns);
        for (long first = 0; first < columns; first += FETCHED) {
            const long last = smaller(first + FETCHED, columns);
            if (row + 1 < rows) fetch(x + columns + first, last - first);
            INDEPENDENT for (long i = first; i < last; ++i) y[i] = exponential(x[i] - shift);
        }
        PAIRWISE_SUM(sum, i, columns, y[i]);
        const float scale = 1 / sum;
        INDEPENDENT for (long i = 0; i < columns; ++i) y[i] *= scale;
    }
}

KERNEL void concord_log_softmax(const float *input, long rows, long columns, float *output) {
    for (long row = 0; row < rows; ++row) {
        const float *const x = input + row * columns;
        float *const y = output + row * columns;
        const float shift = row_maximum(x, columns);
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
