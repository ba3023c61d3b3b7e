// Copies a matrix into panels that the product and convolution kernels read line by line (vector family).
//
// The source holds `columns` x `lines` numbers, `column_step` and `line_step` elements apart; the result is
// `panels` x `lines` x `panel_width`, and zeros fill the last panel. One work-item owns LINES lines of one panel.
//
// Dimension 0 counts blocks of lines, 1 panels, 2 matrices.
#include "common.clh"
#if TRANSPOSES_SQUARES
#include "transpose.clh"
#endif

__kernel void pack_panels(__global const float *source, ulong source_offset, __global float *panels,
                          ulong panels_offset, int columns, int lines, int panel_width, ulong column_step,
                          ulong line_step, ulong source_stride, ulong panels_stride)
{
    const int first = (int)get_global_id(0) * LINES;
    const int column = (int)get_global_id(1) * panel_width;
    if (first >= lines || column >= columns) return;
    const int last = min(first + LINES, lines);
    const int width = min(panel_width, columns - column);
    source += source_offset + get_global_id(2) * source_stride + column * column_step;
    panels += panels_offset + get_global_id(2) * panels_stride + (ulong)column * lines;
    if (column_step == 1) {
        for (int line = first; line < last; line++) {
            __global const float *from = source + line * line_step;
            __global float *to = panels + (ulong)line * panel_width;
            int i = 0;
            for (; i + LANES <= width; i += LANES) vstore16(vload16(0, from + i), 0, to + i);
            for (; i < width; i++) to[i] = from[i];
            for (; i < panel_width; i++) to[i] = 0.0f;
        }
    } else {
        int i = 0;
#if TRANSPOSES_SQUARES
        if (line_step == 1 && last - first == LANES) {
            for (; i + LANES <= width; i += LANES) {
                float16 square[LANES];
#pragma unroll
                for (int j = 0; j < LANES; j++) square[j] = vload16(0, source + (i + j) * column_step + first);
                transpose(square);
#pragma unroll
                for (int j = 0; j < LANES; j++) vstore16(square[j], 0, panels + (ulong)(first + j) * panel_width + i);
            }
        }
#endif
        for (; i < panel_width; i++) {
            for (int line = first; line < last; line++)
                panels[(ulong)line * panel_width + i] = i < width ? source[i * column_step + line * line_step] : 0.0f;
        }
    }
}

// Copies images into frames of `frame_height` x `frame_width` pixels, `top` and `left` pixels from their corner, and
// fills the rest with zeros. One work-item owns one row of a frame.
__kernel void pad_images(__global const float *images, ulong images_offset, __global float *frames,
                         ulong frames_offset, int batch, int height, int width, int channels, int frame_height,
                         int frame_width, int top, int left)
{
    const int row = (int)get_global_id(0);
    if (row >= batch * frame_height) return;
    const int sample = row / frame_height;
    const int y = row - sample * frame_height - top;
    __global float *frame = frames + frames_offset + (ulong)row * frame_width * channels;
    const int end = frame_width * channels;
    const int first = y >= 0 && y < height ? min(left * channels, end) : end;
    const int last = y >= 0 && y < height ? min(first + width * channels, end) : end;
    __global const float *image = images + images_offset + ((ulong)sample * height + y) * width * channels;
    for (int i = 0; i < first; i += LANES) store_partial((float16)(0.0f), frame + i, first - i);
    for (int i = first; i < last; i += LANES)
        store_partial(load_vector(image + (i - first), last - i), frame + i, last - i);
    for (int i = last; i < end; i += LANES) store_partial((float16)(0.0f), frame + i, end - i);
}
