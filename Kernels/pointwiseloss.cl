// Losses that compare prediction and target element by element. The numbers are those of `PointwiseLoss.Function`.
// Rows with a mask of 0 count nothing, whatever they hold.
#include "common.clh"

#define BINARY_CROSS_ENTROPY 0
#define SQUARED_ERROR 1
#define ABSOLUTE_ERROR 2
#define HUBER 3

static float16 softplus(float16 x) { return select(x, (float16)(0.0f), x < 0.0f) + log1p(exp(-fabs(x))); }

static float16 loss_of(int function, float16 prediction, float16 target, float16 positive, float threshold)
{
    const float16 difference = prediction - target;
    switch (function) {
    case BINARY_CROSS_ENTROPY:
        return positive * target * softplus(-prediction) + (1.0f - target) * softplus(prediction);
    case SQUARED_ERROR: return difference * difference;
    case ABSOLUTE_ERROR: return fabs(difference);
    default:
        return select(0.5f * difference * difference, threshold * (fabs(difference) - 0.5f * threshold),
                      fabs(difference) > threshold);
    }
}

static float16 slope_of(int function, float16 prediction, float16 target, float16 positive, float threshold)
{
    const float16 difference = prediction - target;
    switch (function) {
    case BINARY_CROSS_ENTROPY:
        return (1.0f - target) / (1.0f + exp(-prediction)) - positive * target / (1.0f + exp(prediction));
    case SQUARED_ERROR: return 2.0f * difference;
    case ABSOLUTE_ERROR: return sign_of(difference);
    default: return select(difference, threshold * sign_of(difference), fabs(difference) > threshold);
    }
}

// columns > 1: one work-item owns `block` rows.
__kernel void pointwise_loss_rows(__global const float *predictions, ulong predictions_offset,
                                  __global const float *targets, ulong targets_offset, __global const float *positive,
                                  ulong positive_offset, __global const float *mask, ulong mask_offset,
                                  __global float *losses, ulong losses_offset, __global float *weights,
                                  ulong weights_offset, int function, int rows, int columns, int block,
                                  float threshold, int has_positive, int has_mask)
{
    positive += positive_offset;
    const int last = min(((int)get_global_id(0) + 1) * block, rows);
    for (int row = (int)get_global_id(0) * block; row < last; row++) {
        const float share = has_mask ? mask[mask_offset + row] : 1.0f;
        float loss = 0.0f;
        if (share != 0.0f) {
            __global const float *x = predictions + predictions_offset + (ulong)row * columns;
            __global const float *t = targets + targets_offset + (ulong)row * columns;
            float16 sum = (float16)(0.0f);
            const int16 lane = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            for (int i = 0; i < columns; i += LANES) {
                const int lanes = columns - i;
                const float16 w = has_positive ? load_vector(positive + i, lanes) : (float16)(1.0f);
                const float16 value =
                    loss_of(function, load_vector(x + i, lanes), load_vector(t + i, lanes), w, threshold);
                sum += select((float16)(0.0f), value, lane < lanes);
            }
            loss = share * (sum_lanes(sum) / columns);
        }
        losses[losses_offset + row] = loss;
        weights[weights_offset + row] = share;
    }
}

// columns = 1: one work-item owns CHUNK rows.
__kernel void pointwise_loss_column(__global const float *predictions, ulong predictions_offset,
                                    __global const float *targets, ulong targets_offset,
                                    __global const float *positive, ulong positive_offset, __global const float *mask,
                                    ulong mask_offset, __global float *losses, ulong losses_offset,
                                    __global float *weights, ulong weights_offset, int function, ulong rows,
                                    float threshold, int has_positive, int has_mask)
{
    const float16 w = (float16)(has_positive ? positive[positive_offset] : 1.0f);
    const ulong begin = (ulong)get_global_id(0) * CHUNK;
    const ulong end = min(begin + CHUNK, rows);
    FOR_EACH_VECTOR(i, lanes, begin, end) {
        const float16 share = has_mask ? load_vector(mask + mask_offset + i, lanes) : (float16)(1.0f);
        const float16 value = loss_of(function, load_vector(predictions + predictions_offset + i, lanes),
                                      load_vector(targets + targets_offset + i, lanes), w, threshold);
        store_partial(select(share * value, (float16)(0.0f), share == 0.0f), losses + losses_offset + i, lanes);
        store_partial(share, weights + weights_offset + i, lanes);
    }
}

// The derivative of the weighted mean for every task. A single column is laid out as one line: masks advance along it
// by `mask_step`, positive weights by `positive_step`. One work-item owns `piece` elements of `block` lines.
//
// Dimension 0 counts pieces, 1 blocks of lines.
__kernel void pointwise_loss_gradient(__global const float *predictions, ulong predictions_offset,
                                      __global const float *targets, ulong targets_offset,
                                      __global const float *positive, ulong positive_offset,
                                      __global const float *mask, ulong mask_offset,
                                      __global const float *cotangents, ulong cotangents_offset,
                                      __global const float *mean, ulong mean_offset, __global float *result,
                                      ulong result_offset, int function, int lines, int length, int piece, int block,
                                      int tasks, int columns, int mask_step, int positive_step, float threshold,
                                      int has_positive, int has_mask)
{
    predictions += predictions_offset;
    targets += targets_offset;
    positive += positive_offset;
    mask += mask_offset;
    result += result_offset;
    const float scale = mean[mean_offset + 1] / columns;
    const int begin = (int)get_global_id(0) * piece;
    const int end = min(begin + piece, length);
    const int last = min(((int)get_global_id(1) + 1) * block, lines);
    for (int line = (int)get_global_id(1) * block; line < last; line++) {
        for (int i = begin; i < end; i += LANES) {
            const int lanes = end - i;
            const ulong place = (ulong)line * length + i;
            float16 w = (float16)(1.0f);
            if (has_positive) w = positive_step ? load_vector(positive + i, lanes) : (float16)(*positive);
            float16 share = (float16)(1.0f);
            if (has_mask) share = mask_step ? load_vector(mask + i, lanes) : (float16)(mask[line]);
            const float16 slope = slope_of(function, load_vector(predictions + place, lanes),
                                           load_vector(targets + place, lanes), w, threshold);
            for (int task = 0; task < tasks; task++) {
                const float16 value = cotangents[cotangents_offset + task] * scale * share * slope;
                store_partial(select(value, (float16)(0.0f), share == 0.0f),
                              result + (ulong)task * lines * length + place, lanes);
            }
        }
    }
}
