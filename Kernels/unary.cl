// Applies a function to every element, and its derivative. One work-item owns CHUNK elements.
//
// The function is an argument, not a macro: choosing it once per vector costs nothing beside the memory, and one kernel
// serves all functions. The numbers are those of `Unary.Function`.
#include "common.clh"

#define NEGATE 0
#define ABSOLUTE 1
#define SQUARE 2
#define RECIPROCAL 3
#define EXP 4
#define LOG 5
#define SQRT 6
#define RECIPROCAL_SQRT 7
#define RELU 8
#define RELU6 9
#define LEAKY_RELU 10
#define GELU 11
#define SILU 12
#define TANH 13
#define SIGMOID 14
#define AFFINE 15
#define CLAMP 16

static float16 sigmoid(float16 x) { return 1.0f / (1.0f + exp(-x)); }

// The normal distribution's cumulative function, accurate in the lower tail too: 0.5 * erfc(-x / sqrt(2)).
static float16 normal_cumulative(float16 x)
{
    const float16 magnitude = fabs(x);
    const float16 limited = select(magnitude, (float16)(14.2f), magnitude > 14.2f);
    // With a = |x| / sqrt(2), exp(a * a) * erfc(a) * (1 + 2 a) is smooth in t.
    const float16 a = limited * M_SQRT1_2_F;
    const float16 t = (a - 4.0f) / (a + 4.0f);
    float16 p = fma(t, (float16)(0.000876570295f), (float16)(0.00700817816f));
    p = fma(t, p, (float16)(-0.0158930086f));
    p = fma(t, p, (float16)(0.0364344604f));
    p = fma(t, p, (float16)(-0.0666337758f));
    p = fma(t, p, (float16)(0.0938152f));
    p = fma(t, p, (float16)(-0.100991681f));
    p = fma(t, p, (float16)(0.0680939332f));
    p = fma(t, p, (float16)(0.015377434f));
    p = fma(t, p, (float16)(-0.139621079f));
    p = fma(t, p, (float16)(1.23299515f));
    // The exponent is split, so that its rounding error does not grow with it: the square of `high` is exact.
    const float16 high = as_float16(as_uint16(limited) & 0xFFFFF000u);
    const float16 rest = 0.5f * (limited - high) * (limited + high);
    const float16 correction = 1.0f - rest * (1.0f - rest * (0.5f - rest * (1.0f / 6.0f)));
    const float16 upper = 0.5f * p / (1.0f + 2.0f * a) * exp(-0.5f * high * high) * correction;
    return select(1.0f - upper, upper, x < 0.0f);
}

__kernel void unary(__global const float *input, ulong input_offset, __global float *output, ulong output_offset,
                    int function, float first, float second, ulong count)
{
    input += input_offset;
    output += output_offset;
    const ulong begin = (ulong)get_global_id(0) * CHUNK;
    const ulong end = min(begin + CHUNK, count);
    FOR_EACH_VECTOR(i, lanes, begin, end) {
        const float16 x = load_vector(input + i, lanes);
        float16 y = x;
        switch (function) {
        case NEGATE: y = -x; break;
        case ABSOLUTE: y = fabs(x); break;
        case SQUARE: y = x * x; break;
        case RECIPROCAL: y = 1.0f / x; break;
        case EXP: y = exp(x); break;
        case LOG: y = log(x); break;
        case SQRT: y = sqrt(x); break;
        case RECIPROCAL_SQRT: y = 1.0f / sqrt(x); break;
        case RELU: y = activate(x, ACTIVATION_RELU); break;
        case RELU6: y = activate(x, ACTIVATION_RELU6); break;
        case LEAKY_RELU: y = select(x, first * x, x < 0.0f); break;
        case GELU: y = x * normal_cumulative(x); break;
        case SILU: y = x * sigmoid(x); break;
        case TANH: y = tanh(x); break;
        case SIGMOID: y = sigmoid(x); break;
        case AFFINE: y = fma(x, (float16)(first), (float16)(second)); break;
        case CLAMP:
            y = select(x, (float16)(first), x < first);
            y = select(y, (float16)(second), x > second);
            break;
        }
        store_partial(y, output + i, lanes);
    }
}

// `saved` is the function's output where the derivative is computed from it, else its input. The derivative is found
// once for all tasks. Where it is 0 the cotangent does not matter, as in PyTorch.
__kernel void unary_gradient(__global const float *saved, ulong saved_offset, __global const float *deltas,
                             ulong deltas_offset, __global float *result, ulong result_offset, int function,
                             float first, float second, ulong count, int tasks)
{
    saved += saved_offset;
    deltas += deltas_offset;
    result += result_offset;
    const ulong begin = (ulong)get_global_id(0) * CHUNK;
    const ulong end = min(begin + CHUNK, count);
    FOR_EACH_VECTOR(i, lanes, begin, end) {
        const float16 x = load_vector(saved + i, lanes);
        float16 slope = (float16)(1.0f);
        int16 blocked = (int16)(0);
        switch (function) {
        case NEGATE: slope = (float16)(-1.0f); break;
        case ABSOLUTE: slope = sign_of(x); break;
        case SQUARE: slope = 2.0f * x; break;
        case RECIPROCAL: slope = -x * x; break;
        case EXP: slope = x; break;
        case LOG: slope = 1.0f / x; break;
        case SQRT: slope = 0.5f / x; break;
        case RECIPROCAL_SQRT: slope = -0.5f * x * x * x; break;
        case RELU: blocked = x <= 0.0f; break;
        case RELU6: blocked = x <= 0.0f || x >= 6.0f; break;
        case LEAKY_RELU: slope = select((float16)(1.0f), (float16)(first), x <= 0.0f); break;
        case GELU:
            // M_2_SQRTPI / (2 sqrt(2)) = 1 / sqrt(2 pi). One exponential after the other: both do not fit in registers.
            slope = normal_cumulative(x);
            slope = fma(x * (0.5f * M_SQRT1_2_F * M_2_SQRTPI_F), exp(-0.5f * x * x), slope);
            break;
        case SILU: {
            const float16 s = sigmoid(x);
            slope = s * fma(x, 1.0f - s, (float16)(1.0f));
            break;
        }
        case TANH: slope = fma(-x, x, (float16)(1.0f)); break;
        case SIGMOID: slope = x * (1.0f - x); break;
        case AFFINE: slope = (float16)(first); break;
        case CLAMP: blocked = x < first || x > second; break;
        }
        for (int task = 0; task < tasks; task++) {
            const ulong place = task * count + i;
            const float16 delta = load_vector(deltas + place, lanes) * slope;
            store_partial(select(delta, (float16)(0.0f), blocked), result + place, lanes);
        }
    }
}
