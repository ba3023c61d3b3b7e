// One step of an optimizer over a range of parameters. One work-item owns CHUNK elements.
#include "common.clh"

__kernel void sgd_step(__global float *values, ulong values_offset, __global const float *gradients,
                       ulong gradients_offset, __global float *velocities, ulong velocities_offset,
                       __global const float *scale, ulong scale_offset, float rate, float momentum, float decay,
                       ulong count, int has_momentum, int nesterov, int scaled)
{
    values += values_offset;
    gradients += gradients_offset;
    velocities += velocities_offset;
    const float factor = scaled ? scale[scale_offset] : 1.0f;
    const ulong begin = (ulong)get_global_id(0) * CHUNK;
    const ulong end = min(begin + CHUNK, count);
    FOR_EACH_VECTOR(i, lanes, begin, end) {
        const float16 value = load_vector(values + i, lanes);
        const float16 gradient = fma((float16)(decay), value, factor * load_vector(gradients + i, lanes));
        float16 step = gradient;
        if (has_momentum) {
            const float16 velocity = fma((float16)(momentum), load_vector(velocities + i, lanes), gradient);
            store_partial(velocity, velocities + i, lanes);
            step = nesterov ? fma((float16)(momentum), velocity, gradient) : velocity;
        }
        store_partial(fma((float16)(-rate), step, value), values + i, lanes);
    }
}

__kernel void adam_step(__global float *values, ulong values_offset, __global const float *gradients,
                        ulong gradients_offset, __global float *first_moments, ulong first_moments_offset,
                        __global float *second_moments, ulong second_moments_offset, __global const float *scale,
                        ulong scale_offset, float rate, float beta1, float beta2, float epsilon, float decay,
                        float correction1, float correction2, ulong count, int decoupled, int scaled)
{
    values += values_offset;
    gradients += gradients_offset;
    first_moments += first_moments_offset;
    second_moments += second_moments_offset;
    const float factor = scaled ? scale[scale_offset] : 1.0f;
    const float corrected_rate = rate / correction1;
    const float reciprocal2 = 1.0f / correction2;
    const ulong begin = (ulong)get_global_id(0) * CHUNK;
    const ulong end = min(begin + CHUNK, count);
    FOR_EACH_VECTOR(i, lanes, begin, end) {
        float16 value = load_vector(values + i, lanes);
        float16 gradient = factor * load_vector(gradients + i, lanes);
        if (decoupled)
            value = fma((float16)(-rate * decay), value, value);
        else
            gradient = fma((float16)(decay), value, gradient);
        float16 first = load_vector(first_moments + i, lanes);
        float16 second = load_vector(second_moments + i, lanes);
        first = fma((float16)(1.0f - beta1), gradient, beta1 * first);
        second = fma((1.0f - beta2) * gradient, gradient, beta2 * second);
        store_partial(first, first_moments + i, lanes);
        store_partial(second, second_moments + i, lanes);
        const float16 step = corrected_rate * first / (sqrt(second * reciprocal2) + epsilon);
        store_partial(value - step, values + i, lanes);
    }
}
