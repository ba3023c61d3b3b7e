// Batch normalisation over [rows, channels]. One work-item owns `block` rows, all channels, 16 at a time.
#include "common.clh"

// Mean and sum of squares around it, of every block: moments [blocks, 2, channels].
__kernel void batchnorm_moments(__global const float *input, ulong input_offset, __global float *moments,
                                ulong moments_offset, int rows, int channels, int block)
{
    const int first = (int)get_global_id(0) * block;
    const int last = min(first + block, rows);
    if (first >= rows) return;
    input += input_offset;
    moments += moments_offset + get_global_id(0) * 2 * channels;
    const ulong size = (ulong)rows * channels;
    for (int c = 0; c < channels; c += LANES) {
#define LINE(row) load_within(input, (ulong)(row) * channels + c, size)
        float16 even = (float16)(0.0f), odd = even;
        int row = first;
        for (; row + 2 <= last; row += 2) {
            even += LINE(row);
            odd += LINE(row + 1);
        }
        if (row < last) even += LINE(row);
        const float16 mean = (even + odd) / (float)(last - first);
        even = odd = (float16)(0.0f);
        for (row = first; row + 2 <= last; row += 2) {
            const float16 left = LINE(row) - mean;
            const float16 right = LINE(row + 1) - mean;
            even = fma(left, left, even);
            odd = fma(right, right, odd);
        }
        if (row < last) {
            const float16 rest = LINE(row) - mean;
            even = fma(rest, rest, even);
        }
#undef LINE
        store_partial(mean, moments + c, channels - c);
        store_partial(even + odd, moments + channels + c, channels - c);
    }
}

// Merges the blocks' moments (Chan, Golub, LeVeque, 1983). One work-item owns 16 channels.
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
    float16 sum = (float16)(0.0f);
    for (int i = 0; i < blocks; i++) {
        const float weight = min(block, rows - i * block);
        sum = fma((float16)(weight), load_vector(moments + (ulong)2 * i * channels, lanes), sum);
    }
    const float16 average = sum / (float)rows;
    float16 squares = (float16)(0.0f);
    for (int i = 0; i < blocks; i++) {
        const float weight = min(block, rows - i * block);
        const float16 difference = load_vector(moments + (ulong)2 * i * channels, lanes) - average;
        squares += load_vector(moments + (ulong)(2 * i + 1) * channels, lanes) + weight * difference * difference;
    }
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
    for (int c = 0; c < channels; c += LANES) {
        const int lanes = channels - c;
        const float16 centre = load_vector(mean + mean_offset + c, lanes);
        const float16 scale = load_vector(reciprocal + reciprocal_offset + c, lanes) * load_vector(gamma + gamma_offset + c, lanes);
        const float16 shift = load_vector(beta + beta_offset + c, lanes);
        for (int row = first; row < last; row++) {
            const ulong place = (ulong)row * channels + c;
            const float16 x = load_vector(input + input_offset + place, lanes);
            store_partial(activate(fma(x - centre, scale, shift), activation), output + output_offset + place, lanes);
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
    for (int c = 0; c < channels; c += LANES) {
        const int lanes = channels - c;
        const float16 centre = load_vector(mean + mean_offset + c, lanes);
        float16 products = (float16)(0.0f), totals = products;
        for (int row = first; row < last; row++) {
            const ulong place = (ulong)row * channels + c;
            const ulong size = (ulong)rows * channels;
            const float16 delta = load_within(deltas, place, size);
            products = fma(delta, load_within(input, place, size) - centre, products);
            totals += delta;
        }
        store_partial(products * load_vector(reciprocal + reciprocal_offset + c, lanes), sums + c, lanes);
        store_partial(totals, sums + (ulong)tasks * channels + c, lanes);
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
    for (int c = 0; c < channels; c += LANES) {
        const int lanes = channels - c;
        const float16 centre = load_vector(mean + mean_offset + c, lanes);
        const float16 r = load_vector(reciprocal + reciprocal_offset + c, lanes);
        const float16 scale = r * load_vector(gamma + gamma_offset + c, lanes);
        const float16 slope =
            r * load_vector(gamma_gradient + gamma_gradient_offset + (ulong)task * channels + c, lanes) / (float)rows;
        const float16 shift =
            load_vector(beta_gradient + beta_gradient_offset + (ulong)task * channels + c, lanes) / (float)rows;
        for (int row = first; row < last; row++) {
            const ulong place = (ulong)row * channels + c;
            const float16 delta = load_vector(deltas + place, lanes) - shift;
            const float16 x = load_vector(input + place, lanes) - centre;
            store_partial(scale * fma(-x, slope, delta), result + place, lanes);
        }
    }
}
