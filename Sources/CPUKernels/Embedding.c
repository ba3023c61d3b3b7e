#include "Kernel.h"

KERNEL void concord_embedding(
    const float *table, long vocabulary, long width, const int32_t *indices, long count, float *result) {
    for (long place = 0; place < count; ++place) {
        const long index = indices[place];
        float *const row = result + place * width;
        if (index >= 0 && index < vocabulary) {
            memcpy(row, table + index * width, (size_t)width * sizeof(float));
        } else {
            for (long i = 0; i < width; ++i) row[i] = NAN;
        }
    }
}

KERNEL void concord_embedding_gradient(
    const int32_t *indices, const float *cotangents, long count, long width, long first, long last, float *gradient) {
    memset(gradient + first * width, 0, (size_t)((last - first) * width) * sizeof(float));
    for (long place = 0; place < count; ++place) {
        const long index = indices[place];
        if (index < first || index >= last) continue;
        const float *const x = cotangents + place * width;
        float *const sum = gradient + index * width;
        INDEPENDENT for (long i = 0; i < width; ++i) sum[i] += x[i];
    }
}

KERNEL void concord_compact_embedding_gradient(
    const int32_t *firsts, const float *cotangents, long count, long width, float *gradient) {
    for (long place = 0; place < count; ++place) {
        const float *const x = cotangents + place * width;
        float *const own = gradient + place * width;
        if (firsts[place] == place) {
            memcpy(own, x, (size_t)width * sizeof(float));
            continue;
        }
        memset(own, 0, (size_t)width * sizeof(float));
        if (firsts[place] < 0) continue;
        float *const sum = gradient + firsts[place] * width;
        INDEPENDENT for (long i = 0; i < width; ++i) sum[i] += x[i];
    }
}
