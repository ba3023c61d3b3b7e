// Softmax over rows of at most 16 columns (vector family). One work-item owns `block` rows.
#include "common.clh"
#include "rows.clh"

__kernel void softmax_rows(__global const float *input, ulong input_offset, __global float *output,
                           ulong output_offset, int rows, int columns, int block, int logarithm)
{
    const int first = (int)get_global_id(0) * block;
    const int last = min(first + block, rows);
    input += input_offset;
    output += output_offset;
    for (int row = first; row < last; row += LANES) {
        const int count = min(LANES, last - row);
        const ulong place = (ulong)row * columns;
        float16 lines[LANES];
        load_rows(lines, input + place, columns, count, (ulong)(rows - row) * columns);
        const float16 maximum = row_maxima(lines, columns);
        float16 sum = (float16)(0.0f);
        if (logarithm) {
            EACH_COLUMN sum += exp(lines[c] - maximum);
            const float16 shift = log(sum);
            EACH_COLUMN lines[c] = lines[c] - maximum - shift;
        } else {
            EACH_COLUMN
            {
                lines[c] = exp(lines[c] - maximum);
                sum += lines[c];
            }
            const float16 scale = 1.0f / sum;
            EACH_COLUMN lines[c] *= scale;
        }
        store_rows(lines, output + place, columns, count);
    }
}
