#include "Kernel.h"

// Edge of the square blocks in which a transpose proceeds: a cache line.
#define TRANSPOSE_BLOCK 16

// Every line of the source is read once as a whole: lines that lie a power of two apart push each other out of the
// cache.
INLINE void transpose_block(
    const uint32_t *source, long source_column, uint32_t *destination, long destination_row, long rows,
    long columns) {
    uint32_t block[TRANSPOSE_BLOCK][TRANSPOSE_BLOCK];
    for (long column = 0; column < columns; ++column) {
        if (rows == TRANSPOSE_BLOCK) {
            memcpy(block[column], source + column * source_column, sizeof block[column]);
        } else {
            for (long row = 0; row < rows; ++row) block[column][row] = source[column * source_column + row];
        }
    }
    for (long row = 0; row < rows; ++row) {
        uint32_t *const y = destination + row * destination_row;
        if (columns == TRANSPOSE_BLOCK) {
            for (long column = 0; column < TRANSPOSE_BLOCK; ++column) y[column] = block[column][row];
        } else {
            for (long column = 0; column < columns; ++column) y[column] = block[column][row];
        }
    }
}

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
                transpose_block(
                    source + column * source_column + first, source_column,
                    destination + first * destination_row + column, destination_row, height, width);
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
