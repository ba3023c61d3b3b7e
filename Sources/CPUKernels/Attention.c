#include "Elementary.h"

// Hides keys from query `row`: what is hidden becomes -∞.
INLINE void scale_and_hide(float *x, long row, long length, const int32_t *mask, int causal, float scale) {
    if (mask) {
        INDEPENDENT for (long i = 0; i < length; ++i) x[i] = mask[i] ? x[i] * scale : -INFINITY;
    } else {
        INDEPENDENT for (long i = 0; i < length; ++i) x[i] *= scale;
    }
    if (causal) {
        for (long i = row + 1; i < length; ++i) x[i] = -INFINITY;
    }
}

KERNEL void concord_attention_weights(
    float *scores, long length, const int32_t *mask, int causal, float scale, float *normalizers) {
    for (long row = 0; row < length; ++row) {
        float *const x = scores + row * length;
        scale_and_hide(x, row, length, mask, causal, scale);
        const float maximum = row_maximum(x, length);
        const float shift = maximum == -INFINITY ? 0 : maximum;
        INDEPENDENT for (long i = 0; i < length; ++i) x[i] = exponential(x[i] - shift);
        PAIRWISE_SUM(sum, i, length, x[i]);
        // A query that sees no key.
        const float factor = sum == 0 ? 0 : 1 / sum;
        INDEPENDENT for (long i = 0; i < length; ++i) x[i] *= factor;
        normalizers[row] = sum == 0 ? INFINITY : shift + logarithm(sum);
    }
}

KERNEL void concord_attention_weights_again(
    float *scores, long length, const int32_t *mask, int causal, float scale, const float *normalizers) {
    for (long row = 0; row < length; ++row) {
        float *const x = scores + row * length;
        scale_and_hide(x, row, length, mask, causal, scale);
        INDEPENDENT for (long i = 0; i < length; ++i) x[i] = exponential(x[i] - normalizers[row]);
    }
}

KERNEL void concord_attention_score_gradient(
    const float *weights, const float *result, const float *deltas, long length, long width, long stride, float scale,
    float *gradients) {
    for (long row = 0; row < length; ++row) {
        const float *const p = weights + row * length;
        float *const g = gradients + row * length;
        PAIRWISE_SUM(inner, i, width, result[row * stride + i] * deltas[row * stride + i]);
        INDEPENDENT for (long i = 0; i < length; ++i) g[i] = p[i] * (g[i] - inner) * scale;
    }
}
