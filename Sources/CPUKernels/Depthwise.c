#include "Kernel.h"

// Convolutions with one filter per channel: PIXELS neighbouring pixels of a row are computed together, so that an input
// pixel is loaded once for all taps of a row of the window that it meets.
#define PIXELS 7
#define LARGEST_WINDOW 7

// PIXELS sums of 16 channels from `x` on. `window` and `stride` are constants wherever this is inlined.
INLINE void add_window_row(
    lanes sums[PIXELS], const float *line, long left, const struct concord_depthwise *work, const float *weights,
    long weight_step, const int window, const int stride) {
    lanes weight[LARGEST_WINDOW];
    for (int s = 0; s < window; ++s) LOAD_LANES(weight[s], weights + s * weight_step);
    const int is_inside = left >= 0 && left + (PIXELS - 1) * stride + window <= work->source_width;
    UNROLLED for (int j = 0; j < (PIXELS - 1) * stride + window; ++j) {
        if (!is_inside && (left + j < 0 || left + j >= work->source_width)) continue;
        lanes value;
        LOAD_LANES(value, line + j * work->channels);
        UNROLLED for (int p = 0; p < PIXELS; ++p) {
            const int tap = j - p * stride;
            if (tap >= 0 && tap < window) sums[p] += value * weight[tap];
        }
    }
}

INLINE void gather_rows(
    const struct concord_depthwise *work, long first_row, long last_row, const int window, const int stride) {
    const long channels = work->channels;
    const float ceiling = activation_ceiling(work->activation);
    const int activated = work->activation != concord_activation_none;
    const long taps = work->window_height * window;
    for (long row = first_row; row < last_row; ++row) {
        const long sample = row / work->target_height;
        const long top = row % work->target_height * work->stride_height - work->padding_top;
        for (long x = 0; x < work->target_width; x += PIXELS) {
            const long left = x * stride - work->padding_left;
            const long count = smaller(PIXELS, work->target_width - x);
            // Vectors of neighbouring pixels are no stream that a processor foresees.
            const long next = top + work->stride_height + (work->window_height - 1) * work->dilation_height;
            if (next >= 0 && next < work->source_height && left >= 0) {
                const float *const line =
                    work->source + ((sample * work->source_height + next) * work->source_width + left) * channels;
                const long length = smaller(PIXELS * stride, work->source_width - left) * channels;
                for (long i = 0; i < length; i += LANES) __builtin_prefetch(line + i);
            }
            for (long c = 0; c < channels; c += LANES) {
                lanes sums[PIXELS], bias = {};
                if (work->bias) LOAD_LANES(bias, work->bias + c);
                UNROLLED for (int p = 0; p < PIXELS; ++p) sums[p] = bias;
                for (long r = 0; r < work->window_height; ++r) {
                    const long v = top + r * work->dilation_height;
                    if (v < 0 || v >= work->source_height) continue;
                    const long tap = work->flipped ? taps - 1 - r * window : r * window;
                    add_window_row(
                        sums, work->source + ((sample * work->source_height + v) * work->source_width + left) * channels
                            + c,
                        left, work, work->filter + tap * channels + c, work->flipped ? -channels : channels, window,
                        stride);
                }
                float *const target = work->target + (row * work->target_width + x) * channels + c;
                UNROLLED for (int p = 0; p < PIXELS; ++p) {
                    if (p >= count) break;
                    lanes y = sums[p];
                    if (work->accumulate) {
                        lanes old;
                        LOAD_LANES(old, target + p * channels);
                        y += old;
                    }
                    if (activated) {
                        float values[LANES];
                        STORE_LANES(values, y);
                        for (int i = 0; i < LANES; ++i) values[i] = rectified(values[i], ceiling);
                        LOAD_LANES(y, values);
                    }
                    STORE_LANES(target + p * channels, y);
                }
            }
        }
    }
}

KERNEL void concord_depthwise_gather(const struct concord_depthwise *work, long first_row, long last_row) {
    const long window = work->window_width;
    if (work->stride_width == 2)
        gather_rows(work, first_row, last_row, 5, 2);
    else if (window == 5)
        gather_rows(work, first_row, last_row, 5, 1);
    else
        gather_rows(work, first_row, last_row, 7, 1);
}
