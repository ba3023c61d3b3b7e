// What the kernels of this target share: instruction sets, loop annotations and sums with bounded error.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "CPUKernels.h"

// Compiles a function for several instruction sets and picks one when the program starts.
#if defined(__x86_64__) && defined(__ELF__)
#define KERNEL \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"), min_vector_width(512)))
#else
#define KERNEL
#endif

// A part of a kernel: it must be inlined to be compiled for the kernel's instruction set.
#define INLINE static inline __attribute__((always_inline))

// The iterations of the next loop do not depend on each other, even where input and output are the same memory.
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety) interleave(enable)")

// The next loop has a constant number of iterations, and what it indexes is to stay in registers.
#define UNROLLED _Pragma("clang loop unroll(full)")

// Sixteen numbers in vector registers: one register of AVX-512, two of AVX2, four of SSE.
#define LANES 16
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

#define LOAD_LANES(vector, address) memcpy(&(vector), (address), sizeof(lanes))
#define STORE_LANES(address, vector) memcpy((address), &(vector), sizeof(lanes))

INLINE float sum_of_lanes(const lanes *x) {
    float v[LANES];
    STORE_LANES(v, *x);
    for (int width = LANES / 2; width > 0; width /= 2) {
        for (int i = 0; i < width; ++i) v[i] += v[i + width];
    }
    return v[0];
}

// Sums run over blocks whose sums are added in a binary tree, so that the rounding error grows with the logarithm of
// the count. The tree is that of a binary counter: a stack holds the sum of one finished subtree per set bit.
#define SUM_BLOCK 512
#define SUM_LEVELS 48

// Declares `result` as the sum of `term` over `index` in [0, count).
#define PAIRWISE_SUM(result, index, count, term)                                          \
    float result = 0;                                                                     \
    do {                                                                                  \
        float subtrees_[SUM_LEVELS];                                                      \
        int depth_ = 0;                                                                   \
        for (long first_ = 0; first_ < (count); first_ += SUM_BLOCK) {                    \
            const long last_ = first_ + SUM_BLOCK < (count) ? first_ + SUM_BLOCK : (count); \
            float sum_ = 0;                                                               \
            for (long index = first_; index < last_; ++index) {                           \
                _Pragma("clang fp reassociate(on)") sum_ += (term);                       \
            }                                                                             \
            for (long bits_ = first_ / SUM_BLOCK; bits_ & 1; bits_ >>= 1) sum_ += subtrees_[--depth_]; \
            subtrees_[depth_++] = sum_;                                                   \
        }                                                                                 \
        while (depth_ > 0) result += subtrees_[--depth_];                                 \
    } while (0)

// The same for every column of a matrix, at most COLUMN_TILE columns at a time: long pieces of rows are read in order,
// and the running sums stay in the first-level cache.
#define COLUMN_TILE 1024
#define COLUMN_BLOCK 32
#define COLUMN_LEVELS 32

// Writes the sums of `term` over `row` in [0, rows) to `sums[column]` for `column` in [0, width).
#define PAIRWISE_COLUMN_SUMS(sums, row, rows, column, width, term)                        \
    do {                                                                                  \
        float subtrees_[COLUMN_LEVELS][COLUMN_TILE];                                      \
        int depth_ = 0;                                                                   \
        for (long first_ = 0; first_ < (rows); first_ += COLUMN_BLOCK) {                  \
            const long last_ = first_ + COLUMN_BLOCK < (rows) ? first_ + COLUMN_BLOCK : (rows); \
            float *const block_ = subtrees_[depth_];                                      \
            memset(block_, 0, (size_t)(width) * sizeof(float));                           \
            FOR_EACH_ROW(row, first_, last_, column, width, block_[column] += (term));    \
            for (long bits_ = first_ / COLUMN_BLOCK; bits_ & 1; bits_ >>= 1) {            \
                --depth_;                                                                 \
                INDEPENDENT for (long column = 0; column < (width); ++column)             \
                    subtrees_[depth_][column] += subtrees_[depth_ + 1][column];           \
            }                                                                             \
            ++depth_;                                                                     \
        }                                                                                 \
        memset((sums), 0, (size_t)(width) * sizeof(float));                               \
        while (depth_ > 0) {                                                              \
            --depth_;                                                                     \
            INDEPENDENT for (long column = 0; column < (width); ++column)                 \
                (sums)[column] += subtrees_[depth_][column];                              \
        }                                                                                 \
    } while (0)

// Executes `statement` for every row and column, for four rows together: what belongs to a column is loaded and stored
// once for all of them.
#define FOR_EACH_ROW(row, first, last, column, width, statement)                          \
    do {                                                                                  \
        long next_ = (first);                                                             \
        for (; next_ + 4 <= (last); next_ += 4) {                                         \
            INDEPENDENT for (long column = 0; column < (width); ++column) {               \
                { const long row = next_; statement; }                                    \
                { const long row = next_ + 1; statement; }                                \
                { const long row = next_ + 2; statement; }                                \
                { const long row = next_ + 3; statement; }                                \
            }                                                                             \
        }                                                                                 \
        for (; next_ < (last); ++next_) {                                                 \
            const long row = next_;                                                       \
            INDEPENDENT for (long column = 0; column < (width); ++column) statement;      \
        }                                                                                 \
    } while (0)

// Independent running extremes, so that a loop over a row has no serial dependency.
#define RUNNING 64

// The row's maximum without regard to NaN, which reaches every result through the sum of the exponentials.
INLINE float row_maximum(const float *x, long columns) {
    float best = x[0];
    long first = 0;
    if (columns >= RUNNING) {
        float running[RUNNING];
        memcpy(running, x, sizeof running);
        for (first = RUNNING; first + RUNNING <= columns; first += RUNNING) {
            INDEPENDENT for (long i = 0; i < RUNNING; ++i)
                running[i] = x[first + i] > running[i] ? x[first + i] : running[i];
        }
        for (long width = RUNNING / 2; width > 0; width /= 2) {
            for (long i = 0; i < width; ++i)
                running[i] = running[i + width] > running[i] ? running[i + width] : running[i];
        }
        best = running[0] > best ? running[0] : best;
    }
    for (long i = first; i < columns; ++i) best = x[i] > best ? x[i] : best;
    return best;
}

// The square root as an instruction: `sqrtf` may set `errno`, which keeps a loop from being vectorised.
#define SQUARE_ROOT(x) __builtin_elementwise_sqrt(x)

INLINE long smaller(long a, long b) { return a < b ? a : b; }

// NaN passes through both.
INLINE float rectified(float x, float ceiling) { return x < 0 ? 0 : x > ceiling ? ceiling : x; }

// The largest value that an activation lets through.
INLINE float activation_ceiling(enum concord_activation activation) {
    return activation == concord_activation_relu6 ? 6 : INFINITY;
}
