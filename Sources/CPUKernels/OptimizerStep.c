#include "Kernel.h"

KERNEL void concord_sgd(
    float *values, const float *gradients, float *velocities, long count, float scale, float rate, float momentum,
    float decay, int nesterov) {
    if (!velocities) {
        INDEPENDENT for (long i = 0; i < count; ++i)
            values[i] -= rate * (scale * gradients[i] + decay * values[i]);
    } else if (nesterov) {
        INDEPENDENT for (long i = 0; i < count; ++i) {
            const float g = scale * gradients[i] + decay * values[i];
            const float v = momentum * velocities[i] + g;
            velocities[i] = v;
            values[i] -= rate * (g + momentum * v);
        }
    } else {
        INDEPENDENT for (long i = 0; i < count; ++i) {
            const float g = scale * gradients[i] + decay * values[i];
            const float v = momentum * velocities[i] + g;
            velocities[i] = v;
            values[i] -= rate * v;
        }
    }
}

KERNEL void concord_adam(
    float *values, const float *gradients, float *means, float *squares, long count, float scale,
    const struct concord_adam_options *adam) {
    const float rate = adam->rate, beta1 = adam->beta1, beta2 = adam->beta2, epsilon = adam->epsilon;
    const float correction1 = adam->correction1, correction2 = adam->correction2;
    const float coupled = adam->decoupled ? 0 : adam->decay;
    const float decoupled = adam->decoupled ? rate * adam->decay : 0;
    INDEPENDENT for (long i = 0; i < count; ++i) {
        const float kept = values[i] - decoupled * values[i];
        const float g = scale * gradients[i] + coupled * values[i];
        const float m = beta1 * means[i] + (1 - beta1) * g;
        const float s = beta2 * squares[i] + (1 - beta2) * (g * g);
        means[i] = m;
        squares[i] = s;
        values[i] = kept - rate * (m / correction1) / (SQUARE_ROOT(s / correction2) + epsilon);
    }
}
