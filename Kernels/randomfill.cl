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
    for (ulong first = begin; first < end; first += 4 * LANES) {
        uint16 words[4];
        philox_vectors(seed, stream, block + first / 4, words);
#pragma unroll
        for (int v = 0; v < 4; v++) {
            const ulong i = first + v * LANES;
            const float16 value = fma(philox_uniform(words[v]), (float16)(high - low), (float16)(low));
            // Rounding may reach `high`, which does not belong to the interval.
            store_partial(select(value, (float16)(below), value >= high && high > low), result + i,
                          (int)((long)end - (long)i));
        }
    }
}

// Sine and cosine of a share of a full turn in [0, 1), by Taylor's series around the closest quarter turn: the first
// terms left out are below 2e-9.
static void sine_and_cosine(float16 turns, float16 *sine, float16 *cosine)
{
    const float16 nearest = rint(4.0f * turns);
    const int16 quarter = convert_int16(nearest);
    const float16 x = 6.28318531f * fma((float16)(-0.25f), nearest, turns);
    const float16 square = x * x;
    float16 s = fma(square, (float16)(1.0f / 362880), (float16)(-1.0f / 5040));
    s = fma(square, s, (float16)(1.0f / 120));
    s = fma(square, s, (float16)(-1.0f / 6));
    s = fma(x * square, s, x);
    float16 c = fma(square, (float16)(-1.0f / 3628800), (float16)(1.0f / 40320));
    c = fma(square, c, (float16)(-1.0f / 720));
    c = fma(square, c, (float16)(1.0f / 24));
    c = fma(square, c, (float16)(-0.5f));
    c = fma(square, c, (float16)(1.0f));
    const int16 swaps = (quarter & 1) != 0;
    const float16 sine_sign = select((float16)(1.0f), (float16)(-1.0f), (quarter & 2) != 0);
    const float16 cosine_sign = select((float16)(1.0f), (float16)(-1.0f), ((quarter + 1) & 2) != 0);
    *sine = sine_sign * select(s, c, swaps);
    *cosine = cosine_sign * select(c, s, swaps);
}

// The numbers of two vectors of words; writes `count` of them at most.
static void store_normals(uint16 first, uint16 second, float mean, float deviation, __global float *result, int count)
{
    const float16 radius =
        sqrt(-2.0f * log(convert_float16(((uint16)(first.even, second.even) >> 8) + 1u) * 0x1p-24f)) * deviation;
    float16 sine, cosine;
    sine_and_cosine(convert_float16((uint16)(first.odd, second.odd) >> 8) * 0x1p-24f, &sine, &cosine);
    float16 normal;
    normal.even = fma(radius.lo, cosine.lo, (float8)(mean));
    normal.odd = fma(radius.lo, sine.lo, (float8)(mean));
    store_partial(normal, result, count);
    normal.even = fma(radius.hi, cosine.hi, (float8)(mean));
    normal.odd = fma(radius.hi, sine.hi, (float8)(mean));
    store_partial(normal, result + LANES, count - LANES);
}

// Normal numbers by Box and Muller's transform on the word pairs (0, 1) and (2, 3) of every block.
__kernel void random_normal(__global float *result, ulong result_offset, float mean, float deviation, ulong seed,
                            ulong stream, ulong block, ulong count)
{
    result += result_offset;
    const ulong begin = (ulong)get_global_id(0) * CHUNK;
    const ulong end = min(begin + CHUNK, count);
    for (ulong first = begin; first < end; first += 4 * LANES) {
        uint16 words[4];
        philox_vectors(seed, stream, block + first / 4, words);
        const int rest = (int)((long)end - (long)first);
        // One pair after the other, in a loop that stays one: both at once do not fit in the registers of GPUs.
#pragma nounroll
        for (int pair = 0; pair < 4; pair += 2)
            store_normals(pair ? words[2] : words[0], pair ? words[3] : words[1], mean, deviation,
                          result + first + pair * LANES, rest - pair * LANES);
    }
}
