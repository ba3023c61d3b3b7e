#include "common.clh"

// Adds slices of partial sums in a fixed order: the second pass of split products and weight gradients.
// One work-item owns CHUNK elements.
__kernel void sum_slices(__global const float *slices, ulong slices_offset, __global float *result,
                         ulong result_offset, ulong count, int slice_count, int accumulate)
{
    slices += slices_offset;
    result += result_offset;
    const ulong begin = (ulong)get_global_id(0) * CHUNK;
    const ulong end = min(begin + CHUNK, count);
    FOR_EACH_VECTOR(i, lanes, begin, end) {
        float16 even = load_vector(slices + i, lanes);
        float16 odd = (float16)(0.0f);
        int slice = 1;
        for (; slice + 1 < slice_count; slice += 2) {
            odd += load_vector(slices + slice * count + i, lanes);
            even += load_vector(slices + (slice + 1) * count + i, lanes);
        }
        if (slice < slice_count) odd += load_vector(slices + slice * count + i, lanes);
        float16 sum = even + odd;
        if (accumulate) sum += load_vector(result + i, lanes);
        store_partial(sum, result + i, lanes);
    }
}
