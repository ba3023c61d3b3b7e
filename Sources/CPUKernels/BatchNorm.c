#include "Kernel.h"

KERNEL void concord_batch_norm_deviations(
    const float *input, long rows, long channels, const float *mean, float *sums) {
    for (long first = 0; first < channels; first += COLUMN_TILE) {
        const long width = smaller(COLUMN_TILE, channels - first);
        const float *const x = input + first;
        const float *const m = mean + first;
        PAIRWISE_COLUMN_SUMS(
            sums + first, row, rows, i, width,
            (x[row * channels + i] - m[i]) * (x[row * channels + i] - m[i]));
    }
}

KERNEL void concord_batch_norm_apply(
    const float *input, long rows, long channels, const float *mean, const float *reciprocal_deviation,
    const float *gamma, const float *beta, enum concord_activation activation, float *output) {
    const float ceiling = activation_ceiling(activation);
    for (long row = 0; row < rows; ++row) {
        const float *const x = input + row * channels;
        float *const y = output + row * channels;
        if (activation == concord_activation_none) {
            INDEPENDENT for (long i = 0; i < channels; ++i)
                y[i] = (x[i] - mean[i]) * (reciprocal_deviation[i] * gamma[i]) + beta[i];
        } else {
            INDEPENDENT for (long i = 0; i < channels; ++i)
                y[i] = rectified((x[i] - mean[i]) * (reciprocal_deviation[i] * gamma[i]) + beta[i], ceiling);
        }
    }
}

KERNEL void concord_batch_norm_parameter_gradient(
    const float *input, long rows, long channels, const float *mean, const float *reciprocal_deviation,
    const float *deltas, float *gamma_gradient, float *beta_gradient) {
    for (long first = 0; first < channels; first += COLUMN_TILE) {
        const long width = smaller(COLUMN_TILE, channels - first);
        const float *const x = input + first;
        const float *const d = deltas + first;
        const float *const m = mean + first;
        const float *const r = reciprocal_deviation + first;
        PAIRWISE_COLUMN_SUMS(
            gamma_gradient + first, row, rows, i, width,
            d[row * channels + i] * ((x[row * channels + i] - m[i]) * r[i]));
        PAIRWISE_COLUMN_SUMS(beta_gradient + first, row, rows, i, width, d[row * channels + i]);
    }
}

KERNEL void concord_batch_norm_input_gradient(
    const float *input, long rows, long channels, const float *mean, const float *reciprocal_deviation,
    const float *gamma, const float *deltas, const float *gamma_mean, const float *beta_mean, float *gradients) {
    for (long row = 0; row < rows; ++row) {
        const float *const x = input + row * channels;
        const float *const d = deltas + row * channels;
        float *const g = gradients + row * channels;
        INDEPENDENT for (long i = 0; i < channels; ++i) {
            const float normalized = (x[i] - mean[i]) * reciprocal_deviation[i];
            g[i] = gamma[i] * reciprocal_deviation[i] * ((d[i] - beta_mean[i]) - normalized * gamma_mean[i]);
        }
    }
}
