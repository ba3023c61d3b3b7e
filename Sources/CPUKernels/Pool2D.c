#include "Kernel.h"

// The part of a window that lies inside the image.
struct clipped { long top, bottom, left, right; };

INLINE struct clipped clip(const struct concord_pool *pool, long row, long column) {
    const long top = row * pool->stride_height - pool->padding_top;
    const long left = column * pool->stride_width - pool->padding_left;
    return (struct clipped){
        top < 0 ? 0 : top, smaller(top + pool->window_height, pool->input_height),
        left < 0 ? 0 : left, smaller(left + pool->window_width, pool->input_width)};
}

// Every window holds at least one element, because padding is smaller than the window; the last windows may
// lie beyond the image only where padding makes room for them.
//
// Channels are taken in chunks of LANES. The last chunk of a pixel covers neighbours too where there are any: what it
// writes there is overwritten when their turn comes.
KERNEL void concord_max_pool(
    const struct concord_pool *pool, const float *image, long first_row, long last_row, float *output,
    int32_t *winners) {
    const long channels = pool->channels;
    const long image_count = pool->input_height * pool->input_width * channels;
    const long output_count = last_row * pool->output_width * channels;
    for (long row = first_row; row < last_row; ++row) {
        for (long column = 0; column < pool->output_width; ++column) {
            const struct clipped window = clip(pool, row, column);
            const long target = (row * pool->output_width + column) * channels;
            const int32_t start = (int32_t)(window.top * pool->input_width + window.left);
            const long last = (window.bottom - 1) * pool->input_width + window.right - 1;
            long c = 0;
            for (; c < channels && last * channels + c + LANES <= image_count && target + c + LANES <= output_count;
                 c += LANES) {
                float best[LANES];
                int32_t winner[LANES];
                memcpy(best, image + start * channels + c, sizeof best);
                for (long i = 0; i < LANES; ++i) winner[i] = start;
                for (long y = window.top; y < window.bottom; ++y) {
                    for (long x = window.left; x < window.right; ++x) {
                        const int32_t place = (int32_t)(y * pool->input_width + x);
                        const float *const value = image + place * channels + c;
                        INDEPENDENT for (long i = 0; i < LANES; ++i) {
                            const int wins = (value[i] > best[i]) | ((value[i] != value[i]) & (best[i] == best[i]));
                            best[i] = wins ? value[i] : best[i];
                            winner[i] = wins ? place : winner[i];
                        }
                    }
                }
                memcpy(output + target + c, best, sizeof best);
                memcpy(winners + target + c, winner, sizeof winner);
            }
            for (; c < channels; ++c) {
                float best = image[start * channels + c];
                int32_t winner = start;
                for (long y = window.top; y < window.bottom; ++y) {
                    for (long x = window.left; x < window.right; ++x) {
                        const int32_t place = (int32_t)(y * pool->input_width + x);
                        const float value = image[place * channels + c];
                        const int wins = (value > best) | ((value != value) & (best == best));
                        best = wins ? value : best;
                        winner = wins ? place : winner;
                    }
                }
                output[target + c] = best;
                winners[target + c] = winner;
            }
        }
    }
}

KERNEL void concord_max_pool_gradient(
    const struct concord_pool *pool, const float *deltas, const int32_t *winners, float *gradients) {
    const long channels = pool->channels;
    const long positions = pool->output_height * pool->output_width;
    memset(gradients, 0, (size_t)(pool->input_height * pool->input_width * channels) * sizeof(float));
    for (long position = 0; position < positions; ++position) {
        const float *const d = deltas + position * channels;
        const int32_t *const winner = winners + position * channels;
        for (long i = 0; i < channels; ++i) gradients[(long)winner[i] * channels + i] += d[i];
    }
}

INLINE float window_count(const struct concord_pool *pool, struct clipped window) {
    return (float)(pool->counts_padding ? pool->window_height * pool->window_width
                                        : (window.bottom - window.top) * (window.right - window.left));
}

// Channels that are summed together.
#define CHANNEL_TILE 256

KERNEL void concord_average_pool(
    const struct concord_pool *pool, const float *image, long first_row, long last_row, float *output) {
    const long channels = pool->channels;
    for (long row = first_row; row < last_row; ++row) {
        for (long column = 0; column < pool->output_width; ++column) {
            const struct clipped window = clip(pool, row, column);
            const float count = window_count(pool, window);
            float *const average = output + (row * pool->output_width + column) * channels;
            for (long first = 0; first < channels; first += CHANNEL_TILE) {
                const long width = smaller(CHANNEL_TILE, channels - first);
                float total[CHANNEL_TILE] = {};
                // Rows are summed apart, so that the error of a large window grows with its edge only.
                for (long y = window.top; y < window.bottom; ++y) {
                    float sum[CHANNEL_TILE] = {};
                    for (long x = window.left; x < window.right; ++x) {
                        const float *const value = image + (y * pool->input_width + x) * channels + first;
                        INDEPENDENT for (long i = 0; i < width; ++i) sum[i] += value[i];
                    }
                    INDEPENDENT for (long i = 0; i < width; ++i) total[i] += sum[i];
                }
                INDEPENDENT for (long i = 0; i < width; ++i) average[first + i] = total[i] / count;
            }
        }
    }
}

KERNEL void concord_average_pool_gradient(const struct concord_pool *pool, const float *deltas, float *gradients) {
    const long channels = pool->channels;
    memset(gradients, 0, (size_t)(pool->input_height * pool->input_width * channels) * sizeof(float));
    for (long row = 0; row < pool->output_height; ++row) {
        for (long column = 0; column < pool->output_width; ++column) {
            const struct clipped window = clip(pool, row, column);
            const float share = 1 / window_count(pool, window);
            const float *const d = deltas + (row * pool->output_width + column) * channels;
            for (long y = window.top; y < window.bottom; ++y) {
                for (long x = window.left; x < window.right; ++x) {
                    float *const g = gradients + (y * pool->input_width + x) * channels;
                    INDEPENDENT for (long i = 0; i < channels; ++i) g[i] += share * d[i];
                }
            }
        }
    }
}
