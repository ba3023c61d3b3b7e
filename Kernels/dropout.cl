#include "common.clh"
#include "philox.clh"

// Sets elements to 0 with a probability and scales the others. One work-item owns CHUNK elements of every task, so that
// the random numbers are drawn once.
__kernel void dropout(__global const float *input, ulong input_offset, __global float *output, ulong output_offset,
                      float probability, ulong seed, ulong stream, ulong block, ulong count, int tasks)
{
    const float scale = 1.0f / (1.0f - probability);
    const ulong begin = (ulong)get_global_id(0) * CHUNK;
    const ulong end = min(begin + CHUNK, count);
    for (ulong first = begin; first < end; first += 4 * LANES) {
        uint16 words[4];
        philox_vectors(seed, stream, block + first / 4, words);
#pragma unroll
        for (int v = 0; v < 4; v++) {
            const ulong i = first + v * LANES;
            const int lanes = (int)((long)end - (long)i);
            const float16 uniform = philox_uniform(words[v]);
            for (int task = 0; task < tasks; task++) {
                const ulong place = task * count + i;
                const float16 value = load_vector(input + input_offset + place, lanes);
                store_partial(select(value * scale, (float16)(0.0f), uniform < probability),
                              output + output_offset + place, lanes);
            }
        }
    }
}
