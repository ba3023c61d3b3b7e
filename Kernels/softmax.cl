// Softmax or its logarithm over every row, and the derivatives. One work-item owns `block` rows.
#include "common.clh"
#include "line.clh"

__kernel void softmax(__global const float *input, ulong input_offset, __global float *output, ulong output_offset,
                      int rows, int columns, int block, int logarithm)
{
    const int last = min(((int)get_global_id(0) + 1) * block, rows);
    for (int row = (int)get_global_id(0) * block; row < last; row++) {
        __global const float *x = input + input_offset + (ulong)row * columns;
        __global float *y = output + output_offset + (ulong)row * columns;
        const float maximum = line_maximum(x, columns);
        float16 sums = (float16)(0.0f);
        if (logarithm) {
            // The maximum is taken off first: adding it to the logarithm would round the logarithm away.
            const float shift = log(line_exponential_sum(x, columns, maximum));
            for (int i = 0; i < columns; i += LANES)
                store_partial(load_vector(x + i, columns - i) - maximum - shift, y + i, columns - i);
        } else {
            for (int i = 0; i < columns; i += LANES) {
                const float16 power = exp(load_partial(x + i, columns - i, -INFINITY) - maximum);
                sums += power;
                store_partial(power, y + i, columns - i);
            }
            const float scale = 1.0f / sum_lanes(sums);
            for (int i = 0; i < columns; i += LANES)
                store_partial(load_vector(y + i, columns - i) * scale, y + i, columns - i);
        }
    }
}

// Rows count the tasks' rows, one task behind the other; the saved output has `saved_rows` of them.
// dx = y * (dy - sum(dy * y)), with the logarithm dx = dy - exp(y) * sum(dy).
__kernel void softmax_gradient(__global const float *saved, ulong saved_offset, __global const float *deltas,
                               ulong deltas_offset, __global float *result, ulong result_offset, int saved_rows,
                               int rows, int columns, int block, int logarithm)
{
    const int last = min(((int)get_global_id(0) + 1) * block, rows);
    for (int row = (int)get_global_id(0) * block; row < last; row++) {
        __global const float *y = saved + saved_offset + (ulong)(row % saved_rows) * columns;
        __global const float *dy = deltas + deltas_offset + (ulong)row * columns;
        __global float *dx = result + result_offset + (ulong)row * columns;
        float16 sums = (float16)(0.0f);
        for (int i = 0; i < columns; i += LANES) {
            const float16 delta = load_vector(dy + i, columns - i);
            sums += logarithm ? delta : delta * load_vector(y + i, columns - i);
        }
        const float sum = sum_lanes(sums);
        for (int i = 0; i < columns; i += LANES) {
            const float16 value = load_vector(y + i, columns - i);
            const float16 delta = load_vector(dy + i, columns - i);
            store_partial(logarithm ? delta - exp(value) * sum : value * (delta - sum), dx + i, columns - i);
        }
    }
}
