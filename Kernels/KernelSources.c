#include "KernelSources.h"

#include <string.h>

static const char common_text[] = {
#embed "common.clh" suffix(, 0)
};
static const char line_text[] = {
#embed "line.clh" suffix(, 0)
};
static const char philox_text[] = {
#embed "philox.clh" suffix(, 0)
};
static const char rows_text[] = {
#embed "rows.clh" suffix(, 0)
};
static const char strided_text[] = {
#embed "strided.clh" suffix(, 0)
};
static const char tile_text[] = {
#embed "tile.clh" suffix(, 0)
};
static const char tiled_text[] = {
#embed "tiled.clh" suffix(, 0)
};
static const char transpose_text[] = {
#embed "transpose.clh" suffix(, 0)
};
static const char attention_text[] = {
#embed "attention.cl" suffix(, 0)
};
static const char batchnorm_text[] = {
#embed "batchnorm.cl" suffix(, 0)
};
static const char binary_text[] = {
#embed "binary.cl" suffix(, 0)
};
static const char conv2d_text[] = {
#embed "conv2d.cl" suffix(, 0)
};
static const char conv2d_narrow_text[] = {
#embed "conv2d_narrow.cl" suffix(, 0)
};
static const char conv2d_single_text[] = {
#embed "conv2d_single.cl" suffix(, 0)
};
static const char conv2d_tiled_text[] = {
#embed "conv2d_tiled.cl" suffix(, 0)
};
static const char crossentropy_text[] = {
#embed "crossentropy.cl" suffix(, 0)
};
static const char crossentropy_rows_text[] = {
#embed "crossentropy_rows.cl" suffix(, 0)
};
static const char depthwise_text[] = {
#embed "depthwise.cl" suffix(, 0)
};
static const char dropout_text[] = {
#embed "dropout.cl" suffix(, 0)
};
static const char embedding_text[] = {
#embed "embedding.cl" suffix(, 0)
};
static const char fill_text[] = {
#embed "fill.cl" suffix(, 0)
};
static const char gemm_text[] = {
#embed "gemm.cl" suffix(, 0)
};
static const char gemm_tiled_text[] = {
#embed "gemm_tiled.cl" suffix(, 0)
};
static const char gramian_text[] = {
#embed "gramian.cl" suffix(, 0)
};
static const char layernorm_text[] = {
#embed "layernorm.cl" suffix(, 0)
};
static const char maskedgemm_text[] = {
#embed "maskedgemm.cl" suffix(, 0)
};
static const char optimizerstep_text[] = {
#embed "optimizerstep.cl" suffix(, 0)
};
static const char pack_text[] = {
#embed "pack.cl" suffix(, 0)
};
static const char pointwiseloss_text[] = {
#embed "pointwiseloss.cl" suffix(, 0)
};
static const char pool2d_text[] = {
#embed "pool2d.cl" suffix(, 0)
};
static const char randomfill_text[] = {
#embed "randomfill.cl" suffix(, 0)
};
static const char reduction_text[] = {
#embed "reduction.cl" suffix(, 0)
};
static const char segmentmean_text[] = {
#embed "segmentmean.cl" suffix(, 0)
};
static const char softmax_text[] = {
#embed "softmax.cl" suffix(, 0)
};
static const char softmax_rows_text[] = {
#embed "softmax_rows.cl" suffix(, 0)
};
static const char stridedcopy_text[] = {
#embed "stridedcopy.cl" suffix(, 0)
};
static const char sumslices_text[] = {
#embed "sumslices.cl" suffix(, 0)
};
static const char unary_text[] = {
#embed "unary.cl" suffix(, 0)
};
static const char weightedmean_text[] = {
#embed "weightedmean.cl" suffix(, 0)
};
static const char weightedrowsum_text[] = {
#embed "weightedrowsum.cl" suffix(, 0)
};
static const char tuning_text[] = {
#embed "tuning.json" suffix(, 0)
};

static const struct {
    const char *name;
    const char *text;
} sources[] = {
    {"common.clh", common_text},
    {"line.clh", line_text},
    {"philox.clh", philox_text},
    {"rows.clh", rows_text},
    {"strided.clh", strided_text},
    {"tile.clh", tile_text},
    {"tiled.clh", tiled_text},
    {"transpose.clh", transpose_text},
    {"attention.cl", attention_text},
    {"batchnorm.cl", batchnorm_text},
    {"binary.cl", binary_text},
    {"conv2d.cl", conv2d_text},
    {"conv2d_narrow.cl", conv2d_narrow_text},
    {"conv2d_single.cl", conv2d_single_text},
    {"conv2d_tiled.cl", conv2d_tiled_text},
    {"crossentropy.cl", crossentropy_text},
    {"crossentropy_rows.cl", crossentropy_rows_text},
    {"depthwise.cl", depthwise_text},
    {"dropout.cl", dropout_text},
    {"embedding.cl", embedding_text},
    {"fill.cl", fill_text},
    {"gemm.cl", gemm_text},
    {"gemm_tiled.cl", gemm_tiled_text},
    {"gramian.cl", gramian_text},
    {"layernorm.cl", layernorm_text},
    {"maskedgemm.cl", maskedgemm_text},
    {"optimizerstep.cl", optimizerstep_text},
    {"pack.cl", pack_text},
    {"pointwiseloss.cl", pointwiseloss_text},
    {"pool2d.cl", pool2d_text},
    {"randomfill.cl", randomfill_text},
    {"reduction.cl", reduction_text},
    {"segmentmean.cl", segmentmean_text},
    {"softmax.cl", softmax_text},
    {"softmax_rows.cl", softmax_rows_text},
    {"stridedcopy.cl", stridedcopy_text},
    {"sumslices.cl", sumslices_text},
    {"unary.cl", unary_text},
    {"weightedmean.cl", weightedmean_text},
    {"weightedrowsum.cl", weightedrowsum_text},
};

const char *concord_kernel_source(const char *name)
{
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        if (strcmp(sources[i].name, name) == 0) return sources[i].text;
    }
    return NULL;
}

const char *concord_kernel_file(size_t index)
{
    return index < sizeof sources / sizeof sources[0] ? sources[index].name : NULL;
}

const char *concord_default_tuning(void) { return tuning_text; }
