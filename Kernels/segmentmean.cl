// The mean over segments of rows, and its derivative.
#include "common.clh"

// Dimension 0 counts vectors of the width, 1 segments.
__kernel void segment_mean(__global const float *input, ulong input_offset, __global const int *starts,
                           ulong starts_offset, __global float *result, ulong result_offset, int segments, int width)
{
    const int c = (int)get_global_id(0) * LANES;
    const int segment = (int)get_global_id(1);
    if (c >= width || segment >= segments) return;
    const int first = starts[starts_offset + segment];
    const int end = starts[starts_offset + segment + 1];
    input += input_offset + c;
    float16 sum = (float16)(0.0f);
    for (int row = first; row < end; row++) sum += load_vector(input + (ulong)row * width, width - c);
    const float factor = end > first ? 1.0f / (end - first) : 0.0f;
    store_partial(sum * factor, result + result_offset + (ulong)segment * width + c, width - c);
}

// Dimension 0 counts vectors of the width, 1 segments of all tasks. The first and the last segment also own the rows
// before and behind, whose gradient is 0.
__kernel void segment_mean_gradient(__global const int *starts, ulong starts_offset, __global const float *deltas,
                                    ulong deltas_offset, __global float *result, ulong result_offset, int rows,
                                    int segments, int width, int tasks)
{
    const int c = (int)get_global_id(0) * LANES;
    const int place = (int)get_global_id(1);
    if (c >= width || place >= tasks * segments) return;
    const int segment = place % segments;
    const int first = starts[starts_offset + segment];
    const int end = starts[starts_offset + segment + 1];
    result += result_offset + (ulong)(place / segments) * rows * width + c;
    const float16 delta =
        load_vector(deltas + deltas_offset + (ulong)place * width + c, width - c) * (1.0f / (end - first));
    const int last = segment == segments - 1 ? rows : end;
    for (int row = segment == 0 ? 0 : first; row < last; row++)
        store_partial(row >= first && row < end ? delta : (float16)(0.0f), result + (ulong)row * width, width - c);
}
