// Batch normalisation over [rows, channels]. One work-item owns `block` rows with all channels. Sums of
// VECTORS vectors of channels are kept side by side.
#include "common.clh"

// Few vectors are kept in registers, many in the first-level cache.
#if VECTORS <= 4
#define EACH_VECTOR _Pragma("unroll")
#else
#define EACH_VECTOR _Pragma("nounroll")
#endif

#define WIDTH (VECTORS * LANES)

// Moments of every block, [blocks, 3, channels]: the rounded mean, what is missing to the true mean, and the sum of
// squares around the true mean.
__kernel void batchnorm_moments(__global const float *input, ulong input_offset, __global float *moments,
                                ulong moments_offset, int rows, int channels, int block)
{
    const int first = (int)get_global_id(0) * block;
    const int last = min(first + block, rows);
    if (first >= rows) return;
    const float count = last - first;
    input += input_offset;
    moments += moments_offset + get_global_id(0) * 3 * channels;
    const ulong size = (ulong)rows * channels;
    for (int c = 0; c < channels; c += WIDTH) {
        const int vectors = VECTORS <= 4 ? VECTORS : min(VECTORS, (channels - c + LANES - 1) / LANES);
        float16 means[VECTORS];
        float16 rests[VECTORS];
        float16 squares[VECTORS];
EACH_VECTOR
        for (int v = 0; v < vectors; v++) means[v] = rests[v] = squares[v] = (float16)(0.0f);
        for (int row = first; row < last; row++) {
            const ulong line = (ulong)row * channels + c;
EACH_VECTOR
            for (int v = 0; v < vectors; v++) means[v] += load_within(input, line + v * LANES, size);
        }
EACH_VECTOR
        for (int v = 0; v < vectors; v++) means[v] /= count;
        for (int row = first; row < last; row++) {
            const ulong line = (ulong)row * channels + c;
EACH_VECTOR
            for (int v = 0; v < vectors; v++) {
                const float16 x = load_within(input, line + v * LANES, size) - means[v];
                rests[v] += x;
                squares[v] = fma(x, x, squares[v]);
            }
        }
EACH_VECTOR
        for (int v = 0; v < vectors; v++) {
            const int place = c + v * LANES;
            rests[v] /= count;
            store_partial(means[v], moments + place, channels - place);
            store_partial(rests[v], moments + channels + place, channels - place);
            store_partial(squares[v] - count * rests[v] * rests[v], moments + 2 * channels + place, channels - place);
        }
    }
}

// Merges the blocks' moments (Chan, Golub, LeVeque, 1983), again around a rounded mean whose rest is taken into
// account. One work-item owns 16 channels.
__kernel void batchnorm_statistics(__global const float *moments, ulong moments_offset, __global float *mean,
                                   ulong mean_offset, __global float *reciprocal, ulong reciprocal_offset,
                                   __global float *running_mean, ulong running_mean_offset,
                                   __global float *running_variance, ulong running_variance_offset, int rows,
                                   int channels, int block, float epsilon, float momentum, int updates_running)
{
    const int c = (int)get_global_id(0) * LANES;
    if (c >= channels) return;
    const int lanes = channels - c;
    const int blocks = (rows + block - 1) / block;
    moments += moments_offset + c;
    float16 average = (float16)(0.0f);
    for (int i = 0; i < blocks; i++) {
        const float weight = (float)min(block, rows - i * block) / rows;
        average = fma((float16)(weight), load_vector(moments + (ulong)3 * i * channels, lanes), average);
    }
    float16 rest = (float16)(0.0f);
    float16 squares = rest;
    for (int i = 0; i < blocks; i++) {
        __global const float *own = moments + (ulong)3 * i * channels;
        const float weight = min(block, rows - i * block);
        const float16 distance = (load_vector(own, lanes) - average) + load_vector(own + channels, lanes);
        rest = fma((float16)(weight), distance, rest);
        squares += fma(weight * distance, distance, load_vector(own + 2 * channels, lanes));
    }
    rest /= (float)rows;
    squares -= (float)rows * rest * rest;
    // Rounding may leave less than nothing of equal numbers; NaN stays.
    squares = select(squares, (float16)(0.0f), squares < 0.0f);
    average += rest;
    store_partial(average, mean + mean_offset + c, lanes);
    store_partial(1.0f / sqrt(squares / (float)rows + epsilon), reciprocal + reciprocal_offset + c, lanes);
    if (updates_running) {
        __global float *place = running_mean + running_mean_offset + c;
        const float16 old_mean = load_vector(place, lanes);
        store_partial(fma((float16)(momentum), average - old_mean, old_mean), place, lanes);
        place = running_variance + running_variance_offset + c;
        const float16 old_variance = load_vector(place, lanes);
        // A single row has no unbiased variance; it counts as 0.
        const float16 unbiased = squares / (float)max(rows - 1, 1);
        store_partial(fma((float16)(momentum), unbiased - old_variance, old_variance), place, lanes);
    }
}

