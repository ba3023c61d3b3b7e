// Convolution with one filter per channel (groups = input channels = output channels): lanes run along the channels.
// Filters are [window_height, WINDOW, channels].
//
// PIXELS neighbouring pixels of a row are computed together: an input pixel is loaded once for all taps of a row of the
// window that it meets, STRIDE and DILATION along the row apart.
#include "common.clh"

// Input pixels under the windows of PIXELS neighbours.
#define SPAN ((PIXELS - 1) * STRIDE + (WINDOW - 1) * DILATION + 1)
// The tap under which input pixel `j` of a span lies for pixel `p`, where MEETS says that there is one.
#define TAP(j, p) (((j) - (p) * STRIDE) / DILATION)
#define MEETS(j, p) ((j) >= (p) * STRIDE && ((j) - (p) * STRIDE) % DILATION == 0 && TAP(j, p) < WINDOW)

// Forward pass, and, FLIPPED, the data gradient where the stride is 1: a correlation of the deltas with the filter back
// to front. One work-item owns one row of the output times `vectors` vectors of channels.
// Dimension 0 counts groups of vectors, 1 rows of the batch.
__kernel void depthwise_gather(__global const float *input, ulong input_offset, __global const float *filter,
                               ulong filter_offset, __global float *output, ulong output_offset,
                               __global const float *bias, ulong bias_offset, int batch, int input_height,
                               int input_width, int channels, int output_height, int output_width, int window_height,
                               int stride_height, int dilation_height, int padding_top, int padding_left, int vectors,
                               int has_bias, int accumulate, int activation)
{
    const int row = (int)get_global_id(1);
    if (row >= batch * output_height) return;
    const int sample = row / output_height;
    const int top = (row - sample * output_height) * stride_height - padding_top;
    const ulong size = (ulong)batch * input_height * input_width * channels;
    const ulong filter_size = (ulong)window_height * WINDOW * channels;
    input += input_offset;
    filter += filter_offset;
    output += output_offset + (ulong)row * output_width * channels;
    const int first = (int)get_global_id(0) * vectors * LANES;
    const int end = min(first + vectors * LANES, channels);
    for (int x = 0; x < output_width; x += PIXELS) {
        const int left = x * STRIDE - padding_left;
        for (int c = first; c < end; c += LANES) {
            const int lanes = channels - c;
            const float16 initial = has_bias ? load_vector(bias + bias_offset + c, lanes) : (float16)(0.0f);
            float16 sums[PIXELS];
#pragma unroll
            for (int p = 0; p < PIXELS; p++) sums[p] = initial;
            for (int r = 0; r < window_height; r++) {
                const int v = top + r * dilation_height;
                if (v < 0 || v >= input_height) continue;
                float16 weights[WINDOW];
#pragma unroll
                for (int s = 0; s < WINDOW; s++) {
                    const int tap = FLIPPED ? (window_height - r) * WINDOW - 1 - s : r * WINDOW + s;
                    weights[s] = load_within(filter, (ulong)tap * channels + c, filter_size);
                }
                const ulong line = ((ulong)sample * input_height + v) * input_width;
#pragma unroll
                for (int j = 0; j < SPAN; j++) {
                    const int u = left + j;
                    float16 value = (float16)(0.0f);
                    if (u >= 0 && u < input_width) value = load_within(input, (line + u) * channels + c, size);
#pragma unroll
                    for (int p = 0; p < PIXELS; p++) {
                        if (MEETS(j, p)) sums[p] = fma(value, weights[TAP(j, p)], sums[p]);
                    }
                }
            }
#pragma unroll
            for (int p = 0; p < PIXELS; p++) {
                if (x + p >= output_width) continue;
                __global float *place = output + (ulong)(x + p) * channels + c;
                if (accumulate) sums[p] += load_vector(place, lanes);
                store_partial(activate(sums[p], activation), place, lanes);
            }
        }
    }
}

