// Attention of sequences to themselves and its derivative.
//
// A *matrix* is one head of one sample, in the derivative also of one task; its rows are `heads * width` elements apart.
// What inner products are taken with is transposed first, so that 16 of them lie side by side: panels
// [matrices, width, padded], where `padded` is the length in whole vectors and what sticks out is 0.
// A work-item owns ROWS rows of a matrix and, where it adds up vectors, VECTORS of the width.
#include "common.clh"

// The first rows of samples that lie one behind the other, if they are packed; else all have `length` rows.
#define SEQUENCES __global const int *starts, ulong starts_offset, int packed, int rows, int length

static int first_row(__global const int *starts, int packed, int length, int sample)
{
    return packed ? starts[sample] : sample * length;
}

static int length_of(__global const int *starts, int packed, int length, int sample)
{
    return packed ? min(starts[sample + 1] - starts[sample], length) : length;
}

// Declares the length of the sequence that a matrix of a task belongs to, the elements between its rows, and where the
// matrix begins: in what tasks share (`start`) and in what is theirs (`own`).
#define PLACE(matrix)                                                                                                  \
    const int stride = heads * width;                                                                                  \
    const int shared = (matrix) % matrices;                                                                            \
    const int sample = shared / heads;                                                                                 \
    const int count = length_of(starts + starts_offset, packed, length, sample);                                       \
    const ulong start = (ulong)first_row(starts + starts_offset, packed, length, sample) * stride +                    \
                        (ulong)(shared % heads) * width;                                                               \
    const ulong own = start + (ulong)((matrix) / matrices) * rows * stride

// Dimension 0 counts vectors of places, 1 matrices.
__kernel void attention_transpose(__global const float *input, ulong input_offset, __global float *panels,
                                  ulong panels_offset, SEQUENCES, int padded, int heads, int width, int matrices,
                                  int all_matrices)
{
    const int j = (int)get_global_id(0) * LANES;
    const int matrix = (int)get_global_id(1);
    if (j >= padded || matrix >= all_matrices) return;
    PLACE(matrix);
    input += input_offset + own + (ulong)j * stride;
    panels += panels_offset + (ulong)matrix * width * padded + j;
    for (int d = 0; d < width; d++)
        for (int lane = 0; lane < LANES; lane++)
            panels[(ulong)d * padded + lane] = j + lane < count ? input[(ulong)lane * stride + d] : 0.0f;
}

// 0 for keys that are seen, -infinity for hidden ones and what sticks out: [samples, padded].
__kernel void attention_bias(__global const int *mask, ulong mask_offset, __global float *bias, ulong bias_offset,
                             SEQUENCES, int samples, int padded, int masked)
{
    const int j = (int)get_global_id(0);
    const int sample = (int)get_global_id(1);
    if (j >= padded || sample >= samples) return;
    int seen = j < length_of(starts + starts_offset, packed, length, sample);
    if (seen && masked) seen = mask[mask_offset + (ulong)sample * length + j] != 0;
    bias[bias_offset + (ulong)sample * padded + j] = seen ? 0.0f : -INFINITY;
}

// The inner products of ROWS rows with 16 neighbouring columns of a panel.
static void inner_products(float16 *products, __global const float *rows, const ulong *places,
                           __global const float *panel, int padded, int width)
{
#pragma unroll
    for (int r = 0; r < ROWS; r++) products[r] = (float16)(0.0f);
    for (int d = 0; d < width; d++) {
        const float16 column = vload16(0, panel + (ulong)d * padded);
#pragma unroll
        for (int r = 0; r < ROWS; r++) products[r] = fma((float16)(rows[places[r] + d]), column, products[r]);
    }
}

// Adds 16 rows of a matrix, from row `j` on and limited to the last one, each times a lane of the factors.
static void add_rows(float16 *sums, const float16 *factors, __global const float *matrix, int j, int length, int stride,
                     int lanes)
{
    float parts[ROWS][LANES];
#pragma unroll
    for (int r = 0; r < ROWS; r++) vstore16(factors[r], 0, parts[r]);
#pragma unroll
    for (int lane = 0; lane < LANES; lane++) {
        __global const float *row = matrix + (ulong)min(j + lane, length - 1) * stride;
#pragma unroll
        for (int v = 0; v < VECTORS; v++) {
            const float16 value = load_vector(row + v * LANES, lanes - v * LANES);
#pragma unroll
            for (int r = 0; r < ROWS; r++)
                sums[r * VECTORS + v] = fma((float16)(parts[r][lane]), value, sums[r * VECTORS + v]);
        }
    }
}

