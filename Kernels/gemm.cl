#include "common.clh"
#include "tile.clh"
#include "transpose.clh"

// Matrix products (vector family).
//
// One work-item owns a tile of TILE_M rows and TILE_N vectors of C, as sums in registers. Along the inner axis it loads
// TILE_N vectors of B and TILE_M numbers of A and multiplies all pairs. What sticks out of C costs work, never memory:
// rows are clamped, and the last lines of a matrix are read in parts.
//
// Dimension 0 counts tiles of rows, 1 tiles of columns, 2 slices: the batch for each split of the inner axis.
// `line_a` and `line_b` are the elements between two lines in memory; the columns of a tile of B start `panel_b` behind
// those of the one before, and `size_b` elements of B may be read. TRANSPOSED_A: A is stored [inner, rows], the rows of
// a tile `panel_a` behind those of the one before.
__kernel void gemm(__global const float *a, ulong a_offset, __global const float *b, ulong b_offset, __global float *c,
                   ulong c_offset, __global const float *bias, ulong bias_offset, int rows, int columns, int inner,
                   int line_a, ulong panel_a, int line_b, ulong panel_b, ulong size_b, ulong stride_a, ulong stride_b,
                   ulong stride_c, int slices, int batch, int split_length, int has_bias, int accumulate, int activation)
{
    const int row = (int)get_global_id(0) * TILE_M;
    const int column = (int)get_global_id(1) * TILE_WIDTH;
    const int slice = (int)get_global_id(2);
    if (row >= rows || column >= columns || slice >= slices) return;
    const int height = min(TILE_M, rows - row);
    const int width = columns - column;
    const int begin = slice / batch * split_length;
    const int end = min(begin + split_length, inner);
    const ulong panel = get_global_id(1) * panel_b;
    a += a_offset + slice % batch * stride_a;
    b += b_offset + slice % batch * stride_b + panel;
    c += c_offset + slice * stride_c + (ulong)row * columns + column;

    tile_vector line[TILE_N];
    tile_vector sums[TILE_M][TILE_N];
#pragma unroll
    for (int v = 0; v < TILE_N; v++) line[v] = (tile_vector)(0.0f);
    if (has_bias) load_line(line, bias + bias_offset + column, width);
#pragma unroll
    for (int i = 0; i < TILE_M; i++) {
#pragma unroll
        for (int v = 0; v < TILE_N; v++) sums[i][v] = line[v];
    }

    // Lines of B before `whole_end` can be read as whole vectors, numbers of A likewise without clamping.
    const long readable = (long)(size_b - panel) - TILE_WIDTH;
    int whole_end = readable < 0 ? 0 : (int)min((long)end, readable / line_b + 1);
#if TRANSPOSED_A
    if (height < TILE_M) whole_end = min(whole_end, inner - 1);
    a += get_global_id(0) * panel_a;
#define NUMBER(i) a[(ulong)k * line_a + (i)]
#define CLAMPED_NUMBER(i) a[(ulong)k * line_a + min(i, height - 1)]
#else
    __global const float *numbers[TILE_M];
#pragma unroll
    for (int i = 0; i < TILE_M; i++) numbers[i] = a + (ulong)(row + min(i, height - 1)) * line_a;
#define NUMBER(i) numbers[i][k]
#define CLAMPED_NUMBER(i) numbers[i][k]
#endif
    int k = begin;
    for (; k < whole_end; k++) {
#pragma unroll
        for (int v = 0; v < TILE_N; v++) line[v] = LOAD_TILE_VECTOR(v, b + (ulong)k * line_b);
        ADD_OUTER_PRODUCT(sums, line, NUMBER)
    }
    for (; k < end; k++) {
        load_line(line, b + (ulong)k * line_b, width);
        ADD_OUTER_PRODUCT(sums, line, CLAMPED_NUMBER)
    }

#pragma unroll
    for (int i = 0; i < TILE_M; i++) {
        if (i < height) store_line(sums[i], c + (ulong)i * columns, width, accumulate, activation);
    }
}

// Products of few rows with B transposed: every result is an inner product of two contiguous lines.
//
// One work-item owns DOT_TILE x DOT_TILE = 16 results. A is [rows, inner], B is [columns, inner].
//
// Dimension 0 counts tiles of rows, 1 tiles of columns, 2 slices as above.
__kernel void gemm_dot(__global const float *a, ulong a_offset, __global const float *b, ulong b_offset,
                       __global float *c, ulong c_offset, __global const float *bias, ulong bias_offset, int rows,
                       int columns, int inner, ulong stride_a, ulong stride_b, ulong stride_c, int slices, int batch,
                       int split_length, int has_bias, int accumulate, int activation)
{
    const int row = (int)get_global_id(0) * DOT_TILE;
    const int column = (int)get_global_id(1) * DOT_TILE;
    const int slice = (int)get_global_id(2);
    if (row >= rows || column >= columns || slice >= slices) return;
    const int begin = slice / batch * split_length;
    const int end = min(begin + split_length, inner);
    a += a_offset + slice % batch * stride_a;
    b += b_offset + slice % batch * stride_b;
    c += c_offset + slice * stride_c;

    ulong left[DOT_TILE];
    ulong right[DOT_TILE];
    float16 sums[LANES];
#pragma unroll
    for (int i = 0; i < DOT_TILE; i++) {
        left[i] = (ulong)min(row + i, rows - 1) * inner;
        right[i] = (ulong)min(column + i, columns - 1) * inner;
    }
#pragma unroll
    for (int i = 0; i < LANES; i++) sums[i] = (float16)(0.0f);
    float16 line[DOT_TILE];
    int k = begin;
    for (; k + LANES <= end; k += LANES) {
#pragma unroll
        for (int j = 0; j < DOT_TILE; j++) line[j] = vload16(0, b + right[j] + k);
#pragma unroll
        for (int i = 0; i < DOT_TILE; i++) {
            const float16 number = vload16(0, a + left[i] + k);
#pragma unroll
            for (int j = 0; j < DOT_TILE; j++)
                sums[i * DOT_TILE + j] = fma(number, line[j], sums[i * DOT_TILE + j]);
        }
    }
    if (k < end) {
        const int16 counts = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) < end - k;
        const float16 zero = (float16)(0.0f);
#pragma unroll
        for (int j = 0; j < DOT_TILE; j++)
            line[j] = select(zero, load_within(b, right[j] + k, (ulong)columns * inner), counts);
#pragma unroll
        for (int i = 0; i < DOT_TILE; i++) {
            const float16 number = select(zero, load_within(a, left[i] + k, (ulong)rows * inner), counts);
#pragma unroll
            for (int j = 0; j < DOT_TILE; j++)
                sums[i * DOT_TILE + j] = fma(number, line[j], sums[i * DOT_TILE + j]);
        }
    }

    float16 results = sum_lines(sums);
    const int width = min(DOT_TILE, columns - column);
    const float16 shift = has_bias ? load_partial(bias + bias_offset + column, width, 0.0f) : (float16)(0.0f);
    const int height = min(DOT_TILE, rows - row);
    for (int i = 0; i < height; i++) {
        __global float *place = c + (ulong)(row + i) * columns + column;
        float16 value = results + shift;
        if (accumulate) value += load_partial(place, width, 0.0f);
        store_partial(activate(value, activation), place, width);
        results = results.s456789abcdef0123;
    }
}
