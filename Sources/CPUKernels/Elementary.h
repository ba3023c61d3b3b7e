// Elementary functions without branches or calls, which the compiler vectorises. Errors are below 2 ulp unless stated;
// NaN and infinities propagate. Polynomials are near-minimax fits.
#pragma once

#include "Kernel.h"

INLINE float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

INLINE uint32_t bits_of_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

INLINE float exponential(float x) {
    // Beyond these limits the result is 0 or infinity; NaN fails both comparisons and stays.
    const float limited = x < -104.0f ? -104.0f : x > 89.0f ? 89.0f : x;
    // Adding 1.5·2²³ rounds to an integer n, which is left in the low bits.
    const float shifted = limited * 0x1.715476p+0f + 0x1.8p+23f;
    const float n = shifted - 0x1.8p+23f;
    const int32_t integer = (int32_t)(bits_of_float(shifted) - 0x4B400000u);
    // ln 2 in two parts, the first of which has few bits: n times it is exact.
    const float r = (limited - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f;
    const float tail =
        0x1.fffffcp-2f
        + r * (0x1.55548ap-3f + r * (0x1.555916p-5f + r * (0x1.123fc6p-7f + r * 0x1.6a1a6ep-10f)));
    const float fraction = 1.0f + (r + r * r * tail);
    // 2ⁿ in two factors, so that neither overflows where the result is large or subnormal.
    const int32_t half = integer >> 1;
    const float first = float_of_bits((uint32_t)(half + 127) << 23);
    const float second = float_of_bits((uint32_t)(integer - half + 127) << 23);
    return fraction * first * second;
}

INLINE float logarithm(float x) {
    const float normal = x < 0x1p-126f ? x * 0x1p+23f : x;
    const float offset = x < 0x1p-126f ? -23.0f : 0.0f;
    // x = 2ᵉ·(1 + f) with 1 + f in [√½, √2).
    const int32_t exponent = (int32_t)(bits_of_float(normal) - 0x3f3504f3u) >> 23;
    const float f = float_of_bits(bits_of_float(normal) - ((uint32_t)exponent << 23)) - 1.0f;
    const float e = (float)exponent + offset;
    const float q =
        0.333333135f
        + f * (-0.250000089f
        + f * (0.200021237f
        + f * (-0.166680083f
        + f * (0.14219451f + f * (-0.124052793f + f * (0.118886456f + f * (-0.116778769f + f * 0.0674830824f)))))));
    const float square = f * f;
    const float small = (square * f * q + e * 0x1.7f7d1cp-20f) - 0.5f * square;
    const float result = (small + f) + e * 0x1.62e4p-1f;
    const float finite = x < INFINITY ? result : x;
    return x > 0 ? finite : x == 0 ? -INFINITY : NAN;
}

INLINE float logistic(float x) {
    const float z = exponential(-fabsf(x));
    const float reciprocal = 1.0f / (1.0f + z);
    return x < 0 ? z * reciprocal : reciprocal;
}

INLINE float hyperbolic_tangent(float x) {
    const float magnitude = fabsf(x);
    const float z = x * x;
    const float near =
        x
        + x * z
            * (-0.333332837f + z * (0.133314893f + z * (-0.0537433848f + z * (0.0206501931f + z * -0.00571658369f))));
    const float far = copysignf(1.0f - 2.0f / (exponential(2.0f * magnitude) + 1.0f), x);
    return magnitude < 0.625f ? near : far;
}

// log(1 + exp(x)).
INLINE float softplus(float x) {
    const float z = exponential(-fabsf(x));
    const float u = 1.0f + z;
    // The second term restores what rounding 1 + z has lost.
    const float tail = logarithm(u) + (z - (u - 1.0f)) / u;
    return (x < 0 ? 0 : x) + tail;
}

// The normal distribution's cumulative function Φ, relative error below 4 ulp also in the lower tail.
INLINE float normal_cumulative(float x) {
    const float magnitude = fabsf(x);
    const float limited = magnitude > 14.2f ? 14.2f : magnitude;
    // With a = |x|/√2, exp(a²)·erfc(a)·(1 + 2a) is smooth in t.
    const float a = limited * 0x1.6a09e6p-1f;
    const float t = (a - 4.0f) / (a + 4.0f);
    const float p =
        1.23299515f
        + t * (-0.139621079f
        + t * (0.015377434f
        + t * (0.0680939332f
        + t * (-0.100991681f
        + t * (0.0938152f
        + t * (-0.0666337758f
        + t * (0.0364344604f + t * (-0.0158930086f + t * (0.00700817816f + t * 0.000876570295f)))))))));
    // The exponent x²/2 is split, so that its rounding error does not grow with it: the square of `high` is exact.
    const float high = float_of_bits(bits_of_float(limited) & 0xFFFFF000u);
    const float rest = 0.5f * (limited - high) * (limited + high);
    const float correction = 1.0f - rest * (1.0f - rest * (0.5f - rest * (1.0f / 6)));
    const float upper = 0.5f * p / (1.0f + 2.0f * a) * exponential(-0.5f * high * high) * correction;
    return x < 0 ? upper : 1.0f - upper;
}

// The normal distribution's density.
INLINE float normal_density(float x) { return 0x1.988454p-2f * exponential(-0.5f * x * x); }

// A point of the unit circle.
struct direction { float cosine, sine; };

// The direction at `turn` of a full turn, in [0, 1].
INLINE struct direction direction_of(float turn) {
    // To the nearest quarter, which is exact, and the rest within an eighth on both sides.
    const float shifted = 4.0f * turn + 0x1.8p+23f;
    const uint32_t quarter = bits_of_float(shifted);
    const float angle = (turn - 0.25f * (shifted - 0x1.8p+23f)) * 0x1.921fb6p+2f;
    const float z = angle * angle;
    const float sine = angle + angle * z * (-0x1.555546p-3f + z * (0x1.11073cp-7f + z * -0x1.9943f2p-13f));
    const float cosine = 1.0f - 0.5f * z + z * z * (0x1.55554ap-5f + z * (-0x1.6c0c34p-10f + z * 0x1.99eb9cp-16f));
    const float x = quarter & 1 ? sine : cosine;
    const float y = quarter & 1 ? cosine : sine;
    return (struct direction){(quarter + 1) & 2 ? -x : x, quarter & 2 ? -y : y};
}
