#include "common.clh"

// Sets every element to one value. One work-item owns CHUNK elements.
__kernel void fill(__global float *result, ulong result_offset, float value, ulong count)
{
    result += result_offset;
    const ulong begin = (ulong)get_global_id(0) * CHUNK;
    const ulong end = min(begin + CHUNK, count);
    FOR_EACH_VECTOR(i, lanes, begin, end) store_partial((float16)(value), result + i, lanes);
}