static float16 hide_later(float16 scores, int j, int row)
{
    const int16 places = (int16)(j) + (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return select(scores, (float16)(-INFINITY), places > row);
}

// Dimension 0 counts blocks of queries, 1 matrices, 2 pieces of the width.
__kernel void attention(__global const float *queries, ulong queries_offset, __global const float *key_panels,
                        ulong key_panels_offset, __global const float *values, ulong values_offset,
                        __global const float *bias, ulong bias_offset, __global float *result, ulong result_offset,
                        __global float *normalizers, ulong normalizers_offset, SEQUENCES, int padded, int heads,
                        int width, int matrices, int causal, float scale)
{
    const int first = (int)get_global_id(0) * ROWS;
    const int matrix = (int)get_global_id(1);
    const int c = (int)get_global_id(2) * VECTORS * LANES;
    if (first >= length || matrix >= matrices || c >= width) return;
    PLACE(matrix);
    if (first >= count) return;
    key_panels += key_panels_offset + (ulong)matrix * width * padded;
    values += values_offset + start + c;
    bias += bias_offset + (ulong)sample * padded;
    queries += queries_offset + start;
    ulong places[ROWS];
    float16 scores[ROWS];
    float16 best[ROWS];
    float16 sums[ROWS];
    float16 totals[ROWS * VECTORS];
    float shift[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        places[r] = (ulong)min(first + r, count - 1) * stride;
        best[r] = (float16)(-INFINITY);
        sums[r] = (float16)(0.0f);
    }
#pragma unroll
    for (int i = 0; i < ROWS * VECTORS; i++) totals[i] = (float16)(0.0f);
    const int end = causal ? min(count, first + ROWS) : count;
    for (int j = 0; j < end; j += LANES) {
        inner_products(scores, queries, places, key_panels + j, padded, width);
        const float16 hidden = vload16(0, bias + j);
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            float16 score = scores[r] * scale + hidden;
            if (causal) score = hide_later(score, j, first + r);
            best[r] = larger(score, best[r]);
        }
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        shift[r] = largest_lane(best[r]);
        if (shift[r] == -INFINITY) shift[r] = 0.0f;
    }
    for (int j = 0; j < end; j += LANES) {
        inner_products(scores, queries, places, key_panels + j, padded, width);
        const float16 hidden = vload16(0, bias + j);
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            float16 score = scores[r] * scale + hidden;
            if (causal) score = hide_later(score, j, first + r);
            scores[r] = exp(score - shift[r]);
            sums[r] += scores[r];
        }
        add_rows(totals, scores, values, j, count, stride, width - c);
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        const float sum = sum_lanes(sums[r]);
        // A query that sees no key.
        const float factor = sum == 0.0f ? 0.0f : 1.0f / sum;
        if (first + r < count) {
            __global float *target = result + result_offset + start + places[r] + c;
#pragma unroll
            for (int v = 0; v < VECTORS; v++)
                store_partial(totals[r * VECTORS + v] * factor, target + v * LANES, width - c - v * LANES);
            if (c == 0)
                normalizers[normalizers_offset + (ulong)matrix * length + first + r] =
                    sum == 0.0f ? INFINITY : shift[r] + log(sum);
        }
    }
}

// The inner product of every row's result with its deltas, [tasks * matrices, padded], 0 for what sticks out. Dimension 0
// counts places, 1 matrices of all tasks; `matrices` is the number of one task.
__kernel void attention_row_products(__global const float *result, ulong result_offset, __global const float *deltas,
                                     ulong deltas_offset, __global float *products, ulong products_offset, SEQUENCES,
                                     int padded, int heads, int width, int matrices, int all_matrices)
{
    const int i = (int)get_global_id(0);
    const int matrix = (int)get_global_id(1);
    if (i >= padded || matrix >= all_matrices) return;
    PLACE(matrix);
    float16 sum = (float16)(0.0f);
    if (i < count) {
        result += result_offset + start + (ulong)i * stride;
        deltas += deltas_offset + own + (ulong)i * stride;
        for (int d = 0; d < width; d += LANES)
            sum = fma(load_vector(result + d, width - d), load_vector(deltas + d, width - d), sum);
    }
    products[products_offset + (ulong)matrix * padded + i] = sum_lanes(sum);
}

