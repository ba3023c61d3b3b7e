#include "Elementary.h"
#include "Philox.h"

KERNEL void concord_random_uniform(
    float *output, long first, long last, float low, float high, uint64_t seed, uint64_t stream, uint64_t block) {
// Separate roundings give the same bits on every instruction set.
#pragma clang fp contract(off)
    for (long start = first; start < last; start += 4 * PHILOX_BLOCKS) {
        uint32_t words[4 * PHILOX_BLOCKS];
        const long width = smaller(4 * PHILOX_BLOCKS, last - start);
        philox(seed, stream, block + (uint64_t)(start / 4), (width + 3) / 4, words);
        INDEPENDENT for (long i = 0; i < width; ++i)
            output[start + i] = low + (high - low) * philox_uniform(words[i]);
    }
}

KERNEL void concord_random_normal(
    float *output, long first, long last, float mean, float deviation, uint64_t seed, uint64_t stream,
    uint64_t block) {
    for (long start = first; start < last; start += 4 * PHILOX_BLOCKS) {
        uint32_t words[4 * PHILOX_BLOCKS];
        const long width = smaller(4 * PHILOX_BLOCKS, last - start);
        philox(seed, stream, block + (uint64_t)(start / 4), (width + 3) / 4, words);
        float normals[4 * PHILOX_BLOCKS];
        INDEPENDENT for (long pair = 0; pair < (width + 1) / 2; ++pair) {
            const float u = (float)((words[2 * pair] >> 8) + 1) * 0x1p-24f;
            const float radius = deviation * SQUARE_ROOT(-2 * logarithm(u));
            const struct direction at = direction_of(philox_uniform(words[2 * pair + 1]));
            normals[2 * pair] = mean + radius * at.cosine;
            normals[2 * pair + 1] = mean + radius * at.sine;
        }
        memcpy(output + start, normals, (size_t)width * sizeof(float));
    }
}
