#include "Kernel.h"

KERNEL void concord_fill(float *output, long count, float value) {
    for (long i = 0; i < count; ++i) output[i] = value;
}
