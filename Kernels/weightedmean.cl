// The mean of values that carry their weight already. Long inputs are summed in pieces first.
#include "common.clh"

// One work-item owns `piece` elements. Dimension 0 counts pieces.
__kernel void weighted_sums(__global const float *values, ulong values_offset, __global const float *weights,
                            ulong weights_offset, __global float *sums, ulong sums_offset, ulong count, int pieces,
                            ulong piece)
{
    const ulong begin = get_global_id(0) * piece;
    if (begin >= count) return;
    const ulong length = min(piece, count - begin);
    sums[sums_offset + get_global_id(0)] = sum_line(values + values_offset + begin, length);
    sums[sums_offset + pieces + get_global_id(0)] = sum_line(weights + weights_offset + begin, length);
}

// One work-item in all.
__kernel void weighted_mean(__global const float *values, ulong values_offset, __global const float *weights,
                            ulong weights_offset, __global float *result, ulong result_offset, ulong count)
{
    if (get_global_id(0) > 0) return;
    const float value = sum_line(values + values_offset, count);
    const float weight = sum_line(weights + weights_offset, count);
    const float reciprocal = weight == 0.0f ? 0.0f : 1.0f / weight;
    result[result_offset] = weight == 0.0f ? 0.0f : value / weight;
    result[result_offset + 1] = reciprocal;
}