__kernel void batchnorm_apply(__global const float *input, ulong input_offset, __global const float *mean,
                              ulong mean_offset, __global const float *reciprocal, ulong reciprocal_offset,
                              __global const float *gamma, ulong gamma_offset, __global const float *beta,
                              ulong beta_offset, __global float *output, ulong output_offset, int rows, int channels,
                              int block, int activation)
{
    const int first = (int)get_global_id(0) * block;
    const int last = min(first + block, rows);
    mean += mean_offset;
    reciprocal += reciprocal_offset;
    gamma += gamma_offset;
    beta += beta_offset;
    for (int row = first; row < last; row++) {
        for (int c = 0; c < channels; c += LANES) {
            const int lanes = channels - c;
            const ulong place = (ulong)row * channels + c;
            const float16 x = load_vector(input + input_offset + place, lanes) - load_vector(mean + c, lanes);
            const float16 scale = load_vector(reciprocal + c, lanes) * load_vector(gamma + c, lanes);
            const float16 y = fma(x, scale, load_vector(beta + c, lanes));
            store_partial(activate(y, activation), output + output_offset + place, lanes);
        }
    }
}

// Sums of dy * xhat and dy of every block and task: sums [blocks, 2, tasks, channels].
// Dimension 0 counts blocks, 1 tasks.
__kernel void batchnorm_parameter_sums(__global const float *input, ulong input_offset, __global const float *mean,
                                       ulong mean_offset, __global const float *reciprocal, ulong reciprocal_offset,
                                       __global const float *deltas, ulong deltas_offset, __global float *sums,
                                       ulong sums_offset, int rows, int channels, int block, int tasks)
{
    const int first = (int)get_global_id(0) * block;
    const int last = min(first + block, rows);
    const int task = (int)get_global_id(1);
    if (first >= rows || task >= tasks) return;
    input += input_offset;
    deltas += deltas_offset + (ulong)task * rows * channels;
    sums += sums_offset + (get_global_id(0) * 2 * tasks + task) * channels;
    const ulong size = (ulong)rows * channels;
    for (int c = 0; c < channels; c += WIDTH) {
        const int vectors = VECTORS <= 4 ? VECTORS : min(VECTORS, (channels - c + LANES - 1) / LANES);
        float16 centres[VECTORS];
        float16 products[VECTORS];
        float16 totals[VECTORS];
EACH_VECTOR
        for (int v = 0; v < vectors; v++) {
            centres[v] = load_vector(mean + mean_offset + c + v * LANES, channels - c - v * LANES);
            products[v] = totals[v] = (float16)(0.0f);
        }
        for (int row = first; row < last; row++) {
            const ulong line = (ulong)row * channels + c;
EACH_VECTOR
            for (int v = 0; v < vectors; v++) {
                const float16 delta = load_within(deltas, line + v * LANES, size);
                products[v] = fma(delta, load_within(input, line + v * LANES, size) - centres[v], products[v]);
                totals[v] += delta;
            }
        }
EACH_VECTOR
        for (int v = 0; v < vectors; v++) {
            const int place = c + v * LANES;
            const float16 scale = load_vector(reciprocal + reciprocal_offset + place, channels - place);
            store_partial(products[v] * scale, sums + place, channels - place);
            store_partial(totals[v], sums + (ulong)tasks * channels + place, channels - place);
        }
    }
}

// Adds the blocks' sums in order. One work-item owns 16 of the `count` sums over tasks and channels.
__kernel void batchnorm_parameter_gradient(__global const float *sums, ulong sums_offset,
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

// dx = gamma * r * (dy - dbeta / rows - xhat * dgamma / rows). Dimension 0 counts blocks, 1 tasks.
__kernel void batchnorm_input_gradient(__global const float *input, ulong input_offset, __global const float *mean,
                                       ulong mean_offset, __global const float *reciprocal, ulong reciprocal_offset,
                                       __global const float *gamma, ulong gamma_offset, __global const float *deltas,
                                       ulong deltas_offset, __global const float *gamma_gradient,
                                       ulong gamma_gradient_offset, __global const float *beta_gradient,
                                       ulong beta_gradient_offset, __global float *result, ulong result_offset,
                                       int rows, int channels, int block, int tasks)
{
    const int first = (int)get_global_id(0) * block;
    const int last = min(first + block, rows);
    const int task = (int)get_global_id(1);
    if (task >= tasks) return;
    input += input_offset;
    deltas += deltas_offset + (ulong)task * rows * channels;
    result += result_offset + (ulong)task * rows * channels;
    mean += mean_offset;
    reciprocal += reciprocal_offset;
    gamma += gamma_offset;
    gamma_gradient += gamma_gradient_offset + task * channels;
    beta_gradient += beta_gradient_offset + task * channels;
    const float share = 1.0f / rows;
    for (int row = first; row < last; row++) {
        for (int c = 0; c < channels; c += LANES) {
            const int lanes = channels - c;
            const ulong place = (ulong)row * channels + c;
            const float16 r = load_vector(reciprocal + c, lanes);
            const float16 normalised = (load_vector(input + place, lanes) - load_vector(mean + c, lanes)) * r;
            const float16 common =
                share * fma(normalised, load_vector(gamma_gradient + c, lanes), load_vector(beta_gradient + c, lanes));
            const float16 scale = r * load_vector(gamma + c, lanes);
            store_partial(scale * (load_vector(deltas + place, lanes) - common), result + place, lanes);
        }
    }
}
