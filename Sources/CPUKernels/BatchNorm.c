#include "Kernel.h"

// The rows are few enough to be in a cache for the second pass.
KERNEL void concord_batch_norm_moments(const float *input, long rows, long channels, float *moments) {
    for (long first = 0; first < channels; first += COLUMN_TILE) {
        const long width = smaller(COLUMN_TILE, channels - first);
        const float *const x = input + first;
        float *const mean = moments + first;
        float *const rest = mean + channels, *const squares = rest + channels;
        PAIRWISE_COLUMN_SUMS(mean, row, rows, i, width, x[row * channels + i]);
        for (long i = 0; i < width; ++i) mean[i] /= (float)rows;
        memset(rest, 0, (size_t)width * sizeof(float));
        memset(squares, 0, (size_t)width * sizeof(float));
        for (long block = 0; block < rows; block += COLUMN_BLOCK) {
            const long last = smaller(block + COLUMN_BLOCK, rows);
            float differences[COLUMN_TILE], products[COLUMN_TILE];
            memset(differences, 0, (size_t)width * sizeof(float));
            memset(products, 0, (size_t)width * sizeof(float));
            FOR_EACH_ROW(row, block, last, i, width, {
                const float difference = x[row * channels + i] - mean[i];
                differences[i] += difference;
                products[i] += difference * difference;
            });
            INDEPENDENT for (long i = 0; i < width; ++i) {
                rest[i] += differences[i];
                squares[i] += products[i];
            }
        }
    }
}

// Merges moments (Chan, Golub, LeVeque, 1983).
KERNEL void concord_batch_norm_statistics(
    const float *moments, long rows, long channels, long part_rows, float *mean, float *squares) {
    for (long first = 0; first < channels; first += COLUMN_TILE) {
        const long width = smaller(COLUMN_TILE, channels - first);
        double center[COLUMN_TILE] = {}, sum[COLUMN_TILE] = {};
        for (long row = 0; row < rows; row += part_rows) {
            const float *const m = moments + row / part_rows * 3 * channels + first;
            const double count = (double)smaller(part_rows, rows - row);
            INDEPENDENT for (long i = 0; i < width; ++i) center[i] += count * (double)m[i] + (double)m[channels + i];
        }
        for (long i = 0; i < width; ++i) center[i] /= (double)rows;
        for (long row = 0; row < rows; row += part_rows) {
            const float *const m = moments + row / part_rows * 3 * channels + first;
            const double count = (double)smaller(part_rows, rows - row);
            INDEPENDENT for (long i = 0; i < width; ++i) {
                const double distance = (double)m[i] - center[i];
                sum[i] += (double)m[2 * channels + i] + distance * (2 * (double)m[channels + i] + distance * count);
            }
        }
        for (long i = 0; i < width; ++i) {
            mean[first + i] = (float)center[i];
            // Rounding may leave less than nothing of equal numbers; NaN stays.
            squares[first + i] = sum[i] < 0 ? 0 : (float)sum[i];
        }
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
