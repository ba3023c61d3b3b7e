#include "common.clh"
#include "tiled.clh"

// Matrix products (tiled family).
//
// Groups count tiles of C, then slices: the batch for each split of the inner axis. Slices lie `stride_c` apart in C.
// TRANSPOSED_A: A is stored [inner, rows]. TRANSPOSED_B: B is stored [columns, inner].
TILED_KERNEL void gemm_tiled(__global const float *a, ulong a_offset, __global const float *b, ulong b_offset,
                             __global float *c, ulong c_offset, __global const float *bias, ulong bias_offset, int rows,
                             int columns, int inner, ulong stride_a, ulong stride_b, ulong stride_c, int batch,
                             int split_length, int has_bias, int accumulate, int activation)
{
    DECLARE_TILES
    const uint tiles = tile_count(rows, columns);
    const uint slice = get_group_id(0) / tiles;
    const int2 corner = tile_place(get_group_id(0) - slice * tiles, rows, columns);
    const int begin = slice / batch * split_length;
    const int end = min(begin + split_length, inner);
    a += a_offset + slice % batch * stride_a;
    b += b_offset + slice % batch * stride_b;
    c += c_offset + slice * stride_c;
    const int line_a = TRANSPOSED_A ? rows : inner;
    const int line_b = TRANSPOSED_B ? inner : columns;
    const int aligned_a = ((a_offset | stride_a | line_a) & 3) == 0;
    const int aligned_b = ((b_offset | stride_b | line_b) & 3) == 0;
    const int aligned_c = ((c_offset | stride_c | columns) & 3) == 0;

#define FETCH(k)                                                                                                       \
    fetch_matrix(pieces_a, PIECES_A, a, line_a, corner.x, rows, k, end, TILE_M, !TRANSPOSED_A, aligned_a);             \
    fetch_matrix(pieces_b, PIECES_B, b, line_b, corner.y, columns, k, end, TILE_N, TRANSPOSED_B, aligned_b);
    SUM_PRODUCTS(begin, end, !TRANSPOSED_A, TRANSPOSED_B, FETCH)

    float4 bias_pieces[ITEM_N / 4];
    fetch_bias(bias_pieces, bias + bias_offset, place_in_grid, corner.y, columns, has_bias);
#pragma unroll
    for (int i = 0; i < ITEM_M; i++) {
        const int row = corner.x + ROW_OF_SUM(i);
        if (row < rows)
            store_sums(sums[i], bias_pieces, c + (ulong)row * columns, place_in_grid, corner.y, columns, accumulate,
                       activation, aligned_c);
    }
}
