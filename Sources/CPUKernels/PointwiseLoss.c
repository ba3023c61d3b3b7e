#include "Elementary.h"

INLINE float huber(float error, float delta) {
    const float magnitude = fabsf(error);
    return magnitude <= delta ? 0.5f * error * error : delta * (magnitude - 0.5f * delta);
}

// `x` is a prediction, `t` its target, `w` the column's positive weight.
#define POINTWISE_LOSS(name, expression)                                                                      \
    KERNEL void concord_pointwise_loss_##name(                                                                \
        const struct concord_pointwise_loss_options *options, long first, long last, float *losses, float *weights) { \
        const long columns = options->columns;                                                                \
        const float *const positive = options->positive_weights;                                              \
        [[maybe_unused]] const float delta = options->delta;                                                  \
        for (long row = first; row < last; ++row) {                                                           \
            const float mask = options->mask ? options->mask[row] : 1;                                        \
            weights[row] = mask;                                                                              \
            if (mask == 0) {                                                                                  \
                losses[row] = 0;                                                                              \
                continue;                                                                                     \
            }                                                                                                 \
            const float *const x_ = options->predictions + row * columns;                                     \
            const float *const t_ = options->targets + row * columns;                                         \
            if (positive) {                                                                                   \
                PAIRWISE_SUM(sum, i, columns, LOSS_TERM(x_[i], t_[i], positive[i], expression));              \
                losses[row] = mask * (sum / (float)columns);                                                  \
            } else {                                                                                          \
                PAIRWISE_SUM(sum, i, columns, LOSS_TERM(x_[i], t_[i], 1.0f, expression));                     \
                losses[row] = mask * (sum / (float)columns);                                                  \
            }                                                                                                 \
        }                                                                                                     \
    }

#define LOSS_TERM(prediction, target, weight, function) function((prediction), (target), (weight), delta)

INLINE float binary_cross_entropy(float x, float t, float w, [[maybe_unused]] float delta) {
    // softplus(-x) = softplus(x) - x, so that one logarithm serves both terms; each branch subtracts nothing large.
    const float tail = softplus(-fabsf(x));
    const float positive = tail + (x < 0 ? -x : 0);
    const float negative = tail + (x > 0 ? x : 0);
    return w * t * positive + (1 - t) * negative;
}

INLINE float squared_error(float x, float t, [[maybe_unused]] float w, [[maybe_unused]] float delta) {
    return (x - t) * (x - t);
}

INLINE float absolute_error(float x, float t, [[maybe_unused]] float w, [[maybe_unused]] float delta) {
    return fabsf(x - t);
}

INLINE float huber_loss(float x, float t, [[maybe_unused]] float w, float delta) { return huber(x - t, delta); }

POINTWISE_LOSS(binary_cross_entropy, binary_cross_entropy)
POINTWISE_LOSS(squared_error, squared_error)
POINTWISE_LOSS(absolute_error, absolute_error)
POINTWISE_LOSS(huber, huber_loss)

INLINE float binary_cross_entropy_slope(float x, float t, float w, [[maybe_unused]] float delta) {
    return (1 - t) * logistic(x) - w * t * logistic(-x);
}

INLINE float squared_error_slope(float x, float t, [[maybe_unused]] float w, [[maybe_unused]] float delta) {
    return 2 * (x - t);
}

INLINE float absolute_error_slope(float x, float t, [[maybe_unused]] float w, [[maybe_unused]] float delta) {
    const float error = x - t;
    return error > 0 ? 1 : error < 0 ? -1 : error;
}

INLINE float huber_slope(float x, float t, [[maybe_unused]] float w, float delta) {
    const float error = x - t;
    return error < -delta ? -delta : error > delta ? delta : error;
}

#define POINTWISE_LOSS_GRADIENT(name)                                                                         \
    KERNEL void concord_pointwise_loss_gradient_##name(                                                       \
        const struct concord_pointwise_loss_options *options, long first, long last, long rows, const float *scales,  \
        long tasks, float *gradients) {                                                                       \
        const long columns = options->columns;                                                                \
        const long count = rows * columns;                                                                    \
        const float *const positive = options->positive_weights;                                              \
        const float delta = options->delta;                                                                   \
        for (long row = first; row < last; ++row) {                                                           \
            const float mask = options->mask ? options->mask[row] : 1;                                        \
            float *const g = gradients + row * columns;                                                       \
            if (mask == 0) {                                                                                  \
                for (long task = 0; task < tasks; ++task)                                                     \
                    memset(g + task * count, 0, (size_t)columns * sizeof(float));                             \
                continue;                                                                                     \
            }                                                                                                 \
            const float *const x = options->predictions + row * columns;                                      \
            const float *const t = options->targets + row * columns;                                          \
            /* The first task's row holds the slopes until every task has its multiple of them. */            \
            if (positive) {                                                                                   \
                INDEPENDENT for (long i = 0; i < columns; ++i) g[i] = name##_slope(x[i], t[i], positive[i], delta); \
            } else {                                                                                          \
                INDEPENDENT for (long i = 0; i < columns; ++i) g[i] = name##_slope(x[i], t[i], 1, delta);     \
            }                                                                                                 \
            for (long task = tasks - 1; task >= 0; --task) {                                                  \
                const float scale = mask * scales[task] / (float)columns;                                     \
                float *const scaled = g + task * count;                                                       \
                INDEPENDENT for (long i = 0; i < columns; ++i) scaled[i] = scale * g[i];                      \
            }                                                                                                 \
        }                                                                                                     \
    }

POINTWISE_LOSS_GRADIENT(binary_cross_entropy)
POINTWISE_LOSS_GRADIENT(squared_error)
POINTWISE_LOSS_GRADIENT(absolute_error)
POINTWISE_LOSS_GRADIENT(huber)
