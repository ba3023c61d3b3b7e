// Combines two tensors elementwise with broadcasting.
//
// The last axis of the result is `inner` elements long; each operand advances there by 1 or stays. One work-item owns
// `piece` elements of that axis in `block` rows. The outer axes are decoded per row; axis 0 of the vectors is the
// innermost of them. The numbers are those of `Binary.Function`.
//
// Dimension 0 counts pieces of the last axis, 1 blocks of rows.
#include "common.clh"
#include "strided.clh"

#define ADD 0
#define SUBTRACT 1
#define MULTIPLY 2
#define DIVIDE 3
#define MAXIMUM 4
#define MINIMUM 5
#define POWER 6
#define GREATER 7
#define GREATER_OR_EQUAL 8
#define EQUAL 9

__kernel void binary(__global const float *left, ulong left_offset, __global const float *right, ulong right_offset,
                     __global float *result, ulong result_offset, int function, int inner, int left_step,
                     int right_step, int rows, int outer_axes, uint8 extents, uint8 left_strides, uint8 right_strides,
                     int piece, int block)
{
    left += left_offset;
    right += right_offset;
    result += result_offset;
    const int begin = (int)get_global_id(0) * piece;
    const int end = min(begin + piece, inner);
    const int row_begin = (int)get_global_id(1) * block;
    const int row_end = min(row_begin + block, rows);
    for (int row = row_begin; row < row_end; row++) {
        const ulong2 places = decode_places(row, outer_axes, extents, left_strides, right_strides);
        __global const float *left_row = left + places.x;
        __global const float *right_row = right + places.y;
        for (int i = begin; i < end; i += LANES) {
            const int lanes = min(LANES, end - i);
            const float16 a = left_step ? load_vector(left_row + i, lanes) : (float16)(*left_row);
            const float16 b = right_step ? load_vector(right_row + i, lanes) : (float16)(*right_row);
            float16 y = a;
            switch (function) {
            case ADD: y = a + b; break;
            case SUBTRACT: y = a - b; break;
            case MULTIPLY: y = a * b; break;
            case DIVIDE: y = a / b; break;
            case MAXIMUM: y = larger(a, b); break;
            case MINIMUM: y = smaller(a, b); break;
            // By halves: all 16 powers at once do not fit in the registers of GPUs.
            case POWER: y = (float16)(pow(a.lo, b.lo), pow(a.hi, b.hi)); break;
            case GREATER: y = select((float16)(0.0f), (float16)(1.0f), a > b); break;
            case GREATER_OR_EQUAL: y = select((float16)(0.0f), (float16)(1.0f), a >= b); break;
            case EQUAL: y = select((float16)(0.0f), (float16)(1.0f), a == b); break;
            }
            store_partial(y, result + (ulong)row * inner + i, lanes);
        }
    }
}
