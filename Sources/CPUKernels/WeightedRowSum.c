#include "Kernel.h"

// Columns whose sums stay in the first-level cache while the rows pass.
#define ROW_SUM_TILE 2048

KERNEL void concord_weighted_row_sum(
    const float *matrix, long rows, long columns, long stride, const float *weights, int accumulate, float *result) {
    for (long first = 0; first < columns; first += ROW_SUM_TILE) {
        const long width = smaller(ROW_SUM_TILE, columns - first);
        float *const y = result + first;
        if (!accumulate) memset(y, 0, (size_t)width * sizeof(float));
        long row = 0;
        for (; row + 4 <= rows; row += 4) {
            const float *const x0 = matrix + row * stride + first;
            const float *const x1 = x0 + stride, *const x2 = x1 + stride, *const x3 = x2 + stride;
            const float w0 = weights[row], w1 = weights[row + 1], w2 = weights[row + 2], w3 = weights[row + 3];
            INDEPENDENT for (long i = 0; i < width; ++i)
                y[i] += (w0 * x0[i] + w1 * x1[i]) + (w2 * x2[i] + w3 * x3[i]);
        }
        for (; row < rows; ++row) {
            const float *const x = matrix + row * stride + first;
            const float w = weights[row];
            INDEPENDENT for (long i = 0; i < width; ++i) y[i] += w * x[i];
        }
    }
}
