// The counter-based generator Philox4x32-10 of Salmon et al., SC 2011.
#pragma once

#include "Kernel.h"

// Numbers of blocks that are drawn at a time.
#define PHILOX_BLOCKS 64

// Writes the four words of `blocks` consecutive blocks.
INLINE void philox(
    uint64_t seed, uint64_t stream, uint64_t block, long blocks, uint32_t words[4 * PHILOX_BLOCKS]) {
    INDEPENDENT for (long i = 0; i < blocks; ++i) {
        const uint64_t position = block + (uint64_t)i;
        uint32_t c0 = (uint32_t)position, c1 = (uint32_t)(position >> 32);
        uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
        uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
        for (int round = 0; round < 10; ++round) {
            const uint64_t first = (uint64_t)c0 * 0xD2511F53u;
            const uint64_t second = (uint64_t)c2 * 0xCD9E8D57u;
            c0 = (uint32_t)(second >> 32) ^ c1 ^ k0;
            c1 = (uint32_t)second;
            c2 = (uint32_t)(first >> 32) ^ c3 ^ k1;
            c3 = (uint32_t)first;
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        words[4 * i] = c0;
        words[4 * i + 1] = c1;
        words[4 * i + 2] = c2;
        words[4 * i + 3] = c3;
    }
}

// A uniform number in [0, 1) from the 24 high bits of a word.
INLINE float philox_uniform(uint32_t word) { return (float)(word >> 8) * 0x1p-24f; }
