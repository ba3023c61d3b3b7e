// Softmax cross-entropy of every row, and its derivative. One work-item owns `block` rows.
//
// Rows with the ignored label or a mask of 0 count nothing, whatever their logits. A label that is no class makes the
// row NaN, so that the mistake is seen.
#include "common.clh"
#include "line.clh"

__kernel void cross_entropy(__global const float *logits, ulong logits_offset, __global const int *labels,
                            ulong labels_offset, __global const float *class_weights, ulong class_weights_offset,
                            __global const float *mask, ulong mask_offset, __global float *losses,
                            ulong losses_offset, __global float *weights, ulong weights_offset, int rows, int classes,
                            int block, int ignored_label, float smoothing, int has_class_weights, int has_mask)
{
    class_weights += class_weights_offset;
    const int last = min(((int)get_global_id(0) + 1) * block, rows);
    for (int row = (int)get_global_id(0) * block; row < last; row++) {
        const int label = labels[labels_offset + row];
        const float share = has_mask ? mask[mask_offset + row] : 1.0f;
        float loss = 0.0f;
        float weight = 0.0f;
        if (label != ignored_label && share != 0.0f) {
            if (label >= 0 && label < classes) {
                __global const float *x = logits + logits_offset + (ulong)row * classes;
                const float maximum = line_maximum(x, classes);
                // -log p = shift - (x - maximum), in this order: adding the maximum to the shift would round it away.
                const float shift = log(line_exponential_sum(x, classes, maximum));
                const float class_weight = has_class_weights ? class_weights[label] : 1.0f;
                loss = (1.0f - smoothing) * class_weight * (shift - (x[label] - maximum));
                if (smoothing != 0.0f) {
                    float16 sum = (float16)(0.0f);
                    for (int i = 0; i < classes; i += LANES) {
                        float16 surprise = shift - (load_partial(x + i, classes - i, maximum + shift) - maximum);
                        if (has_class_weights) surprise *= load_vector(class_weights + i, classes - i);
                        sum += surprise;
                    }
                    loss += smoothing / classes * sum_lanes(sum);
                }
                loss *= share;
                weight = share * class_weight;
            } else {
                loss = NAN;
                weight = NAN;
            }
        }
        losses[losses_offset + row] = loss;
        weights[weights_offset + row] = weight;
    }
}

// Derivative of the weighted mean for every task: the cotangent times
// mask / sum(weights) * ((1-e) * c_y * (p_j - [j = y]) + e/classes * (p_j * sum(c) - c_j)).
__kernel void cross_entropy_gradient(__global const float *logits, ulong logits_offset, __global const int *labels,
                                     ulong labels_offset, __global const float *class_weights,
                                     ulong class_weights_offset, __global const float *mask, ulong mask_offset,
                                     __global const float *cotangents, ulong cotangents_offset,
                                     __global const float *mean, ulong mean_offset, __global float *result,
                                     ulong result_offset, int rows, int classes, int block, int tasks,
                                     int ignored_label, float smoothing, int has_class_weights, int has_mask)
{
    const int16 lane = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    class_weights += class_weights_offset;
    cotangents += cotangents_offset;
    result += result_offset;
    const float reciprocal = mean[mean_offset + 1];
    const float weight_sum = has_class_weights ? sum_line(class_weights, classes) : (float)classes;
    const int last = min(((int)get_global_id(0) + 1) * block, rows);
    for (int row = (int)get_global_id(0) * block; row < last; row++) {
        const int label = labels[labels_offset + row];
        const float share = has_mask ? mask[mask_offset + row] : 1.0f;
        const int counts = label != ignored_label && share != 0.0f;
        const int valid = label >= 0 && label < classes;
        __global const float *x = logits + logits_offset + (ulong)row * classes;
        float maximum = 0.0f, scale = 0.0f, target = 0.0f;
        if (counts) {
            maximum = line_maximum(x, classes);
            scale = 1.0f / line_exponential_sum(x, classes, maximum);
            target = valid ? (1.0f - smoothing) * (has_class_weights ? class_weights[label] : 1.0f) : NAN;
        }
        const float spread = smoothing / classes;
        for (int i = 0; i < classes; i += LANES) {
            const int lanes = classes - i;
            float16 slope = (float16)(0.0f);
            if (counts) {
                const float16 p = exp(load_partial(x + i, lanes, -INFINITY) - maximum) * scale;
                const float16 hit = select((float16)(0.0f), (float16)(1.0f), lane + i == label);
                const float16 c = has_class_weights ? load_vector(class_weights + i, lanes) : (float16)(1.0f);
                slope = target * (p - hit) + spread * (p * weight_sum - c);
                slope *= share * reciprocal;
            }
            for (int task = 0; task < tasks; task++)
                store_partial(counts ? slope * cotangents[task] : slope,
                              result + ((ulong)task * rows + row) * classes + i, lanes);
        }
    }
}
