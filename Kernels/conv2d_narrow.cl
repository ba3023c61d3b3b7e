// Data gradient of a convolution whose input has few channels (vector family), where lanes along the channels would
// stay mostly empty.
//
// What a pixel of the deltas adds to one row of the input gradient is one run of `run` neighbouring elements, the
// columns of the window with all their channels; lanes lie along it. One work-item owns one row of the gradient: for
// TILE_M pixels of the deltas at a time it multiplies their channels with the rows of the filter that meet the row, and
// adds the resulting runs.
#include "common.clh"
#include "tile.clh"

// The filter is [window_height, panels, filters, TILE_WIDTH]: panels of runs. Runs that are `apart` pixels from each
// other do not overlap. Dimension 0 counts rows of the batch.
__kernel void conv2d_add_runs(__global const float *deltas, ulong deltas_offset, __global const float *filter,
                              ulong filter_offset, __global float *result, ulong result_offset, int batch,
                              int input_height, int input_width, int channels, int output_height, int output_width,
                              int filters, int window_height, int stride_height, int stride_width, int dilation_height,
                              int padding_top, int padding_left, int run, int apart, int accumulate)
{
    const int row = (int)get_global_id(0);
    if (row >= batch * input_height) return;
    const int sample = row / input_height;
    const int y = row - sample * input_height;
    const int length = input_width * channels;
    const int panels = (run + TILE_WIDTH - 1) / TILE_WIDTH;
    deltas += deltas_offset;
    filter += filter_offset;
    result += result_offset + (ulong)row * length;
    if (!accumulate) {
        for (int i = 0; i < length; i += LANES) store_partial((float16)(0.0f), result + i, length - i);
    }
    for (int panel = 0; panel < panels; panel++) {
        const int width = min(TILE_WIDTH, run - panel * TILE_WIDTH);
        for (int x = 0; x < output_width; x += TILE_M) {
            const int count = min(TILE_M, output_width - x);
            tile_vector line[TILE_N];
            tile_vector sums[TILE_M][TILE_N];
#pragma unroll
            for (int i = 0; i < TILE_M; i++) {
#pragma unroll
                for (int v = 0; v < TILE_N; v++) sums[i][v] = (tile_vector)(0.0f);
            }
            for (int r = 0; r < window_height; r++) {
                const int rise = y + padding_top - r * dilation_height;
                const int v = rise / stride_height;
                if (rise < 0 || v >= output_height || v * stride_height != rise) continue;
                __global const float *pixels =
                    deltas + (((ulong)sample * output_height + v) * output_width + x) * filters;
                __global const float *numbers[TILE_M];
#pragma unroll
                for (int i = 0; i < TILE_M; i++) numbers[i] = pixels + (ulong)min(i, count - 1) * filters;
                __global const float *weights = filter + (ulong)(r * panels + panel) * filters * TILE_WIDTH;
#define NUMBER(i) numbers[i][k]
                for (int k = 0; k < filters; k++) {
#pragma unroll
                    for (int n = 0; n < TILE_N; n++) line[n] = LOAD_TILE_VECTOR(n, weights + k * TILE_WIDTH);
                    ADD_OUTER_PRODUCT(sums, line, NUMBER)
                }
#undef NUMBER
            }
            // Vectors are loaded whole from the end of a run on.
            float runs[TILE_M * TILE_WIDTH + LANES];
#pragma unroll
            for (int i = 0; i < TILE_M; i++) {
#pragma unroll
                for (int v = 0; v < TILE_N; v++) STORE_TILE_VECTOR(sums[i][v], i * TILE_N + v, runs);
            }
            // Neighbours overlap, and a sum that was just stored is slow to load.
            for (int start = 0; start < apart; start++) {
                for (int i = start; i < count; i += apart) {
                    const int begin = ((x + i) * stride_width - padding_left) * channels + panel * TILE_WIDTH;
                    const float *values = runs + i * TILE_WIDTH;
                    if (begin >= 0 && begin + width <= length) {
                        for (int j = 0; j < width; j += LANES) {
                            __global float *place = result + begin + j;
                            store_partial(load_vector(place, width - j) + vload16(0, values + j), place, width - j);
                        }
                    } else {
                        for (int j = max(0, -begin); j < min(width, length - begin); j++) result[begin + j] += values[j];
                    }
                }
            }
        }
    }
}
