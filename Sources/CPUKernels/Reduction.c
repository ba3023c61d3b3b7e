#include "Elementary.h"

// Sums over rows: `output[row]` from `columns` contiguous elements.
#define ROW_SUM(name, term)                                                                          \
    KERNEL void concord_row_##name(const float *input, long rows, long columns, float *output) {     \
        for (long row = 0; row < rows; ++row) {                                                      \
            const float *const x = input + row * columns;                                            \
            PAIRWISE_SUM(sum, i, columns, term);                                                     \
            output[row] = sum;                                                                       \
        }                                                                                            \
    }

ROW_SUM(sum, x[i])
ROW_SUM(sum_of_squares, x[i] * x[i])

// Sums over columns: `output[column]` from `rows` elements that are `columns` apart.
#define COLUMN_SUM(name, term)                                                                       \
    KERNEL void concord_column_##name(const float *input, long rows, long columns, float *output) {  \
        for (long first = 0; first < columns; first += COLUMN_TILE) {                                \
            const float *const x = input + first;                                                    \
            const long width = smaller(COLUMN_TILE, columns - first);                                \
            PAIRWISE_COLUMN_SUMS(output + first, row, rows, i, width, term);                         \
        }                                                                                            \
    }

COLUMN_SUM(sum, x[row * columns + i])
COLUMN_SUM(sum_of_squares, x[row * columns + i] * x[row * columns + i])

// Replaces the best so far; NaN beats everything.
#define BEATS(x, best, relation) ((x)relation(best) || (x) != (x))

// Independent running results, so that the loop over a row has no serial dependency.
#define RUNNING 16

#define EXTREMUM(name, relation)                                                                        \
    KERNEL void concord_row_##name(const float *input, long rows, long columns, float *output) {        \
        for (long row = 0; row < rows; ++row) {                                                         \
            const float *const x = input + row * columns;                                               \
            float best = x[0];                                                                          \
            long first = 0;                                                                             \
            if (columns >= RUNNING) {                                                                   \
                float running[RUNNING];                                                                 \
                memcpy(running, x, sizeof running);                                                     \
                for (first = RUNNING; first + RUNNING <= columns; first += RUNNING) {                   \
                    INDEPENDENT for (long i = 0; i < RUNNING; ++i)                                      \
                        running[i] = BEATS(x[first + i], running[i], relation) ? x[first + i] : running[i]; \
                }                                                                                       \
                for (long width = RUNNING / 2; width > 0; width /= 2) {                                 \
                    for (long i = 0; i < width; ++i) {                                                  \
                        const float other = running[i + width];                                         \
                        running[i] = BEATS(other, running[i], relation) ? other : running[i];           \
                    }                                                                                   \
                }                                                                                       \
                best = running[0];                                                                      \
            }                                                                                           \
            for (long i = first; i < columns; ++i) best = BEATS(x[i], best, relation) ? x[i] : best;    \
            output[row] = best;                                                                         \
        }                                                                                               \
    }                                                                                                   \
                                                                                                        \
    KERNEL void concord_column_##name(const float *input, long rows, long columns, float *output) {     \
        memcpy(output, input, (size_t)columns * sizeof(float));                                         \
        for (long row = 1; row < rows; ++row) {                                                         \
            const float *const x = input + row * columns;                                               \
            INDEPENDENT for (long i = 0; i < columns; ++i)                                              \
                output[i] = BEATS(x[i], output[i], relation) ? x[i] : output[i];                        \
        }                                                                                               \
    }

EXTREMUM(maximum, >)
EXTREMUM(minimum, <)

// An infinite maximum would turn differences into NaN; the exponentials need no shift then.
INLINE float finite_or_zero(float maximum) { return fabsf(maximum) == INFINITY ? 0 : maximum; }

KERNEL void concord_row_log_sum_exp(const float *input, long rows, long columns, float *output) {
    concord_row_maximum(input, rows, columns, output);
    for (long row = 0; row < rows; ++row) {
        const float *const x = input + row * columns;
        const float shift = finite_or_zero(output[row]);
        PAIRWISE_SUM(sum, i, columns, exponential(x[i] - shift));
        output[row] = shift + logarithm(sum);
    }
}

KERNEL void concord_column_log_sum_exp(const float *input, long rows, long columns, float *output) {
    concord_column_maximum(input, rows, columns, output);
    for (long first = 0; first < columns; first += COLUMN_TILE) {
        const long width = smaller(COLUMN_TILE, columns - first);
        const float *const x = input + first;
        float *const y = output + first;
        float shift[COLUMN_TILE], sums[COLUMN_TILE];
        for (long i = 0; i < width; ++i) shift[i] = finite_or_zero(y[i]);
        PAIRWISE_COLUMN_SUMS(sums, row, rows, i, width, exponential(x[row * columns + i] - shift[i]));
        INDEPENDENT for (long i = 0; i < width; ++i) y[i] = shift[i] + logarithm(sums[i]);
    }
}

KERNEL void concord_row_argmax(const float *input, long rows, long columns, int32_t *output) {
    for (long row = 0; row < rows; ++row) {
        const float *const x = input + row * columns;
        float best = x[0];
        long winner = 0;
        for (long i = 1; i < columns; ++i) {
            if (x[i] > best || (x[i] != x[i] && best == best)) {
                best = x[i];
                winner = i;
            }
        }
        output[row] = (int32_t)winner;
    }
}

KERNEL void concord_column_argmax(const float *input, long rows, long columns, int32_t *output) {
    for (long first = 0; first < columns; first += COLUMN_TILE) {
        const long width = smaller(COLUMN_TILE, columns - first);
        float best[COLUMN_TILE];
        memcpy(best, input + first, (size_t)width * sizeof(float));
        memset(output + first, 0, (size_t)width * sizeof(int32_t));
        for (long row = 1; row < rows; ++row) {
            const float *const x = input + row * columns + first;
            INDEPENDENT for (long i = 0; i < width; ++i) {
                const int wins = (x[i] > best[i]) | ((x[i] != x[i]) & (best[i] == best[i]));
                best[i] = wins ? x[i] : best[i];
                output[first + i] = wins ? (int32_t)row : output[first + i];
            }
        }
    }
}
