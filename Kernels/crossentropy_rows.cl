// Softmax cross-entropy of rows of at most 16 classes, and its derivative (vector family): what `crossentropy.cl` does,
// 16 rows at a time. One work-item owns `block` rows.
#include "common.clh"
#include "rows.clh"

// What is known of 16 rows before their logits are.
typedef struct {
    int16 label;
    // The mask, 1 without one.
    float16 share;
    // Lanes whose rows count, and those whose label is a class.
    int16 counts, valid;
    // Of the label's class, 1 without weights.
    float16 class_weight;
} Rows;

static Rows describe(__global const int *labels, __global const float *class_weights, __global const float *mask,
                     int row, int count, int columns, int ignored_label, int has_class_weights, int has_mask)
{
    Rows rows;
    rows.label = as_int16(load_partial((__global const float *)(labels + row), count, 0.0f));
    rows.share = has_mask ? load_partial(mask + row, count, 0.0f) : (float16)(1.0f);
    rows.counts = rows.label != ignored_label & rows.share != 0.0f;
    rows.valid = rows.label >= 0 & rows.label < columns;
    rows.class_weight = (float16)(1.0f);
    if (has_class_weights) {
        EACH_COLUMN rows.class_weight = select(rows.class_weight, (float16)(class_weights[c]), rows.label == c);
    }
    return rows;
}

__kernel void cross_entropy_rows(__global const float *logits, ulong logits_offset, __global const int *labels,
                                 ulong labels_offset, __global const float *class_weights, ulong class_weights_offset,
                                 __global const float *mask, ulong mask_offset, __global float *losses,
                                 ulong losses_offset, __global float *weights, ulong weights_offset, int rows,
                                 int columns, int block, int ignored_label, float smoothing, int has_class_weights,
                                 int has_mask)
{
    class_weights += class_weights_offset;
    const int first = (int)get_global_id(0) * block;
    const int last = min(first + block, rows);
    for (int row = first; row < last; row += LANES) {
        const int count = min(LANES, last - row);
        const Rows own = describe(labels + labels_offset, class_weights, mask + mask_offset, row, count, columns,
                                  ignored_label, has_class_weights, has_mask);
        float16 lines[LANES];
        load_rows(lines, logits + logits_offset + (ulong)row * columns, columns, count,
                  (ulong)(rows - row) * columns);
        const float16 maximum = row_maxima(lines, columns);
        float16 sum = (float16)(0.0f), hit = sum;
        EACH_COLUMN
        {
            lines[c] -= maximum;
            sum += exp(lines[c]);
            hit = select(hit, lines[c], own.label == c);
        }
        // -log p = shift - (x - maximum), in this order: adding the maximum to the shift would round it away.
        const float16 shift = log(sum);
        float16 loss = (1.0f - smoothing) * own.class_weight * (shift - hit);
        if (smoothing != 0.0f) {
            float16 total = (float16)(0.0f);
            EACH_COLUMN total += (shift - lines[c]) * (has_class_weights ? class_weights[c] : 1.0f);
            loss += smoothing / columns * total;
        }
        const float16 wrong = select((float16)(NAN), own.share, own.valid);
        const float16 zero = (float16)(0.0f);
        store_partial(select(zero, loss * wrong, own.counts), losses + losses_offset + row, count);
        store_partial(select(zero, own.class_weight * wrong, own.counts), weights + weights_offset + row, count);
    }
}

__kernel void cross_entropy_gradient_rows(__global const float *logits, ulong logits_offset,
                                          __global const int *labels, ulong labels_offset,
                                          __global const float *class_weights, ulong class_weights_offset,
                                          __global const float *mask, ulong mask_offset,
                                          __global const float *cotangents, ulong cotangents_offset,
                                          __global const float *mean, ulong mean_offset, __global float *result,
                                          ulong result_offset, int rows, int columns, int block, int tasks,
                                          int ignored_label, float smoothing, int has_class_weights, int has_mask)
{
    class_weights += class_weights_offset;
    cotangents += cotangents_offset;
    result += result_offset;
    const float reciprocal = mean[mean_offset + 1];
    const float weight_sum = has_class_weights ? sum_line(class_weights, columns) : (float)columns;
    const float spread = smoothing / columns;
    const int first = (int)get_global_id(0) * block;
    const int last = min(first + block, rows);
    for (int row = first; row < last; row += LANES) {
        const int count = min(LANES, last - row);
        const Rows own = describe(labels + labels_offset, class_weights, mask + mask_offset, row, count, columns,
                                  ignored_label, has_class_weights, has_mask);
        float16 lines[LANES];
        load_rows(lines, logits + logits_offset + (ulong)row * columns, columns, count,
                  (ulong)(rows - row) * columns);
        const float16 maximum = row_maxima(lines, columns);
        float16 sum = (float16)(0.0f);
        EACH_COLUMN
        {
            lines[c] = exp(lines[c] - maximum);
            sum += lines[c];
        }
        const float16 scale = 1.0f / sum;
        const float16 target = select((float16)(NAN), (1.0f - smoothing) * own.class_weight, own.valid);
        const float16 factor = own.share * reciprocal;
        EACH_COLUMN
        {
            const float16 p = lines[c] * scale;
            const float16 hit = select((float16)(0.0f), (float16)(1.0f), own.label == c);
            const float weight = has_class_weights ? class_weights[c] : 1.0f;
            lines[c] = (target * (p - hit) + spread * (p * weight_sum - weight)) * factor;
        }
        for (int task = 0; task < tasks; task++) {
            float16 scaled[LANES];
#pragma unroll
            for (int c = 0; c < LANES; c++) scaled[c] = (float16)(0.0f);
            EACH_COLUMN scaled[c] = select((float16)(0.0f), lines[c] * cotangents[task], own.counts);
            store_rows(scaled, result + ((ulong)task * rows + row) * columns, columns, count);
        }
    }
}