// dQ = dS * K with dS = P * (dO * V^T - rowsum(O * dO)) * scale. Dimension 0 counts blocks of queries, 1 matrices of all
// tasks, 2 pieces of the width.
__kernel void attention_query_gradient(__global const float *queries, ulong queries_offset, __global const float *keys,
                                       ulong keys_offset, __global const float *key_panels, ulong key_panels_offset,
                                       __global const float *value_panels, ulong value_panels_offset,
                                       __global const float *bias, ulong bias_offset, __global const float *normalizers,
                                       ulong normalizers_offset, __global const float *deltas, ulong deltas_offset,
                                       __global const float *products, ulong products_offset, __global float *gradient,
                                       ulong gradient_offset, SEQUENCES, int padded, int heads, int width,
                                       int matrices, int all_matrices, int causal, float scale)
{
    const int first = (int)get_global_id(0) * ROWS;
    const int matrix = (int)get_global_id(1);
    const int c = (int)get_global_id(2) * VECTORS * LANES;
    if (first >= length || matrix >= all_matrices || c >= width) return;
    PLACE(matrix);
    if (first >= count) return;
    queries += queries_offset + start;
    keys += keys_offset + start + c;
    key_panels += key_panels_offset + (ulong)shared * width * padded;
    value_panels += value_panels_offset + (ulong)shared * width * padded;
    bias += bias_offset + (ulong)sample * padded;
    deltas += deltas_offset + own;
    ulong places[ROWS];
    float normalizer[ROWS];
    float product[ROWS];
    float16 scores[ROWS];
    float16 slopes[ROWS];
    float16 totals[ROWS * VECTORS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        const int row = min(first + r, count - 1);
        places[r] = (ulong)row * stride;
        normalizer[r] = normalizers[normalizers_offset + (ulong)shared * length + row];
        product[r] = products[products_offset + (ulong)matrix * padded + row];
    }
#pragma unroll
    for (int i = 0; i < ROWS * VECTORS; i++) totals[i] = (float16)(0.0f);
    const int end = causal ? min(count, first + ROWS) : count;
    for (int j = 0; j < end; j += LANES) {
        inner_products(scores, queries, places, key_panels + j, padded, width);
        inner_products(slopes, deltas, places, value_panels + j, padded, width);
        const float16 hidden = vload16(0, bias + j);
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            float16 score = scores[r] * scale + hidden;
            if (causal) score = hide_later(score, j, first + r);
            slopes[r] = exp(score - normalizer[r]) * (slopes[r] - product[r]) * scale;
        }
        add_rows(totals, slopes, keys, j, count, stride, width - c);
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        if (first + r < count) {
            __global float *target = gradient + gradient_offset + own + places[r] + c;
#pragma unroll
            for (int v = 0; v < VECTORS; v++)
                store_partial(totals[r * VECTORS + v], target + v * LANES, width - c - v * LANES);
        }
    }
}

// dK = dS^T * Q and dV = P^T * dO. Dimension 0 counts blocks of keys, 1 matrices of all tasks, 2 pieces of the width.
__kernel void attention_key_gradient(__global const float *queries, ulong queries_offset,
                                     __global const float *query_panels, ulong query_panels_offset,
                                     __global const float *keys, ulong keys_offset, __global const float *values,
                                     ulong values_offset, __global const float *bias, ulong bias_offset,
                                     __global const float *normalizers, ulong normalizers_offset,
                                     __global const float *deltas, ulong deltas_offset,
                                     __global const float *delta_panels, ulong delta_panels_offset,
                                     __global const float *products, ulong products_offset,
                                     __global float *key_gradient, ulong key_gradient_offset,
                                     __global float *value_gradient, ulong value_gradient_offset, SEQUENCES,
                                     int padded, int heads, int width, int matrices, int all_matrices, int causal,
                                     float scale)
{
    const int first = (int)get_global_id(0) * ROWS;
    const int matrix = (int)get_global_id(1);
    const int c = (int)get_global_id(2) * VECTORS * LANES;
    if (first >= length || matrix >= all_matrices || c >= width) return;
    PLACE(matrix);
    if (first >= count) return;
    queries += queries_offset + start + c;
    query_panels += query_panels_offset + (ulong)shared * width * padded;
    keys += keys_offset + start;
    values += values_offset + start;
    bias += bias_offset + (ulong)sample * padded;
    normalizers += normalizers_offset + (ulong)shared * length;
    deltas += deltas_offset + own + c;
    delta_panels += delta_panels_offset + (ulong)matrix * width * padded;
    products += products_offset + (ulong)matrix * padded;
    ulong places[ROWS];
    float hidden[ROWS];
    float16 weights[ROWS];
    float16 slopes[ROWS];
    float16 key_totals[ROWS * VECTORS];
    float16 value_totals[ROWS * VECTORS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        const int row = min(first + r, count - 1);
        places[r] = (ulong)row * stride;
        hidden[r] = bias[row];
    }
#pragma unroll
    for (int i = 0; i < ROWS * VECTORS; i++) key_totals[i] = value_totals[i] = (float16)(0.0f);
    for (int i = causal ? first / LANES * LANES : 0; i < count; i += LANES) {
        inner_products(weights, keys, places, query_panels + i, padded, width);
        inner_products(slopes, values, places, delta_panels + i, padded, width);
        const float16 normalizer = load_partial(normalizers + i, count - i, INFINITY);
        const float16 product = vload16(0, products + i);
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            float16 score = weights[r] * scale + hidden[r];
            if (causal) {
                const int16 earlier = (int16)(i) + (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
                score = select(score, (float16)(-INFINITY), earlier < first + r);
            }
            weights[r] = exp(score - normalizer);
            slopes[r] = weights[r] * (slopes[r] - product) * scale;
        }
        add_rows(key_totals, slopes, queries, i, count, stride, width - c);
        add_rows(value_totals, weights, deltas, i, count, stride, width - c);
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        if (first + r < count) {
            const ulong place = own + places[r] + c;
#pragma unroll
            for (int v = 0; v < VECTORS; v++) {
                const int lanes = width - c - v * LANES;
                store_partial(key_totals[r * VECTORS + v], key_gradient + key_gradient_offset + place + v * LANES, lanes);
                store_partial(value_totals[r * VECTORS + v], value_gradient + value_gradient_offset + place + v * LANES,
                              lanes);
            }
        }
    }
}
