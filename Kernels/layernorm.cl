// Layer normalisation over [rows, columns]. One work-item owns `block` rows; statistics [rows, 2] are mean and
// reciprocal deviation.
#include "common.clh"

__kernel void layernorm(__global const float *input, ulong input_offset, __global const float *gamma,
                        ulong gamma_offset, __global const float *beta, ulong beta_offset, __global float *output,
                        ulong output_offset, __global float *statistics, ulong statistics_offset, int rows, int columns,
                        int block, float epsilon)
{
    gamma += gamma_offset;
    beta += beta_offset;
    statistics += statistics_offset;
    const int last = min(((int)get_global_id(0) + 1) * block, rows);
    for (int row = (int)get_global_id(0) * block; row < last; row++) {
        __global const float *x = input + input_offset + (ulong)row * columns;
        __global float *y = output + output_offset + (ulong)row * columns;
        const float rounded = sum_line(x, columns) / columns;
        // What rounding the mean has left over counts in the mean and in the variance.
        float16 rests = (float16)(0.0f), squares = rests;
        for (int i = 0; i < columns; i += LANES) {
            const float16 distance = load_partial(x + i, columns - i, rounded) - rounded;
            rests += distance;
            squares = fma(distance, distance, squares);
        }
        const float rest = sum_lanes(rests) / columns;
        const float variance = max(sum_lanes(squares) / columns - rest * rest, 0.0f);
        const float reciprocal = 1.0f / sqrt(variance + epsilon);
        for (int i = 0; i < columns; i += LANES) {
            const float16 normalised = ((load_vector(x + i, columns - i) - rounded) - rest) * reciprocal;
            store_partial(fma(normalised, load_vector(gamma + i, columns - i), load_vector(beta + i, columns - i)),
                          y + i, columns - i);
        }
        statistics[2 * row] = rounded + rest;
        statistics[2 * row + 1] = reciprocal;
    }
}

// Rows count the tasks' rows, one task behind the other; the input has `saved_rows` of them.
// With g = dy * gamma: dx = r * (g - mean(g) - xhat * mean(g * xhat)).
__kernel void layernorm_input_gradient(__global const float *input, ulong input_offset,
                                       __global const float *statistics, ulong statistics_offset,
                                       __global const float *gamma, ulong gamma_offset, __global const float *deltas,
                                       ulong deltas_offset, __global float *result, ulong result_offset, int saved_rows,
                                       int rows, int columns, int block)
{
    gamma += gamma_offset;
    statistics += statistics_offset;
    const int last = min(((int)get_global_id(0) + 1) * block, rows);
    for (int row = (int)get_global_id(0) * block; row < last; row++) {
        const int saved = row % saved_rows;
        __global const float *x = input + input_offset + (ulong)saved * columns;
        __global const float *dy = deltas + deltas_offset + (ulong)row * columns;
        __global float *dx = result + result_offset + (ulong)row * columns;
        const float mean = statistics[2 * saved];
        const float reciprocal = statistics[2 * saved + 1];
        float16 sums = (float16)(0.0f), products = sums;
        for (int i = 0; i < columns; i += LANES) {
            const float16 g = load_vector(dy + i, columns - i) * load_vector(gamma + i, columns - i);
            sums += g;
            products = fma(g, (load_vector(x + i, columns - i) - mean) * reciprocal, products);
        }
        const float first = sum_lanes(sums) / columns;
        const float second = sum_lanes(products) / columns;
        for (int i = 0; i < columns; i += LANES) {
            const float16 g = load_vector(dy + i, columns - i) * load_vector(gamma + i, columns - i);
            const float16 normalised = (load_vector(x + i, columns - i) - mean) * reciprocal;
            store_partial(reciprocal * ((g - first) - normalised * second), dx + i, columns - i);
        }
    }
}

// Sums of dy * xhat and dy of every block and task: sums [blocks, 2, tasks, columns]. Dimension 0 counts blocks, 1 tasks,
// 2 runs of COLUMNS vectors.
__kernel void layernorm_parameter_sums(__global const float *input, ulong input_offset,
                                       __global const float *statistics, ulong statistics_offset,
                                       __global const float *deltas, ulong deltas_offset, __global float *sums,
                                       ulong sums_offset, int rows, int columns, int block, int tasks)
{
    const int first = (int)get_global_id(0) * block;
    const int last = min(first + block, rows);
    const int task = (int)get_global_id(1);
    const int c = (int)get_global_id(2) * COLUMNS * LANES;
    if (first >= rows || task >= tasks || c >= columns) return;
    input += input_offset;
    statistics += statistics_offset;
    deltas += deltas_offset + (ulong)task * rows * columns;
    sums += sums_offset + ((ulong)get_global_id(0) * 2 * tasks + task) * columns;
    const ulong size = (ulong)rows * columns;
    float16 products[COLUMNS];
    float16 totals[COLUMNS];
#pragma unroll
    for (int v = 0; v < COLUMNS; v++) products[v] = totals[v] = (float16)(0.0f);
    for (int row = first; row < last; row++) {
        const ulong line = (ulong)row * columns + c;
        const float mean = statistics[2 * row];
        const float reciprocal = statistics[2 * row + 1];
#pragma unroll
        for (int v = 0; v < COLUMNS; v++) {
            const float16 delta = load_within(deltas, line + v * LANES, size);
            products[v] = fma(delta, (load_within(input, line + v * LANES, size) - mean) * reciprocal, products[v]);
            totals[v] += delta;
        }
    }
#pragma unroll
    for (int v = 0; v < COLUMNS; v++) {
        const int place = c + v * LANES;
        store_partial(products[v], sums + place, columns - place);
        store_partial(totals[v], sums + (ulong)tasks * columns + place, columns - place);
    }
}

// Adds the blocks' sums in order. One work-item owns 16 of the `count` sums over tasks and columns.
__kernel void layernorm_parameter_gradient(__global const float *sums, ulong sums_offset,
                                           __global float *gamma_gradient, ulong gamma_gradient_offset,
                                           __global float *beta_gradient, ulong beta_gradient_offset, int count,
                                           int blocks)
{
    const int i = (int)get_global_id(0) * LANES;
    if (i >= count) return;
    sums += sums_offset + i;
    float16 products = (float16)(0.0f), totals = products;
    for (int block = 0; block < blocks; block++) {
        products += load_vector(sums + (ulong)2 * block * count, count - i);
        totals += load_vector(sums + (ulong)(2 * block + 1) * count, count - i);
    }
    store_partial(products, gamma_gradient + gamma_gradient_offset + i, count - i);
    store_partial(totals, beta_gradient + beta_gradient_offset + i, count - i);
}
