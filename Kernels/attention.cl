// Attention of sequences to themselves and its derivative.
//
// A *matrix* is one head of one sample, in the derivative also of one task; its rows are `heads * width` elements apart.
// What inner products are taken with is transposed first, so that they lie side by side: panels [matrices, width, padded],
// where `padded` is the length in whole vectors of 16 and what sticks out is 0.
// A work-item owns ROWS rows of a matrix and, where it adds up vectors, VECTORS of the width, of VECTOR_LANES lanes each: 16
// on processors, 4 on GPUs, whose work-items have few registers.
#include "common.clh"

#if VECTOR_LANES == 16
typedef float16 floats;
typedef int16 ints;
#define LANE_NUMBERS (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#define LOAD(source) vload16(0, source)
#define SPREAD(value, lanes) vstore16(value, 0, lanes)

static floats load_part(__global const float *source, int count, float fill)
{
    return load_partial(source, count, fill);
}

static void store_part(floats value, __global float *target, int count) { store_partial(value, target, count); }
static float sum_of(floats value) { return sum_lanes(value); }
static float largest_of(floats value) { return largest_lane(value); }
#else
typedef float4 floats;
typedef int4 ints;
#define LANE_NUMBERS (int4)(0, 1, 2, 3)
#define LOAD(source) vload4(0, source)
#define SPREAD(value, lanes) lanes[0] = (value).x, lanes[1] = (value).y, lanes[2] = (value).z, lanes[3] = (value).w

static floats load_part(__global const float *source, int count, float fill)
{
    if (count >= 4) return vload4(0, source);
    return (floats)(count > 0 ? source[0] : fill, count > 1 ? source[1] : fill, count > 2 ? source[2] : fill, fill);
}

static void store_part(floats value, __global float *target, int count)
{
    if (count >= 4) {
        vstore4(value, 0, target);
        return;
    }
    if (count > 0) target[0] = value.x;
    if (count > 1) target[1] = value.y;
    if (count > 2) target[2] = value.z;
}

static float sum_of(floats value) { return (value.x + value.z) + (value.y + value.w); }

static float largest_of(floats value)
{
    return larger_of(larger_of(value.x, value.z), larger_of(value.y, value.w));
}
#endif

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

// The inner products of ROWS rows with neighbouring columns of a panel.
static void inner_products(floats *products, __global const float *rows, const ulong *places,
                           __global const float *panel, int padded, int width)
{
#pragma unroll
    for (int r = 0; r < ROWS; r++) products[r] = (floats)(0.0f);
    for (int d = 0; d < width; d++) {
        const floats column = LOAD(panel + (ulong)d * padded);
#pragma unroll
        for (int r = 0; r < ROWS; r++) products[r] = fma((floats)(rows[places[r] + d]), column, products[r]);
    }
}

// Adds as many rows of a matrix as a vector has lanes, from row `j` on and limited to the last one, each times a lane of the factors.
static void add_rows(floats *sums, const floats *factors, __global const float *matrix, int j, int length, int stride,
                     int lanes)
{
    float parts[ROWS][VECTOR_LANES];
#pragma unroll
    for (int r = 0; r < ROWS; r++) SPREAD(factors[r], parts[r]);
#pragma unroll
    for (int lane = 0; lane < VECTOR_LANES; lane++) {
        __global const float *row = matrix + (ulong)min(j + lane, length - 1) * stride;
#pragma unroll
        for (int v = 0; v < VECTORS; v++) {
            const floats value = load_part(row + v * VECTOR_LANES, lanes - v * VECTOR_LANES, 0.0f);
#pragma unroll
            for (int r = 0; r < ROWS; r++)
                sums[r * VECTORS + v] = fma((floats)(parts[r][lane]), value, sums[r * VECTORS + v]);
        }
    }
}

