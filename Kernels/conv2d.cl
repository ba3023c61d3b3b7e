// Two-dimensional convolution and its derivatives (vector family). Images are NHWC, filters HWIO.
#include "common.clh"
#include "tile.clh"

// The forward pass and the data gradient: every result is gathered, nothing is scattered.
//
// One work-item owns TILE_M pixels of the result times TILE_N vectors of its channels. For every tap of the window it
// finds the source pixel of each of its pixels (a line of zeros where the window leaves the image) and multiplies the
// source's channels with the lines of the filter. Where the whole window lies inside the image, the taps of a row are
// one contiguous line. Taps that meet no pixel of a tile are left out: with `samples_innermost` a tile's pixels lie at
// the same place of neighbouring samples, so that on small images many taps are.
//
// DATA_GRADIENT 0: source is the input, filter lines are [tap, input channel of the group] of output channels.
// DATA_GRADIENT 1: source is the deltas, filter lines are [tap, output channel] of the group's input channels. With a
// stride, only every stride-th tap meets a pixel: pixels of one residue modulo the strides share their taps, and tiles
// are made of them.
//
// Dimension 0 counts tiles of pixels, 1 tiles of channels, 2 groups times residues.
__kernel void conv2d_gather(__global const float *source, ulong source_offset, __global const float *filter,
                            ulong filter_offset, __global float *result, ulong result_offset,
                            __global const float *bias, ulong bias_offset, __global const float *zeros,
                            ulong zeros_offset, int batch, int source_height, int source_width, int source_channels,
                            int result_height, int result_width, int result_channels, int window_height,
                            int window_width, int stride_height, int stride_width, int dilation_height,
                            int dilation_width, int padding_top, int padding_left, int groups, int depth, int columns,
                            ulong filter_group, int has_bias, int accumulate, int activation, int samples_innermost)
{
    const int column = (int)get_global_id(1) * TILE_WIDTH;
    const int width = columns - column;
    const int group = (int)get_global_id(2) % groups;
#if DATA_GRADIENT
    const int residue = (int)get_global_id(2) / groups;
    const int residue_y = residue / stride_width;
    const int residue_x = residue % stride_width;
    if (residue_y >= stride_height) return;
    const int tile_rows = (result_height - residue_y + stride_height - 1) / stride_height;
    const int tile_columns = (result_width - residue_x + stride_width - 1) / stride_width;
#else
    if ((int)get_global_id(2) >= groups) return;
    const int tile_rows = result_height;
    const int tile_columns = result_width;
#endif
    const int pixels = batch * tile_rows * tile_columns;
    const int pixel = (int)get_global_id(0) * TILE_M;
    if (pixel >= pixels || column >= columns) return;
    const int height = min(TILE_M, pixels - pixel);
    source += source_offset + group * depth;
    zeros += zeros_offset;
#if DATA_GRADIENT
    const ulong tap_size = (ulong)source_channels * columns;
    const int filter_line = columns;
#else
    const ulong tap_size = (ulong)depth * result_channels;
    const int filter_line = result_channels;
#endif
    const ulong filter_begin = group * filter_group + column;
    const ulong filter_end = tap_size * window_height * window_width;
    filter += filter_offset;

    // Where the tap (0, 0) of each pixel reads, and where the pixel is written.
    int ys[TILE_M];
    int xs[TILE_M];
    long corners[TILE_M];
    int places[TILE_M];
#if DATA_GRADIENT
    const int inside = 0;
#else
    int inside = depth == source_channels && dilation_width == 1;
#endif
#pragma unroll
    for (int i = 0; i < TILE_M; i++) {
        const int index = pixel + min(i, height - 1);
        const int place = samples_innermost ? index / batch : index;
        const int line = place / tile_columns;
        const int x = place - line * tile_columns;
        const int sample = samples_innermost ? index - place * batch : line / tile_rows;
        const int y = samples_innermost ? line : line - sample * tile_rows;
#if DATA_GRADIENT
        ys[i] = y;
        xs[i] = x;
        places[i] =
            (sample * result_height + y * stride_height + residue_y) * result_width + x * stride_width + residue_x;
#else
        ys[i] = y * stride_height - padding_top;
        xs[i] = x * stride_width - padding_left;
        places[i] = (sample * result_height + y) * result_width + x;
        inside = inside && xs[i] >= 0 && xs[i] + window_width <= source_width;
#endif
        corners[i] = (((long)sample * source_height + ys[i]) * source_width + xs[i]) * source_channels;
    }

    tile_vector line[TILE_N];
    tile_vector sums[TILE_M][TILE_N];
#pragma unroll
    for (int v = 0; v < TILE_N; v++) line[v] = (tile_vector)(0.0f);
    if (has_bias) load_line(line, bias + bias_offset + group * columns + column, width);
#pragma unroll
    for (int i = 0; i < TILE_M; i++) {
#pragma unroll
        for (int v = 0; v < TILE_N; v++) sums[i][v] = line[v];
    }

    const int taps = inside ? 1 : window_width;
    const int count = inside ? window_width * depth : depth;
    for (int r = 0; r < window_height; r++) {
#if DATA_GRADIENT
        const int rise = residue_y + padding_top - r * dilation_height;
        if (rise % stride_height != 0) continue;
        const int shift_y = rise / stride_height;
#else
        const int shift_y = r * dilation_height;
#endif
        for (int s = 0; s < taps; s++) {
#if DATA_GRADIENT
            const int run = residue_x + padding_left - s * dilation_width;
            if (run % stride_width != 0) continue;
            const int shift_x = run / stride_width;
#else
            const int shift_x = s * dilation_width;
#endif
            const long shift = ((long)shift_y * source_width + shift_x) * source_channels;
            __global const float *numbers[TILE_M];
            int meets = 0;
#pragma unroll
            for (int i = 0; i < TILE_M; i++) {
                const int y = ys[i] + shift_y;
                const int x = xs[i] + shift_x;
                const int covered = y >= 0 && y < source_height && x >= 0 && x < source_width;
                numbers[i] = covered ? source + (corners[i] + shift) : zeros;
                meets |= covered;
            }
            if (!meets) continue;
            const ulong begin = filter_begin + (ulong)(r * window_width + s) * tap_size;
            __global const float *weights = filter + begin;
            // Lines before `whole_end` can be read as whole vectors.
            int whole_end = count;
            if (begin + (ulong)(count - 1) * filter_line + TILE_WIDTH > filter_end) {
                const long readable = (long)(filter_end - begin) - TILE_WIDTH;
                whole_end = readable < 0 ? 0 : (int)(readable / filter_line) + 1;
            }
#define NUMBER(i) numbers[i][k]
            int k = 0;
            for (; k < whole_end; k++) {
#pragma unroll
                for (int v = 0; v < TILE_N; v++) line[v] = LOAD_TILE_VECTOR(v, weights + (ulong)k * filter_line);
                ADD_OUTER_PRODUCT(sums, line, NUMBER)
            }
            for (; k < count; k++) {
                load_line(line, weights + (ulong)k * filter_line, width);
                ADD_OUTER_PRODUCT(sums, line, NUMBER)
            }
#undef NUMBER
        }
    }

    result += result_offset + group * columns + column;
#pragma unroll
    for (int i = 0; i < TILE_M; i++) {
        if (i < height)
            store_line(sums[i], result + (ulong)places[i] * result_channels, width, accumulate, activation);
    }
}

