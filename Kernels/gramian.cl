#include "common.clh"

// Inner products of left rows with right rows up to their own number, as partial sums per tile of columns (vector
// family).
//
// One work-item owns a block of ROWS x ROWS pairs in one tile; only blocks on or below the diagonal exist, and each
// writes both triangles. Dimension 0 counts pairs of blocks, 1 tiles: the pairs of a tile
// follow each other while its rows are in the cache.
__kernel void gramian(__global const float *left_matrix, ulong left_offset, __global const float *right_matrix,
                      ulong right_offset, __global float *sums, ulong sums_offset, int rows, ulong columns, ulong stride,
                      ulong tile_columns, int tiles, int block_pairs)
{
    const int pair = (int)get_global_id(0);
    const int tile = (int)get_global_id(1);
    if (tile >= tiles || pair >= block_pairs) return;
    // Pairs are numbered (0,0), (1,0), (1,1), (2,0) ...
    int block_row = 0;
    int block_column = pair;
    while (block_column > block_row) block_column -= ++block_row;

    const ulong begin = tile * tile_columns;
    const int count = (int)min(tile_columns, columns - begin);
    left_matrix += left_offset + begin;
    right_matrix += right_offset + begin;
    __global const float *left[ROWS];
    __global const float *right[ROWS];
    float16 products[ROWS][ROWS];
#pragma unroll
    for (int i = 0; i < ROWS; i++) {
        left[i] = left_matrix + min(block_row * ROWS + i, rows - 1) * stride;
        right[i] = right_matrix + min(block_column * ROWS + i, rows - 1) * stride;
#pragma unroll
        for (int j = 0; j < ROWS; j++) products[i][j] = (float16)(0.0f);
    }
    float16 line[ROWS];
    int k = 0;
    for (; k + LANES <= count; k += LANES) {
#pragma unroll
        for (int j = 0; j < ROWS; j++) line[j] = vload16(0, right[j] + k);
#pragma unroll
        for (int i = 0; i < ROWS; i++) {
            const float16 number = vload16(0, left[i] + k);
#pragma unroll
            for (int j = 0; j < ROWS; j++) products[i][j] = fma(number, line[j], products[i][j]);
        }
    }
    float totals[ROWS][ROWS];
#pragma unroll
    for (int i = 0; i < ROWS; i++) {
#pragma unroll
        for (int j = 0; j < ROWS; j++) totals[i][j] = sum_lanes(products[i][j]);
    }
    for (; k < count; k++) {
#pragma unroll
        for (int i = 0; i < ROWS; i++) {
#pragma unroll
            for (int j = 0; j < ROWS; j++) totals[i][j] = fma(left[i][k], right[j][k], totals[i][j]);
        }
    }
    sums += sums_offset + (ulong)tile * rows * rows;
#pragma unroll
    for (int i = 0; i < ROWS; i++) {
#pragma unroll
        for (int j = 0; j < ROWS; j++) {
            const int row = block_row * ROWS + i;
            const int column = block_column * ROWS + j;
            if (row < rows && column <= row) {
                sums[row * rows + column] = totals[i][j];
                sums[column * rows + row] = totals[i][j];
            }
        }
    }
}
