#include "Kernel.h"

// Columns that one set of accumulators takes before it is added to the next level: with 16 lanes, 32 additions each.
#define GRAMIAN_BLOCK 512

// The inner products of up to two rows with up to two others.
INLINE void inner_products(
    const float *a0, const float *a1, const float *b0, const float *b1, long columns, float products[4]) {
    lanes t00 = {}, t01 = {}, t10 = {}, t11 = {};
    float tail[4] = {};
    for (long first = 0; first < columns; first += GRAMIAN_BLOCK) {
        const long last = smaller(first + GRAMIAN_BLOCK, columns);
        lanes s00 = {}, s01 = {}, s10 = {}, s11 = {};
        long i = first;
        for (; i + LANES <= last; i += LANES) {
            lanes x0, x1, y0, y1;
            LOAD_LANES(x0, a0 + i);
            LOAD_LANES(x1, a1 + i);
            LOAD_LANES(y0, b0 + i);
            LOAD_LANES(y1, b1 + i);
            s00 += x0 * y0;
            s01 += x0 * y1;
            s10 += x1 * y0;
            s11 += x1 * y1;
        }
        for (; i < last; ++i) {
            tail[0] += a0[i] * b0[i];
            tail[1] += a0[i] * b1[i];
            tail[2] += a1[i] * b0[i];
            tail[3] += a1[i] * b1[i];
        }
        t00 += s00;
        t01 += s01;
        t10 += s10;
        t11 += s11;
    }
    products[0] = sum_of_lanes(&t00) + tail[0];
    products[1] = sum_of_lanes(&t01) + tail[1];
    products[2] = sum_of_lanes(&t10) + tail[2];
    products[3] = sum_of_lanes(&t11) + tail[3];
}

KERNEL void concord_gramian_tile(
    const float *left, const float *right, long rows, long columns, long stride, float *products) {
    for (long i = 0; i < rows; i += 2) {
        // An odd row is paired with itself.
        const long i1 = i + 1 < rows ? i + 1 : i;
        for (long j = 0; j <= i; j += 2) {
            const long j1 = j + 1 < rows ? j + 1 : j;
            float p[4];
            inner_products(
                left + i * stride, left + i1 * stride, right + j * stride, right + j1 * stride, columns, p);
            // On the diagonal, p[1] belongs to the upper triangle and p[2] replaces it.
            products[i * rows + j] = products[j * rows + i] = p[0];
            products[i * rows + j1] = products[j1 * rows + i] = p[1];
            products[i1 * rows + j] = products[j * rows + i1] = p[2];
            products[i1 * rows + j1] = products[j1 * rows + i1] = p[3];
        }
    }
}
