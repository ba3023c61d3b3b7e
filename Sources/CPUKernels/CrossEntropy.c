#include "Elementary.h"

// The maximum of a row and the sum of the exponentials around it.
struct normalizer { float shift, sum; };

INLINE struct normalizer normalize(const float *x, long classes) {
    const float shift = row_maximum(x, classes);
    PAIRWISE_SUM(sum, i, classes, exponential(x[i] - shift));
    return (struct normalizer){shift, sum};
}

// Whether a row counts. A label outside the classes that is not the ignored one counts, and yields NaN.
INLINE int counts(const struct concord_cross_entropy_options *options, long row) {
    return options->labels[row] != options->ignored_label && !(options->mask && options->mask[row] == 0);
}

INLINE int has_class(const struct concord_cross_entropy_options *options, long row) {
    return options->labels[row] >= 0 && options->labels[row] < options->classes;
}

KERNEL void concord_cross_entropy(
    const struct concord_cross_entropy_options *options, long first, long last, float *losses, float *weights) {
    const long classes = options->classes;
    const float *const c = options->class_weights;
    for (long row = first; row < last; ++row) {
        if (!counts(options, row)) {
            losses[row] = weights[row] = 0;
            continue;
        }
        if (!has_class(options, row)) {
            losses[row] = weights[row] = NAN;
            continue;
        }
        const float *const x = options->logits + row * classes;
        const long label = options->labels[row];
        const float mask = options->mask ? options->mask[row] : 1;
        const float weight = c ? c[label] : 1;
        const struct normalizer norm = normalize(x, classes);
        const float logarithm_of_sum = logarithm(norm.sum);
        float loss = (1 - options->smoothing) * weight * (logarithm_of_sum - (x[label] - norm.shift));
        if (options->smoothing != 0) {
            float spread;
            if (c) {
                PAIRWISE_SUM(total, i, classes, c[i] * (logarithm_of_sum - (x[i] - norm.shift)));
                spread = total;
            } else {
                PAIRWISE_SUM(total, i, classes, logarithm_of_sum - (x[i] - norm.shift));
                spread = total;
            }
            loss += options->smoothing / (float)classes * spread;
        }
        losses[row] = mask * loss;
        weights[row] = mask * weight;
    }
}

KERNEL void concord_cross_entropy_gradient(
    const struct concord_cross_entropy_options *options, long first, long last, long rows, const float *scales,
    long tasks, float *gradients) {
    const long classes = options->classes;
    const long count = rows * classes;
    const float *const c = options->class_weights;
    const float share = options->smoothing / (float)classes;
    float total_weight = (float)classes;
    if (c) {
        PAIRWISE_SUM(sum, i, classes, c[i]);
        total_weight = sum;
    }
    for (long row = first; row < last; ++row) {
        float *const g = gradients + row * classes;
        if (!counts(options, row) || !has_class(options, row)) {
            const float value = counts(options, row) ? NAN : 0;
            for (long task = 0; task < tasks; ++task) {
                for (long i = 0; i < classes; ++i) g[task * count + i] = value;
            }
            continue;
        }
        const float *const x = options->logits + row * classes;
        const long label = options->labels[row];
        const float mask = options->mask ? options->mask[row] : 1;
        const float target = (1 - options->smoothing) * (c ? c[label] : 1);
        // The first task's row holds the exponentials, then the gradient of the row's loss, until every task has its
        // multiple of it.
        const float shift = row_maximum(x, classes);
        INDEPENDENT for (long i = 0; i < classes; ++i) g[i] = exponential(x[i] - shift);
        PAIRWISE_SUM(sum, i, classes, g[i]);
        const float slope = (target + share * total_weight) / sum;
        if (c) {
            INDEPENDENT for (long i = 0; i < classes; ++i) g[i] = slope * g[i] - share * c[i];
        } else {
            INDEPENDENT for (long i = 0; i < classes; ++i) g[i] = slope * g[i] - share;
        }
        g[label] -= target;
        for (long task = tasks - 1; task >= 0; --task) {
            const float scale = mask * scales[task];
            float *const scaled = g + task * count;
            INDEPENDENT for (long i = 0; i < classes; ++i) scaled[i] = scale * g[i];
        }
    }
}
