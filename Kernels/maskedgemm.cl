// Products of stacked matrices that leave out the zeros which all of them have in common (vector family).
#include "common.clh"
#include "tile.clh"

// The places of every row of the mask that are no zeros, behind their number: places [rows, inner + 1]. One work-item
// owns one row. NaN is no zero.
__kernel void nonzero_places(__global const float *mask, ulong mask_offset, __global int *places, ulong places_offset,
                             int rows, int inner)
{
    const int row = (int)get_global_id(0);
    if (row >= rows) return;
    mask += mask_offset + (ulong)row * inner;
    places += places_offset + (ulong)row * (inner + 1);
    int count = 0;
    for (int i = 0; i < inner; i++) {
        // The next one overwrites it if it does not count.
        places[1 + count] = i;
        count += mask[i] != 0.0f;
    }
    places[0] = count;
}

// One work-item owns the same row of TILE_M tasks and TILE_N vectors of columns. B comes in panels, [inner, TILE_WIDTH]
// each.
//
// Dimension 0 counts rows, 1 tiles of columns, 2 tiles of tasks.
__kernel void masked_gemm(__global const float *a, ulong a_offset, __global const float *panels, ulong panels_offset,
                          __global float *c, ulong c_offset, __global const int *places, ulong places_offset,
                          int tasks, int rows, int columns, int inner, int accumulate)
{
    const int row = (int)get_global_id(0);
    const int column = (int)get_global_id(1) * TILE_WIDTH;
    const int task = (int)get_global_id(2) * TILE_M;
    if (row >= rows || column >= columns || task >= tasks) return;
    const int height = min(TILE_M, tasks - task);
    a += a_offset;
    panels += panels_offset + (ulong)column * inner;
    places += places_offset + (ulong)row * (inner + 1);

    tile_vector line[TILE_N];
    tile_vector sums[TILE_M][TILE_N];
    __global const float *numbers[TILE_M];
#pragma unroll
    for (int i = 0; i < TILE_M; i++) {
        numbers[i] = a + ((ulong)(task + min(i, height - 1)) * rows + row) * inner;
#pragma unroll
        for (int v = 0; v < TILE_N; v++) sums[i][v] = (tile_vector)(0.0f);
    }
    const int count = places[0];
#define NUMBER(i) numbers[i][place]
    for (int n = 1; n <= count; n++) {
        const int place = places[n];
#pragma unroll
        for (int v = 0; v < TILE_N; v++) line[v] = LOAD_TILE_VECTOR(v, panels + (ulong)place * TILE_WIDTH);
        ADD_OUTER_PRODUCT(sums, line, NUMBER)
    }
#pragma unroll
    for (int i = 0; i < TILE_M; i++) {
        if (i < height)
            store_line(sums[i], c + c_offset + ((ulong)(task + i) * rows + row) * columns + column, columns - column,
                       accumulate, ACTIVATION_NONE);
    }
}
