// Pooling over NHWC images and its derivatives. One work-item owns one row of the result, 16 channels at a time.
#include "common.clh"

__kernel void pool2d_maximum(__global const float *input, ulong input_offset, __global float *output,
                             ulong output_offset, __global float *winners, ulong winners_offset, int batch,
                             int input_height, int input_width, int channels, int output_height, int output_width,
                             int window_height, int window_width, int stride_height, int stride_width,
                             int padding_top, int padding_left)
{
    const int row = (int)get_global_id(0);
    if (row >= batch * output_height) return;
    const int sample = row / output_height;
    const int top = (row - sample * output_height) * stride_height - padding_top;
    const ulong size = (ulong)batch * input_height * input_width * channels;
    const ulong image = (ulong)sample * input_height * input_width * channels;
    input += input_offset;
    const int y_begin = max(top, 0);
    const int y_end = min(top + window_height, input_height);
    for (int x = 0; x < output_width; x++) {
        const int left = x * stride_width - padding_left;
        const int x_begin = max(left, 0);
        const int x_end = min(left + window_width, input_width);
        const ulong place = ((ulong)row * output_width + x) * channels;
        for (int c = 0; c < channels; c += LANES) {
            float16 best = (float16)(-INFINITY);
            int16 winner = (int16)(y_begin * input_width + x_begin);
            for (int v = y_begin; v < y_end; v++) {
                for (int u = x_begin; u < x_end; u++) {
                    const int index = v * input_width + u;
                    const float16 value = load_within(input, image + (ulong)index * channels + c, size);
                    const int16 wins = value > best || (isnan(value) && !isnan(best));
                    best = select(best, value, wins);
                    winner = select(winner, (int16)(index), wins);
                }
            }
            store_partial(best, output + output_offset + place + c, channels - c);
            store_partial(as_float16(winner), winners + winners_offset + place + c, channels - c);
        }
    }
}

// The number of elements that an average divides by, along one axis.
static int covered(int begin, int window, int extent, int padding_end, int counts_padding)
{
    return counts_padding ? min(begin + window, extent + padding_end) - begin
                          : min(begin + window, extent) - max(begin, 0);
}

__kernel void pool2d_average(__global const float *input, ulong input_offset, __global float *output,
                             ulong output_offset, int batch, int input_height, int input_width, int channels,
                             int output_height, int output_width, int window_height, int window_width,
                             int stride_height, int stride_width, int padding_top, int padding_left,
                             int padding_bottom, int padding_right, int counts_padding)
{
    const int row = (int)get_global_id(0);
    if (row >= batch * output_height) return;
    const int sample = row / output_height;
    const int top = (row - sample * output_height) * stride_height - padding_top;
    const ulong size = (ulong)batch * input_height * input_width * channels;
    const ulong image = (ulong)sample * input_height * input_width * channels;
    input += input_offset;
    const int y_begin = max(top, 0);
    const int y_end = min(top + window_height, input_height);
    const int counted_rows = covered(top, window_height, input_height, padding_bottom, counts_padding);
    for (int x = 0; x < output_width; x++) {
        const int left = x * stride_width - padding_left;
        const int x_begin = max(left, 0);
        const int x_end = min(left + window_width, input_width);
        const float divisor = counted_rows * covered(left, window_width, input_width, padding_right, counts_padding);
        const ulong place = ((ulong)row * output_width + x) * channels;
        for (int c = 0; c < channels; c += LANES) {
            float16 sum = (float16)(0.0f);
            for (int v = y_begin; v < y_end; v++) {
                for (int u = x_begin; u < x_end; u++)
                    sum += load_within(input, image + (ulong)(v * input_width + u) * channels + c, size);
            }
            store_partial(sum / divisor, output + output_offset + place + c, channels - c);
        }
    }
}

// Every element of the input gathers from the windows that cover it: the first one is that with
// `begin = ceil((position + padding - window + 1) / stride)`.
static int first_window(int position, int window, int stride)
{
    return position < window ? 0 : (position - window) / stride + 1;
}

