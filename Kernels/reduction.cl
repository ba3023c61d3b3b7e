// Folds the middle axis of [outer, axis, inner].
//
// A long axis is cut into pieces; every piece leaves one line of [outer, pieces, inner], which is folded again. The
// tree depends on the shape alone. FUNCTION has the numbers of `Reduction.Function`.
#include "common.clh"

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

#if FUNCTION == ARGMAX

#define NO_INDEX INT_MAX

typedef struct {
    float16 value;
    int16 index;
} State;

static State start(void)
{
    State state = {(float16)(NEUTRAL), (int16)(NO_INDEX)};
    return state;
}

// Keeps the larger value, the first one among equals; NaN is larger than everything.
static State combine(State state, float16 value, int16 index)
{
    const int16 same = value == state.value || (isnan(value) && isnan(state.value));
    const int16 wins = value > state.value || (isnan(value) && !isnan(state.value)) || (same && index < state.index);
    state.value = select(state.value, value, wins);
    state.index = select(state.index, index, wins);
    return state;
}

static int finish_lanes(State state)
{
    float values[LANES];
    int indices[LANES];
    vstore16(state.value, 0, values);
    vstore16(state.index, 0, indices);
    float best = values[0];
    int winner = indices[0];
#pragma unroll
    for (int i = 1; i < LANES; i++) {
        const int same = values[i] == best || (isnan(values[i]) && isnan(best));
        if (values[i] > best || (isnan(values[i]) && !isnan(best)) || (same && indices[i] < winner)) {
            best = values[i];
            winner = indices[i];
        }
    }
    return winner;
}

#else

typedef float16 State;

static State start(void) { return (float16)(NEUTRAL); }

static State combine(State state, float16 value)
{
#if FUNCTION == SUM_OF_SQUARES
    return fma(value, value, state);
#elif FUNCTION == MAXIMUM || FUNCTION == LOG_SUM_EXP
    return larger(value, state);
#elif FUNCTION == MINIMUM
    return smaller(value, state);
#else
    return state + value;
#endif
}

#endif

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
#if FUNCTION == ARGMAX
        const int16 lane = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        State state = start();
        for (int i = begin; i < end; i += LANES) {
            const int16 index = select((int16)(NO_INDEX), lane + i, lane + i < end);
            state = combine(state, load_partial(line + i, end - i, NEUTRAL), index);
        }
        *(__global int *)place = finish_lanes(state);
#else
        State first = start(), second = start(), third = start(), fourth = start();
        int i = begin;
        for (; i + 4 * LANES <= end; i += 4 * LANES) {
            first = combine(first, vload16(0, line + i));
            second = combine(second, vload16(1, line + i));
            third = combine(third, vload16(2, line + i));
            fourth = combine(fourth, vload16(3, line + i));
        }
        for (; i < end; i += LANES) first = combine(first, load_partial(line + i, end - i, NEUTRAL));
#if FUNCTION == SUM || FUNCTION == MEAN || FUNCTION == SUM_OF_SQUARES
        *place = sum_lanes((first + second) + (third + fourth)) / divisor;
#else
        first = combine(combine(first, second), combine(third, fourth));
#if FUNCTION == MAXIMUM
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
#define LINE(row, v) load_within(input, origin + (ulong)(row) * inner + (v) * LANES, size)
    State states[VECTORS];
#pragma unroll
    for (int v = 0; v < VECTORS; v++) states[v] = start();
    for (int row = begin; row < end; row++) {
#pragma unroll
        for (int v = 0; v < VECTORS; v++) {
#if FUNCTION == ARGMAX
            states[v] = combine(states[v], LINE(row, v), (int16)(row));
#else
            states[v] = combine(states[v], LINE(row, v));
#endif
        }
    }
#if FUNCTION == LOG_SUM_EXP
    float16 sums[VECTORS];
#pragma unroll
    for (int v = 0; v < VECTORS; v++) {
        states[v] = pivot_of(states[v]);
        sums[v] = (float16)(0.0f);
    }
    for (int row = begin; row < end; row++) {
#pragma unroll
        for (int v = 0; v < VECTORS; v++) sums[v] += exp(LINE(row, v) - states[v]);
    }
#endif
#undef LINE
#pragma unroll
    for (int v = 0; v < VECTORS; v++) {
#if FUNCTION == ARGMAX
        const float16 value = as_float16(states[v].index);
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
