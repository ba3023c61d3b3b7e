// Forward pass of a convolution from one channel to few (vector family), where lanes along the channels would stay
// partly empty and the window's rows are too short to loop over: lanes run along the row of the image, and are turned
// into channels at the end.
#include "common.clh"
#include "transpose.clh"

// The elements [first, first + 16) of a line of `length`; those outside are 0.
static float16 load_window(__global const float *line, int first, int length)
{
    if (first >= 0 && first + LANES <= length) return vload16(0, line + first);
    float values[LANES];
#pragma unroll
    for (int i = 0; i < LANES; i++) values[i] = first + i >= 0 && first + i < length ? line[first + i] : 0.0f;
    return vload16(0, values);
}

// To CHANNELS <= 16 channels, with a stride of 1 along the row. One work-item owns one row of the output.
__kernel void conv2d_single(__global const float *input, ulong input_offset, __global const float *filter,
                                ulong filter_offset, __global float *output, ulong output_offset,
                                __global const float *bias, ulong bias_offset, int batch, int input_height,
                                int input_width, int output_height, int output_width, int window_height,
                                int window_width, int stride_height, int dilation_height, int dilation_width,
                                int padding_top, int padding_left, int has_bias, int activation)
{
    const int row = (int)get_global_id(0);
    if (row >= batch * output_height) return;
    const int sample = row / output_height;
    const int top = (row - sample * output_height) * stride_height - padding_top;
    input += input_offset + (ulong)sample * input_height * input_width;
    filter += filter_offset;
    output += output_offset + (ulong)row * output_width * CHANNELS;
    const float16 shift = has_bias ? load_partial(bias + bias_offset, CHANNELS, 0.0f) : (float16)(0.0f);
    for (int x = 0; x < output_width; x += LANES) {
        float16 sums[LANES];
#pragma unroll
        for (int c = 0; c < LANES; c++) sums[c] = (float16)(0.0f);
        for (int r = 0; r < window_height; r++) {
            const int v = top + r * dilation_height;
            if (v < 0 || v >= input_height) continue;
            __global const float *weights = filter + r * window_width * CHANNELS;
            for (int s = 0; s < window_width; s++) {
                const float16 value =
                    load_window(input + v * input_width, x - padding_left + s * dilation_width, input_width);
#pragma unroll
                for (int c = 0; c < CHANNELS; c++)
                    sums[c] = fma(value, (float16)(weights[s * CHANNELS + c]), sums[c]);
            }
        }
        transpose(sums);
        const int length = (output_width - x) * CHANNELS;
        // What a vector has too many lanes for is overwritten by the next one.
#pragma unroll
        for (int i = 0; i < LANES; i++) {
            const int rest = length - i * CHANNELS;
            if (rest > 0)
                store_partial(activate(sums[i] + shift, activation), output + x * CHANNELS + i * CHANNELS,
                              rest >= LANES ? LANES : CHANNELS);
        }
    }
}
