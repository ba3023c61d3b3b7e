// Folds the middle axis of [outer, axis, inner].
//
// A long axis is cut into pieces; every piece leaves one line of [outer, pieces, inner], which is folded again. The
// tree depends on the shape alone. FUNCTION has the numbers of `Reduction.Function`.
#include "common.clh"

// Few vectors are kept in registers, many in the first-level cache.
#if VECTORS <= 4
#define EACH_VECTOR _Pragma("unroll")
#else
#define EACH_VECTOR _Pragma("nounroll")
#endif

#define SUM 0
#define MEAN 1
#define MAXIMUM 2
#define MINIMUM 3
#define SUM_OF_SQUARES 4
#define LOG_SUM_EXP 5
#define ARGMAX 6

#if FUNCTION == MAXIMUM || FUNCTION == LOG_SUM_EXP || FUNCTION == ARGMAX
#define NEUTRAL (-INFINITY)
#elif FUNCTION == MINIMUM
#define NEUTRAL INFINITY
#else
#define NEUTRAL 0.0f
#endif

// What the exponents of a sum are taken around: an infinite maximum would make them NaN.
static float16 pivot_of(float16 maximum) { return select(maximum, (float16)(0.0f), isinf(maximum)); }

static float16 fold(float16 state, float16 value)
{
#if FUNCTION == SUM_OF_SQUARES
    return fma(value, value, state);
#elif FUNCTION == MAXIMUM || FUNCTION == LOG_SUM_EXP || FUNCTION == ARGMAX
    return larger(value, state);
#elif FUNCTION == MINIMUM
    return smaller(value, state);
#else
    return state + value;
#endif
}

// The place of the first element of [begin, end) that is `value`, or NaN where that is NaN.
static int place_of(float value, __global const float *line, int begin, int end)
{
    int i = begin;
    for (; i + 4 * LANES <= end && !isnan(value); i += 4 * LANES) {
        const int16 found = vload16(0, line + i) == value | vload16(1, line + i) == value |
                            vload16(2, line + i) == value | vload16(3, line + i) == value;
        if (any(found)) break;
    }
    while (i + 1 < end && line[i] != value && !isnan(line[i])) i++;
    return i;
}

// inner = 1: one work-item folds one piece of `block` neighbouring lines.
// Dimension 0 counts pieces, 1 blocks of lines.
__kernel void reduce_lines(__global const float *input, ulong input_offset, __global float *result,
                           ulong result_offset, int outer, int axis, int pieces, int piece, int block, float divisor)
{
    const int begin = (int)get_global_id(0) * piece;
    const int end = min(begin + piece, axis);
    const int last = min(((int)get_global_id(1) + 1) * block, outer);
    if ((int)get_global_id(0) >= pieces) return;
    for (int row = (int)get_global_id(1) * block; row < last; row++) {
        __global const float *line = input + input_offset + (ulong)row * axis;
        __global float *place = result + result_offset + (ulong)row * pieces + get_global_id(0);
        float16 first = (float16)(NEUTRAL), second = first, third = first, fourth = first;
        int i = begin;
        for (; i + 4 * LANES <= end; i += 4 * LANES) {
            first = fold(first, vload16(0, line + i));
            second = fold(second, vload16(1, line + i));
            third = fold(third, vload16(2, line + i));
            fourth = fold(fourth, vload16(3, line + i));
        }
        for (; i < end; i += LANES) first = fold(first, load_partial(line + i, end - i, NEUTRAL));
#if FUNCTION == SUM || FUNCTION == MEAN || FUNCTION == SUM_OF_SQUARES
        *place = sum_lanes((first + second) + (third + fourth)) / divisor;
#else
        first = fold(fold(first, second), fold(third, fourth));
#if FUNCTION == ARGMAX
        // The line is in the cache by now.
        *(__global int *)place = place_of(largest_lane(first), line, begin, end);
#elif FUNCTION == MAXIMUM
        *place = largest_lane(first);
#elif FUNCTION == MINIMUM
        *place = -largest_lane(-first);
#elif FUNCTION == LOG_SUM_EXP
        const float pivot = pivot_of((float16)(largest_lane(first))).s0;
        float16 sum = (float16)(0.0f);
        for (i = begin; i < end; i += LANES) sum += exp(load_partial(line + i, end - i, -INFINITY) - pivot);
        *place = log(sum_lanes(sum)) + pivot;
#endif
#endif
    }
}