// One work-item owns one row of one task's input gradient.
__kernel void pool2d_maximum_gradient(__global const float *deltas, ulong deltas_offset,
                                      __global const float *winners, ulong winners_offset, __global float *result,
                                      ulong result_offset, int images, int batch, int input_height, int input_width,
                                      int channels, int output_height, int output_width, int window_height,
                                      int window_width, int stride_height, int stride_width, int padding_top,
                                      int padding_left)
{
    const int row = (int)get_global_id(0);
    if (row >= images * input_height) return;
    const int image = row / input_height;
    const int y = row - image * input_height;
    const ulong output_size = (ulong)output_height * output_width * channels;
    const ulong delta_image = image * output_size;
    const ulong winner_image = image % batch * output_size;
    deltas += deltas_offset;
    winners += winners_offset;
    const int v_begin = first_window(y + padding_top, window_height, stride_height);
    const int v_end = min((y + padding_top) / stride_height + 1, output_height);
    for (int x = 0; x < input_width; x++) {
        const int u_begin = first_window(x + padding_left, window_width, stride_width);
        const int u_end = min((x + padding_left) / stride_width + 1, output_width);
        const int16 own = (int16)(y * input_width + x);
        for (int c = 0; c < channels; c += LANES) {
            float16 sum = (float16)(0.0f);
            for (int v = v_begin; v < v_end; v++) {
                for (int u = u_begin; u < u_end; u++) {
                    const ulong place = (ulong)(v * output_width + u) * channels + c;
                    const int16 winner = as_int16(load_within(winners, winner_image + place, batch * output_size));
                    const float16 delta = load_within(deltas, delta_image + place, images * output_size);
                    sum += select((float16)(0.0f), delta, winner == own);
                }
            }
            store_partial(sum, result + result_offset + ((ulong)row * input_width + x) * channels + c, channels - c);
        }
    }
}

// The same for windows that lie apart, without padding: every element belongs to one window at most, the one that
// begins `stride` elements behind the one before. One work-item owns the rows of one task's input gradient down to the
// next window.
__kernel void pool2d_maximum_gradient_apart(__global const float *deltas, ulong deltas_offset,
                                            __global const float *winners, ulong winners_offset,
                                            __global float *result, ulong result_offset, int images, int batch,
                                            int input_height, int input_width, int channels, int output_height,
                                            int output_width, int stride_height, int stride_width)
{
    const int bands = (input_height + stride_height - 1) / stride_height;
    const int band = (int)get_global_id(0);
    if (band >= images * bands) return;
    const int image = band / bands;
    const int v = band - image * bands;
    const ulong output_size = (ulong)output_height * output_width * channels;
    const ulong delta_line = image * output_size + (ulong)v * output_width * channels;
    const ulong winner_line = image % batch * output_size + (ulong)v * output_width * channels;
    deltas += deltas_offset;
    winners += winners_offset;
    const int length = input_width * channels;
    const int y_end = min((v + 1) * stride_height, input_height);
    for (int y = v * stride_height; y < y_end; y++) {
        __global float *line = result + result_offset + ((ulong)image * input_height + y) * length;
        for (int u = 0; u * stride_width < input_width; u++) {
            const int x_end = min((u + 1) * stride_width, input_width);
            const int meets = v < output_height && u < output_width;
            for (int c = 0; c < channels; c += LANES) {
                int16 winner = (int16)(-1);
                float16 delta = (float16)(0.0f);
                if (meets) {
                    const ulong place = (ulong)u * channels + c;
                    winner = as_int16(load_within(winners, winner_line + place, batch * output_size));
                    delta = load_within(deltas, delta_line + place, images * output_size);
                }
                for (int x = u * stride_width; x < x_end; x++) {
                    const float16 value = select((float16)(0.0f), delta, winner == (int16)(y * input_width + x));
                    const int place = x * channels + c;
                    // What few channels leave of a vector reaches into the next element, which is written afterwards.
                    store_partial(value, line + place, channels < LANES ? length - place : channels - c);
                }
            }
        }
    }
}

// One work-item owns one row of one task's input gradient.
__kernel void pool2d_average_gradient(__global const float *deltas, ulong deltas_offset, __global float *result,
                                      ulong result_offset, int images, int input_height, int input_width,
                                      int channels, int output_height, int output_width, int window_height,
                                      int window_width, int stride_height, int stride_width, int padding_top,
                                      int padding_left, int padding_bottom, int padding_right, int counts_padding)
{
    const int row = (int)get_global_id(0);
    if (row >= images * input_height) return;
    const int image = row / input_height;
    const int y = row - image * input_height;
    const ulong output_size = (ulong)output_height * output_width * channels;
    deltas += deltas_offset;
    const int v_begin = first_window(y + padding_top, window_height, stride_height);
    const int v_end = min((y + padding_top) / stride_height + 1, output_height);
    for (int x = 0; x < input_width; x++) {
        const int u_begin = first_window(x + padding_left, window_width, stride_width);
        const int u_end = min((x + padding_left) / stride_width + 1, output_width);
        for (int c = 0; c < channels; c += LANES) {
            float16 sum = (float16)(0.0f);
            for (int v = v_begin; v < v_end; v++) {
                const int rows = covered(v * stride_height - padding_top, window_height, input_height, padding_bottom,
                                         counts_padding);
                for (int u = u_begin; u < u_end; u++) {
                    const float divisor = rows * covered(u * stride_width - padding_left, window_width, input_width,
                                                         padding_right, counts_padding);
                    const ulong place = image * output_size + (ulong)(v * output_width + u) * channels + c;
                    sum += load_within(deltas, place, images * output_size) / divisor;
                }
            }
            store_partial(sum, result + result_offset + ((ulong)row * input_width + x) * channels + c, channels - c);
        }
    }
}