static floats hide_later(floats scores, int j, int row)
{
    const ints places = (ints)(j) + LANE_NUMBERS;
    return select(scores, (floats)(-INFINITY), places > row);
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
    const int c = (int)get_global_id(2) * VECTORS * VECTOR_LANES;
    if (first >= length || matrix >= matrices || c >= width) return;
    PLACE(matrix);
    if (first >= count) return;
    key_panels += key_panels_offset + (ulong)matrix * width * padded;
    values += values_offset + start + c;
    bias += bias_offset + (ulong)sample * padded;
    queries += queries_offset + start;
    ulong places[ROWS];
    floats scores[ROWS];
    floats best[ROWS];
    floats sums[ROWS];
    floats totals[ROWS * VECTORS];
    float shift[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        places[r] = (ulong)min(first + r, count - 1) * stride;
        best[r] = (floats)(-INFINITY);
        sums[r] = (floats)(0.0f);
    }
#pragma unroll
    for (int i = 0; i < ROWS * VECTORS; i++) totals[i] = (floats)(0.0f);
    const int end = causal ? min(count, first + ROWS) : count;
    for (int j = 0; j < end; j += VECTOR_LANES) {
        inner_products(scores, queries, places, key_panels + j, padded, width);
        const floats hidden = LOAD(bias + j);
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            floats score = scores[r] * scale + hidden;
            if (causal) score = hide_later(score, j, first + r);
            best[r] = select(best[r], score, (score > best[r]) | isnan(score));
        }
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        shift[r] = largest_of(best[r]);
        if (shift[r] == -INFINITY) shift[r] = 0.0f;
    }
    for (int j = 0; j < end; j += VECTOR_LANES) {
        inner_products(scores, queries, places, key_panels + j, padded, width);
        const floats hidden = LOAD(bias + j);
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            floats score = scores[r] * scale + hidden;
            if (causal) score = hide_later(score, j, first + r);
            scores[r] = exp(score - shift[r]);
            sums[r] += scores[r];
        }
        add_rows(totals, scores, values, j, count, stride, width - c);
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        const float sum = sum_of(sums[r]);
        // A query that sees no key.
        const float factor = sum == 0.0f ? 0.0f : 1.0f / sum;
        if (first + r < count) {
            __global float *target = result + result_offset + start + places[r] + c;
#pragma unroll
            for (int v = 0; v < VECTORS; v++)
                store_part(totals[r * VECTORS + v] * factor, target + v * VECTOR_LANES, width - c - v * VECTOR_LANES);
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
    const int c = (int)get_global_id(2) * VECTORS * VECTOR_LANES;
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
    floats scores[ROWS];
    floats slopes[ROWS];
    floats totals[ROWS * VECTORS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        const int row = min(first + r, count - 1);
        places[r] = (ulong)row * stride;
        normalizer[r] = normalizers[normalizers_offset + (ulong)shared * length + row];
        product[r] = products[products_offset + (ulong)matrix * padded + row];
    }
#pragma unroll
    for (int i = 0; i < ROWS * VECTORS; i++) totals[i] = (floats)(0.0f);
    const int end = causal ? min(count, first + ROWS) : count;
    for (int j = 0; j < end; j += VECTOR_LANES) {
        inner_products(scores, queries, places, key_panels + j, padded, width);
        inner_products(slopes, deltas, places, value_panels + j, padded, width);
        const floats hidden = LOAD(bias + j);
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            floats score = scores[r] * scale + hidden;
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
                store_part(totals[r * VECTORS + v], target + v * VECTOR_LANES, width - c - v * VECTOR_LANES);
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
    const int c = (int)get_global_id(2) * VECTORS * VECTOR_LANES;
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
    floats weights[ROWS];
    floats slopes[ROWS];
    floats key_totals[ROWS * VECTORS];
    floats value_totals[ROWS * VECTORS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        const int row = min(first + r, count - 1);
        places[r] = (ulong)row * stride;
        hidden[r] = bias[row];
    }
#pragma unroll
    for (int i = 0; i < ROWS * VECTORS; i++) key_totals[i] = value_totals[i] = (floats)(0.0f);
    for (int i = causal ? first / VECTOR_LANES * VECTOR_LANES : 0; i < count; i += VECTOR_LANES) {
        inner_products(weights, keys, places, query_panels + i, padded, width);
        inner_products(slopes, values, places, delta_panels + i, padded, width);
        const floats normalizer = load_part(normalizers + i, count - i, INFINITY);
        const floats product = LOAD(products + i);
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            floats score = weights[r] * scale + hidden[r];
            if (causal) {
                const ints earlier = (ints)(i) + LANE_NUMBERS;
                score = select(score, (floats)(-INFINITY), earlier < first + r);
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
                const int lanes = width - c - v * VECTOR_LANES;
                store_part(key_totals[r * VECTORS + v], key_gradient + key_gradient_offset + place + v * VECTOR_LANES, lanes);
                store_part(value_totals[r * VECTORS + v], value_gradient + value_gradient_offset + place + v * VECTOR_LANES,
                              lanes);
            }
        }
    }
}
