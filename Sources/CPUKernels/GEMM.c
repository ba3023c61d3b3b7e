#include "Kernel.h"

KERNEL void concord_bias_activation(
    float *matrix, long rows, long columns, long stride, const float *bias, enum concord_activation activation) {
    const float ceiling = activation_ceiling(activation);
    for (long row = 0; row < rows; ++row) {
        float *const y = matrix + row * stride;
        if (bias && activation != concord_activation_none) {
            INDEPENDENT for (long i = 0; i < columns; ++i) y[i] = rectified(y[i] + bias[i], ceiling);
        } else if (bias) {
            INDEPENDENT for (long i = 0; i < columns; ++i) y[i] += bias[i];
        } else {
            INDEPENDENT for (long i = 0; i < columns; ++i) y[i] = rectified(y[i], ceiling);
        }
    }
}

KERNEL void concord_outer_product(
    long rows, long columns, const float *a, const float *b, float *c, long stride, int accumulate) {
    for (long row = 0; row < rows; ++row) {
        float *const y = c + row * stride;
        const float factor = a[row];
        if (accumulate) {
            INDEPENDENT for (long i = 0; i < columns; ++i) y[i] += factor * b[i];
        } else {
            INDEPENDENT for (long i = 0; i < columns; ++i) y[i] = factor * b[i];
        }
    }
}

// Products with few rows or short inner products, straight from the matrices: packing them would cost more than it
// saves.

// Elements of the inner products whose rows of B stay in registers.
#define STEPS 8
#define HALF_STEPS 4
// A block of C that stays in the first-level cache while the inner products proceed.
#define BLOCK_ROWS 16
#define BLOCK_COLUMNS 256

// Adds `steps` elements of the inner products to a block of C. `steps` is a constant wherever this is inlined.
INLINE void add_products(
    float factors[BLOCK_ROWS][STEPS], float b[STEPS][BLOCK_COLUMNS], float c[BLOCK_ROWS][BLOCK_COLUMNS], long rows,
    long columns, const int steps) {
    for (long column = 0; column < columns; column += LANES) {
        lanes panel[STEPS];
        for (int step = 0; step < steps; ++step) LOAD_LANES(panel[step], b[step] + column);
        for (long row = 0; row < rows; ++row) {
            lanes sum;
            LOAD_LANES(sum, c[row] + column);
            for (int step = 0; step < steps; ++step) sum += panel[step] * factors[row][step];
            STORE_LANES(c[row] + column, sum);
        }
    }
}

// Blocks of B and C are copied: rows that lie a power of two apart push each other out of the cache.
KERNEL void concord_gemm_by_rows(
    long rows, long columns, long inner, const float *a, long a_row, long a_column, const float *b, long b_stride,
    float *c, long c_stride, int accumulate) {
    float factors[BLOCK_ROWS][STEPS];
    float panel[STEPS][BLOCK_COLUMNS] = {};
    float block[BLOCK_ROWS][BLOCK_COLUMNS] = {};
    for (long first_column = 0; first_column < columns; first_column += BLOCK_COLUMNS) {
        const long width = smaller(BLOCK_COLUMNS, columns - first_column);
        for (long first_row = 0; first_row < rows; first_row += BLOCK_ROWS) {
            const long height = smaller(BLOCK_ROWS, rows - first_row);
            float *const result = c + first_row * c_stride + first_column;
            for (long row = 0; row < height; ++row) {
                if (accumulate)
                    memcpy(block[row], result + row * c_stride, (size_t)width * sizeof(float));
                else
                    memset(block[row], 0, (size_t)width * sizeof(float));
            }
            for (long k = 0; k < inner;) {
                const long steps = inner - k >= STEPS ? STEPS : inner - k >= HALF_STEPS ? HALF_STEPS : 1;
                for (long step = 0; step < steps; ++step) {
                    memcpy(panel[step], b + (k + step) * b_stride + first_column, (size_t)width * sizeof(float));
                    for (long row = 0; row < height; ++row)
                        factors[row][step] = a[(first_row + row) * a_row + (k + step) * a_column];
                }
                if (steps == STEPS)
                    add_products(factors, panel, block, height, width, STEPS);
                else if (steps == HALF_STEPS)
                    add_products(factors, panel, block, height, width, HALF_STEPS);
                else
                    add_products(factors, panel, block, height, width, 1);
                k += steps;
            }
            for (long row = 0; row < height; ++row)
                memcpy(result + row * c_stride, block[row], (size_t)width * sizeof(float));
        }
    }
}

// Rows of A and of B whose inner products are taken together.
#define DOT_ROWS 4
#define DOT_COLUMNS 2

// The inner products of `rows` rows of A with `columns` rows of B, both constants wherever this is inlined.
INLINE void dots(
    const int rows, const int columns, long inner, const float *a, long a_stride, const float *b, long b_stride,
    float *c, long c_stride, int accumulate) {
    lanes sums[DOT_ROWS][DOT_COLUMNS] = {};
    long k = 0;
    for (; k + LANES <= inner; k += LANES) {
        lanes right[DOT_COLUMNS];
        for (int column = 0; column < columns; ++column) LOAD_LANES(right[column], b + column * b_stride + k);
        for (int row = 0; row < rows; ++row) {
            lanes left;
            LOAD_LANES(left, a + row * a_stride + k);
            for (int column = 0; column < columns; ++column) sums[row][column] += left * right[column];
        }
    }
    for (int row = 0; row < rows; ++row) {
        for (int column = 0; column < columns; ++column) {
            float sum = sum_of_lanes(&sums[row][column]);
            for (long i = k; i < inner; ++i) sum += a[row * a_stride + i] * b[column * b_stride + i];
            float *const y = c + row * c_stride + column;
            *y = accumulate ? *y + sum : sum;
        }
    }
}

KERNEL void concord_gemm_by_dots(
    long rows, long columns, long inner, const float *a, long a_stride, const float *b, long b_stride, float *c,
    long c_stride, int accumulate) {
    for (long column = 0; column < columns;) {
        const long width = columns - column >= DOT_COLUMNS ? DOT_COLUMNS : 1;
        for (long row = 0; row < rows;) {
            const long height = rows - row >= DOT_ROWS ? DOT_ROWS : 1;
            const float *const left = a + row * a_stride, *const right = b + column * b_stride;
            float *const y = c + row * c_stride + column;
            if (height == DOT_ROWS && width == DOT_COLUMNS)
                dots(DOT_ROWS, DOT_COLUMNS, inner, left, a_stride, right, b_stride, y, c_stride, accumulate);
            else if (height == DOT_ROWS)
                dots(DOT_ROWS, 1, inner, left, a_stride, right, b_stride, y, c_stride, accumulate);
            else if (width == DOT_COLUMNS)
                dots(1, DOT_COLUMNS, inner, left, a_stride, right, b_stride, y, c_stride, accumulate);
            else
                dots(1, 1, inner, left, a_stride, right, b_stride, y, c_stride, accumulate);
            row += height;
        }
        column += width;
    }
}