// The weight gradient as a sum of outer products: lines of the filter are [tap, input channel of the group].
//
// One work-item owns TILE_M lines times TILE_N vectors of output channels, for the pixels of one chunk and one task.
// The chunks are added afterwards in a fixed order. The input is padded already, so that every tap meets a pixel;
// the padding is left out by tiles of a single tap. With
// `samples_innermost` a chunk is `chunk_pixels` samples instead of pixels. `image_height` and `image_width` are without it.
// `line_step` is the number of elements from one pixel's deltas to the next, `panel` that from one tile of channels to
// the next, and the deltas of a task have `task_size`.
//
// Dimension 0 counts tiles of lines, 1 groups times tiles of channels, 2 chunks times tasks.
__kernel void conv2d_weight_gradient(__global const float *input, ulong input_offset, __global const float *deltas,
                                     ulong deltas_offset, __global float *result, ulong result_offset, int tasks,
                                     int batch, int input_height, int input_width, int input_channels,
                                     int output_height, int output_width, int output_channels, int window_height,
                                     int window_width, int stride_height, int stride_width, int dilation_height,
                                     int dilation_width, int image_height, int image_width, int padding_top,
                                     int padding_left, int groups, int chunks, int chunk_pixels, int line_step,
                                     ulong panel, ulong task_size, int accumulate,
                                     int samples_innermost)
{
    const int depth = input_channels / groups;
    const int columns = output_channels / groups;
    const int lines = window_height * window_width * depth;
    const int row = (int)get_global_id(0) * TILE_M;
    const int group = (int)get_global_id(1) % groups;
    const int column = (int)get_global_id(1) / groups * TILE_WIDTH;
    const int task = (int)get_global_id(2) % tasks;
    const int chunk = (int)get_global_id(2) / tasks;
    if (row >= lines || column >= columns || chunk >= chunks) return;
    const int height = min(TILE_M, lines - row);
    const int width = columns - column;
    const int pixels = batch * output_height * output_width;

    // Where each line's tap lies, seen from the corner of the window.
    int taps[TILE_M];
#pragma unroll
    for (int i = 0; i < TILE_M; i++) {
        const int index = row + min(i, height - 1);
        const int tap = index / depth;
        const int r = tap / window_width;
        const int s = tap - r * window_width;
        taps[i] = (r * dilation_height * input_width + s * dilation_width) * input_channels + (index - tap * depth);
    }
    // The part of the output whose pixels meet the image.
    int y_begin = 0, y_end = output_height, x_begin = 0, x_end = output_width;
    const int tap = row / depth;
    if (tap == (row + height - 1) / depth) {
        const int rise = padding_top - tap / window_width * dilation_height;
        const int run = padding_left - tap % window_width * dilation_width;
        y_begin = rise > 0 ? (rise + stride_height - 1) / stride_height : 0;
        x_begin = run > 0 ? (run + stride_width - 1) / stride_width : 0;
        y_end = image_height + rise > 0 ? min((image_height + rise - 1) / stride_height + 1, output_height) : 0;
        x_end = image_width + run > 0 ? min((image_width + run - 1) / stride_width + 1, output_width) : 0;
    }
    input += input_offset + group * depth;
    const ulong first = task * task_size + group * columns + get_global_id(1) / groups * panel;
    const long readable = (long)(tasks * task_size - first) - TILE_WIDTH;
    // Pixels before `whole_pixels` can be read as whole vectors.
    const int whole_pixels = readable < 0 ? 0 : (int)min((long)pixels, readable / line_step + 1);
    deltas += deltas_offset + first;

    tile_vector line[TILE_N];
    tile_vector sums[TILE_M][TILE_N];
#pragma unroll
    for (int i = 0; i < TILE_M; i++) {
#pragma unroll
        for (int v = 0; v < TILE_N; v++) sums[i][v] = (tile_vector)(0.0f);
    }
#define NUMBER(i) corner[taps[i]]
    // Runs of pixels that lie equally far apart: a row of one sample, or one place of neighbouring samples.
    const int image_pixels = output_height * output_width;
    const int begin = chunk * chunk_pixels;
    const int end = min(begin + chunk_pixels, samples_innermost ? batch : pixels);
    const int pixel_step = samples_innermost ? image_pixels : 1;
    const ulong corner_step =
        (samples_innermost ? (ulong)input_height * input_width : (ulong)stride_width) * input_channels;
    int sample = samples_innermost ? begin : begin / image_pixels;
    int y = samples_innermost ? 0 : begin / output_width - sample * output_height;
    int x = samples_innermost ? x_begin : begin % output_width;
    while (samples_innermost ? y < output_height : (sample * output_height + y) * output_width < end) {
        const int line_begin = (sample * output_height + y) * output_width;
        int count = end - begin;
        if (!samples_innermost) {
            x = max(x, x_begin);
            count = min(x_end, end - line_begin) - x;
        }
        if (y >= y_begin && y < y_end && x < x_end) {
            int pixel = line_begin + x;
            const ulong corner_line = ((ulong)sample * input_height + y * stride_height) * input_width;
            __global const float *corner = input + (corner_line + x * stride_width) * input_channels;
            const int whole = pixel < whole_pixels ? (whole_pixels - pixel + pixel_step - 1) / pixel_step : 0;
            int done = 0;
            for (; done < min(count, whole); done++) {
#pragma unroll
                for (int v = 0; v < TILE_N; v++) line[v] = LOAD_TILE_VECTOR(v, deltas + (ulong)pixel * line_step);
                ADD_OUTER_PRODUCT(sums, line, NUMBER)
                pixel += pixel_step;
                corner += corner_step;
            }
            for (; done < count; done++) {
                load_line(line, deltas + (ulong)pixel * line_step, width);
                ADD_OUTER_PRODUCT(sums, line, NUMBER)
                pixel += pixel_step;
                corner += corner_step;
            }
        }
        x = samples_innermost ? x + 1 : output_width;
        if (x >= (samples_innermost ? x_end : output_width)) {
            x = samples_innermost ? x_begin : 0;
            y++;
        }
        if (!samples_innermost && y == output_height) {
            y = 0;
            sample++;
        }
    }
#undef NUMBER

    result += result_offset + (ulong)get_global_id(2) * lines * output_channels + group * columns + column;
#pragma unroll
    for (int i = 0; i < TILE_M; i++) {
        if (i < height)
            store_line(sums[i], result + (ulong)(row + i) * output_channels, width, accumulate, ACTIVATION_NONE);
    }
}
