#include "Kernel.h"

// Products that leave out the zeros which the rows of several tasks have in common.

// Tasks and vectors of columns whose sums stay in registers: 28 of the 32 registers of AVX-512.
#define TASKS 7
#define VECTORS 4

_Static_assert(CONCORD_TILE_CHANNELS == LANES, "a panel is as wide as the vectors");
_Static_assert(CONCORD_MASKED_PANELS == VECTORS, "a block of columns is what one tile holds");

long concord_nonzero_places(const float *mask, long count, int32_t *places) {
    long found = 0;
    for (long i = 0; i < count; ++i) {
        places[found] = (int32_t)i;
        // NaN is no zero.
        found += mask[i] != 0;
    }
    return found;
}

// The rows of `tasks` tasks times `vectors` panels, both constants wherever this is inlined.
INLINE void tile(
    const int tasks, const int vectors, const struct concord_masked_row *row, const float *a, const float *panels,
    long columns, float *c) {
    lanes sums[TASKS][VECTORS] = {};
    for (long i = 0; i < row->count; ++i) {
        const long place = row->places[i];
        lanes line[VECTORS];
        for (int v = 0; v < vectors; ++v) LOAD_LANES(line[v], panels + v * row->panel_stride + place * LANES);
        for (int task = 0; task < tasks; ++task) {
            const float factor = a[task * row->a_stride + place];
            for (int v = 0; v < vectors; ++v) sums[task][v] += factor * line[v];
        }
    }
    for (int task = 0; task < tasks; ++task) {
        for (int v = 0; v < vectors; ++v) {
            float *const y = c + task * row->c_stride + v * LANES;
            if (columns - v * LANES >= LANES) {
                lanes old = {};
                if (row->accumulate) LOAD_LANES(old, y);
                old += sums[task][v];
                STORE_LANES(y, old);
            } else {
                float last[LANES];
                STORE_LANES(last, sums[task][v]);
                for (long i = 0; i < columns - v * LANES; ++i) y[i] = row->accumulate ? y[i] + last[i] : last[i];
            }
        }
    }
}

// As many tasks as there are, times `vectors` panels.
INLINE void tile_of_height(
    long tasks, const int vectors, const struct concord_masked_row *row, const float *a, const float *panels,
    long columns, float *c) {
    switch (tasks) {
    case 7: tile(7, vectors, row, a, panels, columns, c); break;
    case 6: tile(6, vectors, row, a, panels, columns, c); break;
    case 5: tile(5, vectors, row, a, panels, columns, c); break;
    case 4: tile(4, vectors, row, a, panels, columns, c); break;
    case 3: tile(3, vectors, row, a, panels, columns, c); break;
    case 2: tile(2, vectors, row, a, panels, columns, c); break;
    default: tile(1, vectors, row, a, panels, columns, c); break;
    }
}

KERNEL void concord_masked_products(
    const struct concord_masked_row *row, long tasks, const float *a, const float *panels, long columns, float *c) {
    for (long task = 0; task < tasks;) {
        // Equal heights: tasks that are left over would use few registers.
        const long parts = (tasks - task + TASKS - 1) / TASKS;
        const long height = (tasks - task + parts - 1) / parts;
        const float *const x = a + task * row->a_stride;
        float *const y = c + task * row->c_stride;
        if (columns > (VECTORS - 1) * LANES) {
            tile_of_height(height, VECTORS, row, x, panels, columns, y);
        } else {
            for (long first = 0; first < columns; first += LANES)
                tile_of_height(
                    height, 1, row, x, panels + first / LANES * row->panel_stride, columns - first, y + first);
        }
        task += height;
    }
}
