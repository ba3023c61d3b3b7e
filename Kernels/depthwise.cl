// Convolution with one filter per channel (groups = input channels = output channels): lanes run along the channels.
// Filters are [window_height, window_width, channels].
#include "common.clh"

// Forward pass; one work-item owns one row of the output times 16 channels.
// Dimension 0 counts rows of the batch, 1 vectors of channels.
__kernel void depthwise_forward(__global const float *input, ulong input_offset, __global const float *filter,
                                ulong filter_offset, __global float *output, ulong output_offset,
                                __global const float *bias, ulong bias_offset, int batch, int input_height,
                                int input_width, int channels, int output_height, int output_width, int window_height,
                                int window_width, int stride_height, int stride_width, int dilation_height,
                                int dilation_width, int padding_top, int padding_left, int has_bias, int activation)
{
    const int row = (int)get_global_id(0);
    const int c = (int)get_global_id(1) * LANES;
    if (row >= batch * output_height || c >= channels) return;
    const int lanes = channels - c;
    const int sample = row / output_height;
    const int top = (row - sample * output_height) * stride_height - padding_top;
    const ulong size = (ulong)batch * input_height * input_width * channels;
    const ulong filter_size = (ulong)window_height * window_width * channels;
    input += input_offset;
    filter += filter_offset;
    const float16 initial = has_bias ? load_vector(bias + bias_offset + c, lanes) : (float16)(0.0f);
    for (int x = 0; x < output_width; x++) {
        const int left = x * stride_width - padding_left;
        float16 sum = initial;
        for (int r = 0; r < window_height; r++) {
            const int v = top + r * dilation_height;
            if (v < 0 || v >= input_height) continue;
            const ulong line = ((ulong)sample * input_height + v) * input_width;
            for (int s = 0; s < window_width; s++) {
                const int u = left + s * dilation_width;
                if (u < 0 || u >= input_width) continue;
                const float16 weight = load_within(filter, (ulong)(r * window_width + s) * channels + c, filter_size);
                sum = fma(load_within(input, (line + u) * channels + c, size), weight, sum);
            }
        }
        __global float *place = output + output_offset + ((ulong)row * output_width + x) * channels + c;
        store_partial(activate(sum, activation), place, lanes);
    }
}

// Data gradient as a gather; one work-item owns one row of the input gradient times 16 channels.
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

// Weight gradient of one block of output rows, one task and one tap: partial sums [blocks, tasks, taps, channels].
// Dimension 0 counts vectors of channels, 1 taps, 2 blocks times tasks.
__kernel void depthwise_weight_gradient(__global const float *input, ulong input_offset, __global const float *deltas,
                                        ulong deltas_offset, __global float *sums, ulong sums_offset, int tasks,
                                        int batch, int input_height, int input_width, int channels, int output_height,
                                        int output_width, int window_height, int window_width, int stride_height,
                                        int stride_width, int dilation_height, int dilation_width, int padding_top,
                                        int padding_left, int blocks, int block, int accumulate)
{
    const int c = (int)get_global_id(0) * LANES;
    const int tap = (int)get_global_id(1);
    const int task = (int)get_global_id(2) % tasks;
    const int first = (int)get_global_id(2) / tasks * block;
    const int rows = batch * output_height;
    if (c >= channels || tap >= window_height * window_width || first >= rows) return;
    const int last = min(first + block, rows);
    const int r = tap / window_width;
    const int s = tap - r * window_width;
    const int lanes = channels - c;
    const ulong input_size = (ulong)batch * input_height * input_width * channels;
    const ulong deltas_size = (ulong)rows * output_width * channels;
    input += input_offset;
    deltas += deltas_offset + task * deltas_size;
    float16 sum = (float16)(0.0f);
    for (int row = first; row < last; row++) {
        const int sample = row / output_height;
        const int v = (row - sample * output_height) * stride_height - padding_top + r * dilation_height;
        if (v < 0 || v >= input_height) continue;
        const ulong line = ((ulong)sample * input_height + v) * input_width;
        for (int x = 0; x < output_width; x++) {
            const int u = x * stride_width - padding_left + s * dilation_width;
            if (u < 0 || u >= input_width) continue;
            sum = fma(load_within(input, (line + u) * channels + c, input_size),
                      load_within(deltas, ((ulong)row * output_width + x) * channels + c, deltas_size), sum);
        }
    }
    __global float *place =
        sums + sums_offset + (get_global_id(2) * window_height * window_width + tap) * channels + c;
    if (accumulate) sum += load_vector(place, lanes);
    store_partial(sum, place, lanes);
}
