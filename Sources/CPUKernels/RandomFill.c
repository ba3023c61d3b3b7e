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
        for (long i = 0; i < width; i += 2) {
            const double u = ((double)(words[i] >> 8) + 1) * 0x1p-24;
            const double angle = (double)(words[i + 1] >> 8) * 0x1p-24 * 6.283185307179586;
            const double radius = sqrt(-2 * log(u));
            output[start + i] = mean + deviation * (float)(radius * cos(angle));
            if (i + 1 < width) output[start + i + 1] = mean + deviation * (float)(radius * sin(angle));
        }
    }
}
