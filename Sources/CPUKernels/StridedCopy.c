#include "Kernel.h"

// Edge of the square blocks in which a transpose proceeds: their lines stay in the first-level cache.
#define TRANSPOSE_BLOCK 16

// Elements of a copy are moved as bits, so that integers survive.
KERNEL void concord_copy_matrix(
    const uint32_t *source, long source_row, long source_column, uint32_t *destination, long destination_row,
    long destination_column, long rows, long columns) {
    if (source_column == 1 && destination_column == 1) {
        for (long row = 0; row < rows; ++row)
            memcpy(destination + row * destination_row, source + row * source_row, (size_t)columns * sizeof(uint32_t));
    } else if (source_row == 1 && destination_column == 1) {
        for (long column = 0; column < columns; column += TRANSPOSE_BLOCK) {
            const long width = smaller(TRANSPOSE_BLOCK, columns - column);
            for (long first = 0; first < rows; first += TRANSPOSE_BLOCK) {
                const long height = smaller(TRANSPOSE_BLOCK, rows - first);
                const uint32_t *const x = source + column * source_column + first;
                uint32_t *const y = destination + first * destination_row + column;
                for (long row = 0; row < height; ++row) {
                    INDEPENDENT for (long i = 0; i < width; ++i)
                        y[row * destination_row + i] = x[i * source_column + row];
                }
            }
        }
    } else {
        for (long row = 0; row < rows; ++row) {
            const uint32_t *const x = source + row * source_row;
            uint32_t *const y = destination + row * destination_row;
            INDEPENDENT for (long i = 0; i < columns; ++i) y[i * destination_column] = x[i * source_column];
        }
    }
}

KERNEL void concord_add_matrix(
    const float *source, long source_row, long source_column, float *destination, long destination_row,
    long destination_column, long rows, long columns) {
    for (long row = 0; row < rows; ++row) {
        const float *const x = source + row * source_row;
        float *const y = destination + row * destination_row;
        if (source_column == 1 && destination_column == 1) {
            INDEPENDENT for (long i = 0; i < columns; ++i) y[i] += x[i];
        } else {
            INDEPENDENT for (long i = 0; i < columns; ++i) y[i * destination_column] += x[i * source_column];
        }
    }
}
