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

#define EXTREMUM(name, relation)                                                                        \
    INLINE float name##_of(const float *x, long count) {                                                \
        float best = x[0];                                                                              \
        long first = 0;                                                                                 \
        if (count >= RUNNING) {                                                                         \
            float running[RUNNING];                                                                     \
            memcpy(running, x, sizeof running);                                                         \
            for (first = RUNNING; first + RUNNING <= count; first += RUNNING) {                         \
                INDEPENDENT for (long i = 0; i < RUNNING; ++i)                                          \
                    running[i] = BEATS(x[first + i], running[i], relation) ? x[first + i] : running[i]; \
            }                                                                                           \
            for (long width = RUNNING / 2; width > 0; width /= 2) {                                     \
                for (long i = 0; i < width; ++i) {                                                      \
                    const float other = running[i + width];                                             \
                    running[i] = BEATS(other, running[i], relation) ? other : running[i];               \
                }                                                                                       \
            }                                                                                           \
            best = running[0];                                                                          \
        }                                                                                               \
        for (long i = first; i < count; ++i) best = BEATS(x[i], best, relation) ? x[i] : best;          \
        return best;                                                                                    \
    }                                                                                                   \
                                                                                                        \
    KERNEL void concord_row_##name(const float *input, long rows, long columns, float *output) {        \
        for (long row = 0; row < rows; ++row) output[row] = name##_of(input + row * columns, columns);  \
    }                                                                                                   \
                                                                                                        \
    KERNEL void concord_column_##name(const float *input, long rows, long columns, float *output) {     \
        for (long first = 0; first < columns; first += COLUMN_TILE) {                                   \
            const float *const x = input + first;                                                       \
            const long width = smaller(COLUMN_TILE, columns - first);                                   \
            float best[COLUMN_TILE];                                                                    \
            memcpy(best, x, (size_t)width * sizeof(float));                                             \
            FOR_EACH_ROW(                                                                               \
                row, 1, rows, i, width,                                                                 \
                best[i] = BEATS(x[row * columns + i], best[i], relation) ? x[row * columns + i] : best[i]); \
            memcpy(output + first, best, (size_t)width * sizeof(float));                                \
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

// Elements whose maximum is looked for first, and then its place, while they are in the first-level cache.
#define SEARCHED 2048

// The place of the first element that is `value`, or NaN where that is NaN; there is one.
INLINE long place_of(float value, const float *x, long count) {
    long first = 0;
    for (; first + LANES <= count; first += LANES) {
        int found = 0;
        for (long i = 0; i < LANES; ++i) found |= (x[first + i] == value) | (x[first + i] != x[first + i]);
        if (found) break;
    }
    while (x[first] != value && x[first] == x[first]) ++first;
    return first;
}

KERNEL void concord_row_argmax(const float *input, long rows, long columns, int32_t *output, float *largest) {
    for (long row = 0; row < rows; ++row) {
        const float *const x = input + row * columns;
        float best = x[0];
        long winner = 0;
        for (long first = 0; first < columns; first += SEARCHED) {
            const long count = smaller(SEARCHED, columns - first);
            const float value = maximum_of(x + first, count);
            if (value > best || (value != value && best == best)) {
                best = value;
                winner = first + place_of(value, x + first, count);
            }
        }
        output[row] = (int32_t)winner;
        if (largest) largest[row] = best;
    }
}

KERNEL void concord_column_argmax(const float *input, long rows, long columns, int32_t *output, float *largest) {
    for (long first = 0; first < columns; first += COLUMN_TILE) {
        const long width = smaller(COLUMN_TILE, columns - first);
        const float *const x = input + first;
        float best[COLUMN_TILE];
        int32_t winner[COLUMN_TILE] = {};
        memcpy(best, x, (size_t)width * sizeof(float));
        FOR_EACH_ROW(row, 1, rows, i, width, {
            const float value = x[row * columns + i];
            const int wins = !(value <= best[i]) & (best[i] == best[i]);
            best[i] = wins ? value : best[i];
            winner[i] = wins ? (int32_t)row : winner[i];
        });
        memcpy(output + first, winner, (size_t)width * sizeof(int32_t));
        if (largest) memcpy(largest + first, best, (size_t)width * sizeof(float));
    }
}

KERNEL void concord_argmax_of_parts(
    const float *largest, const int32_t *winners, long parts, long columns, long part_length, int32_t *output) {
    for (long column = 0; column < columns; ++column) {
        float best = largest[column];
        long winner = 0;
        for (long part = 1; part < parts; ++part) {
            const float x = largest[part * columns + column];
            if (x > best || (x != x && best == best)) {
                best = x;
                winner = part;
            }
        }
        output[column] = (int32_t)(winner * part_length) + winners[winner * columns + column];
    }
}
