#include "Elementary.h"

#define UNARY(name, expression)                                                                                 \
    KERNEL void concord_unary_##name(                                                                           \
        const float *input, float *output, long count, [[maybe_unused]] float a, [[maybe_unused]] float b) {    \
        INDEPENDENT for (long i = 0; i < count; ++i) {                                                          \
            const float x = input[i];                                                                           \
            output[i] = (expression);                                                                           \
        }                                                                                                       \
    }

UNARY(negate, -x)
UNARY(absolute, fabsf(x))
UNARY(square, x * x)
UNARY(reciprocal, 1 / x)
UNARY(exp, exponential(x))
UNARY(log, logarithm(x))
UNARY(sqrt, SQUARE_ROOT(x))
UNARY(reciprocal_sqrt, 1 / SQUARE_ROOT(x))
UNARY(relu, x < 0 ? 0 : x)
UNARY(relu6, rectified(x, 6))
UNARY(leaky_relu, x < 0 ? a * x : x)
UNARY(gelu, x * normal_cumulative(x))
UNARY(silu, x * logistic(x))
UNARY(tanh, hyperbolic_tangent(x))
UNARY(sigmoid, logistic(x))
UNARY(affine, a * x + b)
UNARY(clamp, x < a ? a : x > b ? b : x)

// `s` is the saved tensor and `d` the delta.
#define UNARY_GRADIENT(name, expression)                                                                  \
    KERNEL void concord_unary_gradient_##name(                                                            \
        const float *saved, const float *deltas, float *gradients, long count, [[maybe_unused]] float a,  \
        [[maybe_unused]] float b) {                                                                       \
        INDEPENDENT for (long i = 0; i < count; ++i) {                                                    \
            [[maybe_unused]] const float s = saved[i];                                                    \
            const float d = deltas[i];                                                                    \
            gradients[i] = (expression);                                                                  \
        }                                                                                                 \
    }

INLINE float silu_slope(float x) {
    // 1 - sigmoid(x) is taken as sigmoid(-x): the difference would lose its digits where x is large.
    return logistic(x) * (1 + x * logistic(-x));
}

UNARY_GRADIENT(negate, -d)
UNARY_GRADIENT(absolute, s > 0 ? d : s < 0 ? -d : d * s)
UNARY_GRADIENT(square, 2 * s * d)
UNARY_GRADIENT(reciprocal, -s * s * d)
UNARY_GRADIENT(exp, s * d)
UNARY_GRADIENT(log, d / s)
UNARY_GRADIENT(sqrt, d / (2 * s))
UNARY_GRADIENT(reciprocal_sqrt, -0.5f * s * s * s * d)
UNARY_GRADIENT(relu, s <= 0 ? 0 : d)
UNARY_GRADIENT(relu6, s <= 0 || s >= 6 ? 0 : d)
UNARY_GRADIENT(leaky_relu, s > 0 ? d : a * d)
UNARY_GRADIENT(gelu, d * (normal_cumulative(s) + s * normal_density(s)))
UNARY_GRADIENT(silu, d * silu_slope(s))
UNARY_GRADIENT(tanh, d * (1 - s * s))
UNARY_GRADIENT(sigmoid, d * s * (1 - s))
UNARY_GRADIENT(affine, a * d)
UNARY_GRADIENT(clamp, s < a || s > b ? 0 : d)
