#include "common.clh"
#include "strided.clh"
#if TRANSPOSES_SQUARES
#include "transpose.clh"
#endif

// Copies a box of elements between two strided layouts.
//
// The two innermost axes of the destination are copied in blocks of `inner_block` x `second_block` elements, so that a
// transposition reads and writes whole cache lines; the others are decoded once per block. ACCUMULATES adds floats;
// without it the elements may be of any type of four bytes.
//
// Dimension 0 counts blocks of the innermost axis, 1 of the second, 2 the rest.
__kernel void strided_copy(__global const float *source, ulong source_offset, __global float *destination,
                           ulong destination_offset, int inner, int second, int rest, ulong2 inner_strides,
                           ulong2 second_strides, int outer_axes, uint8 extents, uint8 source_strides,
                           uint8 destination_strides, int inner_block, int second_block, int accumulates)
{
    const int begin = (int)get_global_id(0) * inner_block;
    const int end = min(begin + inner_block, inner);
    const int second_begin = (int)get_global_id(1) * second_block;
    const int second_end = min(second_begin + second_block, second);
    const uint outer = (uint)get_global_id(2);
    if (outer >= (uint)rest) return;
    const ulong2 places = decode_places(outer, outer_axes, extents, source_strides, destination_strides);
    source += source_offset + places.x;
    destination += destination_offset + places.y;
#if TRANSPOSES_SQUARES
    const int is_square = end - begin == LANES && second_end - second_begin == LANES;
    if (is_square && second_strides.x == 1 && inner_strides.y == 1) {
        float16 square[LANES];
#pragma unroll
        for (int i = 0; i < LANES; i++)
            square[i] = vload16(0, source + (begin + i) * inner_strides.x + second_begin);
        transpose(square);
#pragma unroll
        for (int j = 0; j < LANES; j++) {
            __global float *to = destination + (second_begin + j) * second_strides.y + begin;
            if (accumulates) square[j] += vload16(0, to);
            vstore16(square[j], 0, to);
        }
        return;
    }
#endif
    for (int j = second_begin; j < second_end; j++) {
        __global const float *from = source + j * second_strides.x;
        __global float *to = destination + j * second_strides.y;
        if (inner_strides.x == 1 && inner_strides.y == 1) {
            for (int i = begin; i < end; i += LANES) {
                const int lanes = min(LANES, end - i);
                float16 value = load_vector(from + i, lanes);
                if (accumulates) value += load_vector(to + i, lanes);
                store_partial(value, to + i, lanes);
            }
        } else {
            for (int i = begin; i < end; i++) {
                const float value = from[i * inner_strides.x];
                __global float *place = to + i * inner_strides.y;
                *place = accumulates ? *place + value : value;
            }
        }
    }
}