// inner > 1: one work-item folds one piece of VECTORS vectors of neighbouring columns.
// Dimension 0 counts groups of columns, 1 pieces, 2 the outer axis.
__kernel void reduce_columns(__global const float *input, ulong input_offset, __global float *result,
                             ulong result_offset, int outer, int axis, int inner, int pieces, int piece, float divisor)
{
    const int column = (int)get_global_id(0) * VECTORS * LANES;
    const int begin = (int)get_global_id(1) * piece;
    const int end = min(begin + piece, axis);
    if (column >= inner || (int)get_global_id(1) >= pieces || get_global_id(2) >= outer) return;
    input += input_offset;
    const ulong size = (ulong)outer * axis * inner;
    const ulong origin = get_global_id(2) * axis * inner + column;
    __global float *place =
        result + result_offset + (get_global_id(2) * pieces + get_global_id(1)) * inner + column;
    const int vectors = VECTORS <= 4 ? VECTORS : min(VECTORS, (inner - column + LANES - 1) / LANES);
    // Rows before `whole_end` can be read as whole vectors.
    const long readable = (long)(size - origin) - vectors * LANES;
    const int whole_end = readable < 0 ? begin : (int)min((long)end, readable / inner + 1);
    float16 states[VECTORS];
#if FUNCTION == ARGMAX
    int16 winners[VECTORS];
#define TAKE(row, value)                                                                                               \
    {                                                                                                                  \
        const float16 candidate = value;                                                                               \
        const int16 wins = ~(candidate <= state) & (state == state);                                                   \
        state = select(state, candidate, wins);                                                                        \
        winner = select(winner, (int16)(row), wins);                                                                   \
    }
#else
#define TAKE(row, value) state = fold(state, value);
#endif
EACH_VECTOR
    for (int v = 0; v < vectors; v++) {
        states[v] = (float16)(NEUTRAL);
#if FUNCTION == ARGMAX
        winners[v] = (int16)(begin);
#endif
    }
    // A state is loaded and stored once for several rows.
    int row = begin;
    while (row < end) {
        const int count = row + 4 <= whole_end ? 4 : 1;
EACH_VECTOR
        for (int v = 0; v < vectors; v++) {
            const ulong place = origin + (ulong)row * inner + v * LANES;
            float16 state = states[v];
#if FUNCTION == ARGMAX
            int16 winner = winners[v];
#endif
            if (count == 4) {
                TAKE(row, vload16(0, input + place))
                TAKE(row + 1, vload16(0, input + place + inner))
                TAKE(row + 2, vload16(0, input + place + 2 * (ulong)inner))
                TAKE(row + 3, vload16(0, input + place + 3 * (ulong)inner))
            } else {
                TAKE(row, load_within(input, place, size))
            }
            states[v] = state;
#if FUNCTION == ARGMAX
            winners[v] = winner;
#endif
        }
        row += count;
    }
#undef TAKE
#if FUNCTION == LOG_SUM_EXP
    float16 sums[VECTORS];
EACH_VECTOR
    for (int v = 0; v < vectors; v++) {
        states[v] = pivot_of(states[v]);
        sums[v] = (float16)(0.0f);
    }
    for (row = begin; row < end; row++) {
EACH_VECTOR
        for (int v = 0; v < vectors; v++)
            sums[v] += exp(load_within(input, origin + (ulong)row * inner + v * LANES, size) - states[v]);
    }
#endif
EACH_VECTOR
    for (int v = 0; v < vectors; v++) {
#if FUNCTION == ARGMAX
        const float16 value = as_float16(winners[v]);
#elif FUNCTION == LOG_SUM_EXP
        const float16 value = log(sums[v]) + states[v];
#elif FUNCTION == SUM || FUNCTION == MEAN || FUNCTION == SUM_OF_SQUARES
        const float16 value = states[v] / divisor;
#else
        const float16 value = states[v];
#endif
        store_partial(value, place + v * LANES, inner - column - v * LANES);
    }
}

#if FUNCTION == ARGMAX
// Picks the winner of every line of [outer, axis, inner] from those of its pieces; one work-item owns one result.
__kernel void argmax_winner(__global const float *input, ulong input_offset, __global const int *winners,
                            ulong winners_offset, __global int *result, ulong result_offset, int outer, int axis,
                            int inner, int pieces)
{
    const int index = (int)get_global_id(0);
    if (index >= outer * inner) return;
    const int row = index / inner;
    const int column = index - row * inner;
    input += input_offset + (ulong)row * axis * inner + column;
    winners += winners_offset + (ulong)row * pieces * inner + column;
    int winner = winners[0];
    float best = input[(ulong)winner * inner];
    for (int i = 1; i < pieces; i++) {
        const int candidate = winners[(ulong)i * inner];
        const float value = input[(ulong)candidate * inner];
        // Pieces come in order, so an equal value never wins.
        if (value > best || (isnan(value) && !isnan(best))) {
            best = value;
            winner = candidate;
        }
    }
    result[result_offset + index] = winner;
}
#endif
