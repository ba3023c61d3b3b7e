#include "common.clh"

// result = sum over k of weights[k] * row k. One work-item owns CHUNK columns of all rows.
__kernel void weighted_row_sum(__global const float *matrix, ulong matrix_offset, __global const float *weights,
                               ulong weights_offset, __global float *result, ulong result_offset, int rows,
                               ulong columns, ulong stride, int accumulate)
{
    matrix += matrix_offset;
    weights += weights_offset;
    result += result_offset;
    const ulong begin = (ulong)get_global_id(0) * CHUNK;
    const ulong end = min(begin + CHUNK, columns);
    ulong first = begin;
    // Several vectors of a row at a time: whole lines of memory are read in order.
    for (; first + VECTORS * LANES <= end; first += VECTORS * LANES) {
        float16 sums[VECTORS];
#pragma unroll
        for (int v = 0; v < VECTORS; v++) sums[v] = accumulate ? vload16(v, result + first) : (float16)(0.0f);
        for (int row = 0; row < rows; row++) {
            const float16 weight = (float16)(weights[row]);
#pragma unroll
            for (int v = 0; v < VECTORS; v++) sums[v] = fma(weight, vload16(v, matrix + row * stride + first), sums[v]);
        }
#pragma unroll
        for (int v = 0; v < VECTORS; v++) vstore16(sums[v], v, result + first);
    }
    FOR_EACH_VECTOR(i, lanes, first, end) {
        float16 sum = accumulate ? load_vector(result + i, lanes) : (float16)(0.0f);
        for (int row = 0; row < rows; row++)
            sum = fma((float16)(weights[row]), load_vector(matrix + row * stride + i, lanes), sum);
        store_partial(sum, result + i, lanes);
    }
}
