#include "Philox.h"

KERNEL void concord_dropout(
    const float *input, float *output, long first, long last, long count, long tasks, float probability,
    uint64_t seed, uint64_t stream, uint64_t block) {
    const float scale = 1 / (1 - probability);
    for (long start = first; start < last; start += 4 * PHILOX_BLOCKS) {
        uint32_t words[4 * PHILOX_BLOCKS];
        const long width = smaller(4 * PHILOX_BLOCKS, last - start);
        philox(seed, stream, block + (uint64_t)(start / 4), (width + 3) / 4, words);
        for (long task = 0; task < tasks; ++task) {
            const float *const x = input + task * count + start;
            float *const y = output + task * count + start;
            INDEPENDENT for (long i = 0; i < width; ++i)
                y[i] = philox_uniform(words[i]) < probability ? 0 : x[i] * scale;
        }
    }
}