// Data gradient with any stride; one work-item owns one row of the input gradient times 16 channels.
// Dimension 0 counts rows of the batch, 1 vectors of channels.
__kernel void depthwise_data_gradient(__global const float *deltas, ulong deltas_offset, __global const float *filter,
                                      ulong filter_offset, __global float *result, ulong result_offset, int batch,
                                      int input_height, int input_width, int channels, int output_height,
                                      int output_width, int window_height, int window_width, int stride_height,
                                      int stride_width, int dilation_height, int dilation_width, int padding_top,
                                      int padding_left, int accumulate)
{
    const int row = (int)get_global_id(0);
    const int c = (int)get_global_id(1) * LANES;
    if (row >= batch * input_height || c >= channels) return;
    const int lanes = channels - c;
    const int sample = row / input_height;
    const int y = row - sample * input_height;
    const ulong size = (ulong)batch * output_height * output_width * channels;
    const ulong filter_size = (ulong)window_height * window_width * channels;
    deltas += deltas_offset;
    filter += filter_offset;
    for (int x = 0; x < input_width; x++) {
        float16 sum = (float16)(0.0f);
        for (int r = 0; r < window_height; r++) {
            const int rise = y + padding_top - r * dilation_height;
            const int v = rise / stride_height;
            if (rise < 0 || v >= output_height || v * stride_height != rise) continue;
            const ulong line = ((ulong)sample * output_height + v) * output_width;
            for (int s = 0; s < window_width; s++) {
                const int run = x + padding_left - s * dilation_width;
                const int u = run / stride_width;
                if (run < 0 || u >= output_width || u * stride_width != run) continue;
                const float16 weight = load_within(filter, (ulong)(r * window_width + s) * channels + c, filter_size);
                sum = fma(load_within(deltas, (line + u) * channels + c, size), weight, sum);
            }
        }
        __global float *place = result + result_offset + ((ulong)row * input_width + x) * channels + c;
        if (accumulate) sum += load_vector(place, lanes);
        store_partial(sum, place, lanes);
    }
}

// Weight gradient of one block of output rows, one task and one row of the window: partial sums
// [blocks, tasks, window_height, WINDOW, channels]. One work-item owns 16 channels.
// Dimension 0 counts vectors of channels, 1 rows of the window, 2 blocks times tasks.
__kernel void depthwise_weight_gradient(__global const float *input, ulong input_offset, __global const float *deltas,
                                        ulong deltas_offset, __global float *sums, ulong sums_offset, int tasks,
                                        int batch, int input_height, int input_width, int channels, int output_height,
                                        int output_width, int window_height, int stride_height, int dilation_height,
                                        int padding_top, int padding_left, int blocks, int block, int accumulate)
{
    const int c = (int)get_global_id(0) * LANES;
    const int r = (int)get_global_id(1);
    const int task = (int)get_global_id(2) % tasks;
    const int first = (int)get_global_id(2) / tasks * block;
    const int rows = batch * output_height;
    if (c >= channels || r >= window_height || first >= rows) return;
    const int last = min(first + block, rows);
    const int lanes = channels - c;
    const ulong input_size = (ulong)batch * input_height * input_width * channels;
    const ulong deltas_size = (ulong)rows * output_width * channels;
    input += input_offset;
    deltas += deltas_offset + task * deltas_size;
    float16 totals[WINDOW];
#pragma unroll
    for (int s = 0; s < WINDOW; s++) totals[s] = (float16)(0.0f);
    for (int row = first; row < last; row++) {
        const int sample = row / output_height;
        const int v = (row - sample * output_height) * stride_height - padding_top + r * dilation_height;
        if (v < 0 || v >= input_height) continue;
        const ulong line = ((ulong)sample * input_height + v) * input_width;
        for (int x = 0; x < output_width; x += PIXELS) {
            const int left = x * STRIDE - padding_left;
            float16 values[PIXELS];
#pragma unroll
            for (int p = 0; p < PIXELS; p++) {
                values[p] = (float16)(0.0f);
                if (x + p < output_width)
                    values[p] = load_within(deltas, ((ulong)row * output_width + x + p) * channels + c, deltas_size);
            }
#pragma unroll
            for (int j = 0; j < SPAN; j++) {
                const int u = left + j;
                if (u < 0 || u >= input_width) continue;
                const float16 value = load_within(input, (line + u) * channels + c, input_size);
#pragma unroll
                for (int p = 0; p < PIXELS; p++) {
                    if (MEETS(j, p)) totals[TAP(j, p)] = fma(value, values[p], totals[TAP(j, p)]);
                }
            }
        }
    }
    sums += sums_offset + (get_global_id(2) * window_height + r) * WINDOW * channels + c;
#pragma unroll
    for (int s = 0; s < WINDOW; s++) {
        __global float *place = sums + s * channels;
        if (accumulate) totals[s] += load_vector(place, lanes);
        store_partial(totals[s], place, lanes);
    }
}
