// Rows of a table by their indices, and the derivative by the table.
#include "common.clh"

// One work-item owns `block` rows of the result. An index that does not exist makes a row NaN.
__kernel void embedding(__global const float *table, ulong table_offset, __global const int *indices,
                        ulong indices_offset, __global float *result, ulong result_offset, int vocabulary, int width,
                        int count, int block)
{
    table += table_offset;
    indices += indices_offset;
    result += result_offset;
    const int last = min(((int)get_global_id(0) + 1) * block, count);
    for (int place = (int)get_global_id(0) * block; place < last; place++) {
        const int index = indices[place];
        const int exists = index >= 0 && index < vocabulary;
        for (int i = 0; i < width; i += LANES) {
            const float16 value = exists ? load_vector(table + (ulong)index * width + i, width - i) : (float16)(NAN);
            store_partial(value, result + (ulong)place * width + i, width - i);
        }
    }
}

static void add_row(__global const float *row, __global float *sum, int width)
{
    for (int i = 0; i < width; i += LANES)
        store_partial(load_vector(sum + i, width - i) + load_vector(row + i, width - i), sum + i, width - i);
}

// One work-item owns a row of one task's gradient and looks at all indices for its own, in their order: nothing is
// added by two work-items, and the sum has the same bits every time.
__kernel void embedding_gradient(__global const int *indices, ulong indices_offset, __global const float *cotangents,
                                 ulong cotangents_offset, __global float *result, ulong result_offset, int vocabulary,
                                 int width, int count, int tasks)
{
    const int row = (int)get_global_id(0);
    const int task = (int)get_global_id(1);
    if (row >= vocabulary || task >= tasks) return;
    indices += indices_offset;
    cotangents += cotangents_offset + (ulong)task * count * width;
    result += result_offset + ((ulong)task * vocabulary + row) * width;
    for (int i = 0; i < width; i += LANES) store_partial((float16)(0.0f), result + i, width - i);
    int place = 0;
    for (; place + LANES <= count; place += LANES) {
        if (!any(vload16(0, indices + place) == row)) continue;
        for (int lane = place; lane < place + LANES; lane++)
            if (indices[lane] == row) add_row(cotangents + (ulong)lane * width, result, width);
    }
    for (; place < count; place++)
        if (indices[place] == row) add_row(cotangents + (ulong)place * width, result, width);
}

// One work-item owns a place of one task: the first place of an index gets the sum over all places of that index, in
// their order, every other place 0.
__kernel void compact_embedding_gradient(__global const int *indices, ulong indices_offset,
                                         __global const float *cotangents, ulong cotangents_offset,
                                         __global float *result, ulong result_offset, int vocabulary, int width,
                                         int count, int tasks)
{
    const int own = (int)get_global_id(0);
    const int task = (int)get_global_id(1);
    if (own >= count || task >= tasks) return;
    indices += indices_offset;
    cotangents += cotangents_offset + (ulong)task * count * width;
    result += result_offset + ((ulong)task * count + own) * width;
    for (int i = 0; i < width; i += LANES) store_partial((float16)(0.0f), result + i, width - i);
    const int index = indices[own];
    if (index < 0 || index >= vocabulary) return;
    for (int place = 0; place < own; place++)
        if (indices[place] == index) return;
    for (int place = own; place < count; place++)
        if (indices[place] == index) add_row(cotangents + (ulong)place * width, result, width);
}
