// Draws every element from a distribution: element i comes from word i % 4 of block i / 4. One work-item owns CHUNK
// elements.
#include "common.clh"
#include "philox.clh"

// [low, high).
__kernel void random_uniform(__global float *result, ulong result_offset, float low, float high, ulong seed,
                             ulong stream, ulong block, ulong count)
{
    result += result_offset;
    const float below = nextafter(high, low);
    const ulong begin = (ulong)get_global_id(0) * CHUNK;
    const ulong end = min(begin + CHUNK, count);
    FOR_EACH_VECTOR(i, lanes, begin, end) {
        const float16 uniform = philox_uniform(philox_vector(seed, stream, block + i / 4));
        const float16 value = fma(uniform, (float16)(high - low), (float16)(low));
        // Rounding may reach `high`, which does not belong to the interval.
        store_partial(select(value, (float16)(below), value >= high && high > low), result + i, lanes);
    }
}

// Normal numbers by Box and Muller's transform on the word pairs (0, 1) and (2, 3) of every block.
__kernel void random_normal(__global float *result, ulong result_offset, float mean, float deviation, ulong seed,
                            ulong stream, ulong block, ulong count)
{
    result += result_offset;
    const ulong begin = (ulong)get_global_id(0) * CHUNK;
    const ulong end = min(begin + CHUNK, count);
    FOR_EACH_VECTOR(i, lanes, begin, end) {
        const uint16 words = philox_vector(seed, stream, block + i / 4);
        const float8 u = convert_float8((words.even >> 8) + 1u) * 0x1p-24f;
        const float8 v = convert_float8(words.odd >> 8) * 0x1p-24f;
        const float8 radius = sqrt(-2.0f * log(u));
        float16 normal;
        normal.even = radius * cospi(2.0f * v);
        normal.odd = radius * sinpi(2.0f * v);
        store_partial(fma(normal, (float16)(deviation), (float16)(mean)), result + i, lanes);
    }
}
