#include "Kernel.h"

// Column strides are 0 or 1, and each combination is a loop of its own, which the compiler vectorises.
#define BINARY(name, loop, expression)                                                                             \
    KERNEL void concord_binary_##name(                                                                        \
        const float *left, long left_row, long left_column, const float *right, long right_row,               \
        long right_column, float *output, long rows, long columns) {                                          \
        for (long row = 0; row < rows; ++row) {                                                               \
            const float *const l_ = left + row * left_row;                                                    \
            const float *const r_ = right + row * right_row;                                                  \
            float *const y_ = output + row * columns;                                                         \
            if (left_column == 0) {                                                                           \
                const float l = *l_;                                                                          \
                loop for (long i = 0; i < columns; ++i) {                                              \
                    const float r = r_[right_column == 0 ? 0 : i];                                            \
                    y_[i] = (expression);                                                                     \
                }                                                                                             \
            } else if (right_column == 0) {                                                                   \
                const float r = *r_;                                                                          \
                loop for (long i = 0; i < columns; ++i) {                                              \
                    const float l = l_[i];                                                                    \
                    y_[i] = (expression);                                                                     \
                }                                                                                             \
            } else {                                                                                          \
                loop for (long i = 0; i < columns; ++i) {                                              \
                    const float l = l_[i];                                                                    \
                    const float r = r_[i];                                                                    \
                    y_[i] = (expression);                                                                     \
                }                                                                                             \
            }                                                                                                 \
        }                                                                                                     \
    }

BINARY(add, INDEPENDENT, l + r)
BINARY(subtract, INDEPENDENT, l - r)
BINARY(multiply, INDEPENDENT, l * r)
BINARY(divide, INDEPENDENT, l / r)
// A NaN on either side wins.
BINARY(maximum, INDEPENDENT, l > r || l != l ? l : r)
BINARY(minimum, INDEPENDENT, l < r || l != l ? l : r)
// A call of the C library, which no loop vectorises.
BINARY(power, , powf(l, r))
BINARY(greater, INDEPENDENT, l > r ? 1.0f : 0.0f)
BINARY(greater_or_equal, INDEPENDENT, l >= r ? 1.0f : 0.0f)
BINARY(equal, INDEPENDENT, l == r ? 1.0f : 0.0f)
