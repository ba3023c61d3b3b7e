// Loops of the CPU backend: no policy, no threads, no memory of their own. Tensors are dense and row-major; images are
// NHWC. The caller splits the work into ranges and runs them on as many threads as it likes.
#pragma once

#include <stdint.h>

enum concord_activation { concord_activation_none, concord_activation_relu, concord_activation_relu6 };

// Matrix products: what follows the product.

// Adds a bias row (or none if null) to rows that are `stride` apart, then applies the activation.
void concord_bias_activation(
    float *matrix, long rows, long columns, long stride, const float *bias, enum concord_activation activation);

// C = a·bᵀ, or C += a·bᵀ, for vectors of `rows` and `columns` elements; the rows of C are `stride` apart.
void concord_outer_product(
    long rows, long columns, const float *a, const float *b, float *c, long stride, int accumulate);
// C = A·B, or C += A·B, for few rows or short inner products. Element (row, k) of A lies at `row · a_row + k ·
// a_column`; the rows of B and C are `b_stride` and `c_stride` apart.
void concord_gemm_by_rows(
    long rows, long columns, long inner, const float *a, long a_row, long a_column, const float *b, long b_stride,
    float *c, long c_stride, int accumulate);
// The same with the transposed B, whose rows are as long as those of A, for few rows.
void concord_gemm_by_dots(
    long rows, long columns, long inner, const float *a, long a_stride, const float *b, long b_stride, float *c,
    long c_stride, int accumulate);

// Convolution.

// Pixels and channels of a register tile.
#define CONCORD_TILE_PIXELS 6
#define CONCORD_TILE_CHANNELS 16

// The target pixels of a convolution that share a set of taps, and where their sources and targets lie. Position
// (image, row, column) of the grid reads, for every tap, the source pixel (row · row_step + tap_rows[tap],
// column · column_step + tap_columns[tap]) of the same image. Strides count elements.
struct concord_conv_grid {
    long height, width;
    long row_step, column_step;
    long source_height, source_width, source_row, source_pixel;
    long target_image, target_row, target_column;
};

// Writes the sources of `count` positions in the order [count / tile][taps][tile]; the last tile is filled up with its
// last position. `zeros` stands in for padding.
void concord_conv_sources(
    const struct concord_conv_grid *grid, const long *tap_rows, const long *tap_columns, long taps,
    const float *source, const float *zeros, long first, long count, long tile, const float **pointers);

// Writes the targets of `count` positions.
void concord_conv_targets(
    const struct concord_conv_grid *grid, float *target, long first, long count, float **pointers);

// Arranges a filter as panels [columns / 16][taps][rows][16], the last one filled up with zeros.
void concord_conv_pack(
    const float *filter, long tap_stride, long row_stride, long column_stride, long taps, long rows, long columns,
    float *panels);

// What a run of target pixels is computed with.
struct concord_conv_work {
    long taps;
    // Neighbouring source elements that a tap covers.
    long run;
    // Target channels.
    long columns;
    // Elements that are added to every source and every target pointer: the first channel of a group.
    long source_offset, target_offset;
    const float *panels;
    // Elements from one panel to the next.
    long panel_stride;
    // One element per target channel, or null.
    const float *bias;
    int accumulate;
    enum concord_activation activation;
};

// Computes target pixels from sources in the order [pixels / 6][taps][6], the last tile filled up. `filter_taps` gives
// a tap's place in the panels.
void concord_conv_gather(
    const struct concord_conv_work *work, const long *filter_taps, const float *const *sources,
    float *const *targets, long pixels);

// The same for one filter per channel: sources in the order [pixels][taps], panels as [taps][channels].
void concord_conv_depthwise_gather(
    const struct concord_conv_work *work, const long *filter_taps, const float *const *sources,
    float *const *targets, long pixels);

// One filter per channel, for windows 5 or 7 wide at a stride of 1 along the row, or 5 wide at 2, without dilation
// there. Channels are a multiple of 16, the filter is [window_height, window_width, channels].
struct concord_depthwise {
    const float *source, *filter;
    // One element per channel, or null.
    const float *bias;
    float *target;
    long source_height, source_width, target_height, target_width, channels;
    long window_height, window_width, stride_height, stride_width, dilation_height, padding_top, padding_left;
    // Whether the filter is taken back to front, as in the data gradient at a stride of 1.
    int flipped;
    int accumulate;
    enum concord_activation activation;
};

// Computes rows [first_row, last_row) of all target images.
void concord_depthwise_gather(const struct concord_depthwise *work, long first_row, long last_row);

// Arranges deltas as panels [columns / 16][pixels][16].
void concord_conv_pack_deltas(float *const *targets, long pixels, long columns, float *panels);

// Adds `Σ_pixels source[row] · delta[column]` for source elements [first_row, last_row) to a gradient whose rows are
// `stride` apart.
void concord_conv_outer(
    const float *const *sources, long pixels, long first_row, long last_row, const float *panels, long columns,
    float *gradient, long stride);

// Adds `Σ_pixels source[c] · delta[c]` for every channel.
void concord_conv_depthwise_outer(
    const float *const *sources, float *const *deltas, long pixels, long channels, float *gradient);

// How the rows of a window lie over an image, for windows without dilation of the width.
struct concord_conv_rows {
    long output_width;
    long input_height, input_width, channels;
    long window_height, window_width, stride_height, stride_width, dilation_height, padding_top, padding_left;
};

// Adds windows [rows of the output][output_width][window_height][window_width][channels] of output rows [first_row,
// last_row) to the places of the image that they cover.
void concord_conv_add_windows(
    const struct concord_conv_rows *geometry, const float *windows, long first_row, long last_row, float *image);

// Pooling: one image at a time, `first_row` and `last_row` bound the rows of the output.

struct concord_pool {
    long input_height, input_width, channels, output_height, output_width;
    long window_height, window_width, stride_height, stride_width, padding_top, padding_left;
    int counts_padding;
};

void concord_max_pool(
    const struct concord_pool *pool, const float *image, long first_row, long last_row, float *output,
    int32_t *winners);
void concord_max_pool_gradient(
    const struct concord_pool *pool, const float *deltas, const int32_t *winners, float *gradients);
void concord_average_pool(
    const struct concord_pool *pool, const float *image, long first_row, long last_row, float *output);
void concord_average_pool_gradient(const struct concord_pool *pool, const float *deltas, float *gradients);

// Reductions of a matrix: over every row, or over every column.

#define CONCORD_REDUCTION(name)                                                                    \
    void concord_row_##name(const float *input, long rows, long columns, float *output);           \
    void concord_column_##name(const float *input, long rows, long columns, float *output);

CONCORD_REDUCTION(sum)
CONCORD_REDUCTION(sum_of_squares)
CONCORD_REDUCTION(maximum)
CONCORD_REDUCTION(minimum)
CONCORD_REDUCTION(log_sum_exp)

// `largest` takes the values of the winners, unless it is null.
void concord_row_argmax(const float *input, long rows, long columns, int32_t *output, float *largest);
void concord_column_argmax(const float *input, long rows, long columns, int32_t *output, float *largest);
// The winners of whole columns from those of parts of `part_length` rows, both [parts, columns].
void concord_argmax_of_parts(
    const float *largest, const int32_t *winners, long parts, long columns, long part_length, int32_t *output);

// Elementwise functions and their derivatives; `a` and `b` are the scalars of the function.

#define CONCORD_UNARY(name)                                                                          \
    void concord_unary_##name(const float *input, float *output, long count, float a, float b);      \
    void concord_unary_gradient_##name(                                                              \
        const float *saved, const float *deltas, float *gradients, long count, float a, float b);

CONCORD_UNARY(negate)
CONCORD_UNARY(absolute)
CONCORD_UNARY(square)
CONCORD_UNARY(reciprocal)
CONCORD_UNARY(exp)
CONCORD_UNARY(log)
CONCORD_UNARY(sqrt)
CONCORD_UNARY(reciprocal_sqrt)
CONCORD_UNARY(relu)
CONCORD_UNARY(relu6)
CONCORD_UNARY(leaky_relu)
CONCORD_UNARY(gelu)
CONCORD_UNARY(silu)
CONCORD_UNARY(tanh)
CONCORD_UNARY(sigmoid)
CONCORD_UNARY(affine)
CONCORD_UNARY(clamp)

// Elementwise functions of two matrices; column strides are 0 or 1, the output is dense.

#define CONCORD_BINARY(name)                                                                         \
    void concord_binary_##name(                                                                      \
        const float *left, long left_row, long left_column, const float *right, long right_row,      \
        long right_column, float *output, long rows, long columns);

CONCORD_BINARY(add)
CONCORD_BINARY(subtract)
CONCORD_BINARY(multiply)
CONCORD_BINARY(divide)
CONCORD_BINARY(maximum)
CONCORD_BINARY(minimum)
CONCORD_BINARY(power)
CONCORD_BINARY(greater)
CONCORD_BINARY(greater_or_equal)
CONCORD_BINARY(equal)

// Softmax over every row.

void concord_softmax(const float *input, long rows, long columns, float *output);
void concord_log_softmax(const float *input, long rows, long columns, float *output);
void concord_softmax_gradient(
    const float *result, const float *deltas, long rows, long columns, float *gradients);
void concord_log_softmax_gradient(
    const float *result, const float *deltas, long rows, long columns, float *gradients);

// Losses of rows [first, last), and their derivatives: `scales[task]` multiplies the gradient of every row's loss.

struct concord_cross_entropy_options {
    const float *logits;
    const int32_t *labels;
    // Null where there are none.
    const float *class_weights, *mask;
    long classes;
    int32_t ignored_label;
    float smoothing;
};

void concord_cross_entropy(
    const struct concord_cross_entropy_options *options, long first, long last, float *losses, float *weights);
void concord_cross_entropy_gradient(
    const struct concord_cross_entropy_options *options, long first, long last, long rows, const float *scales,
    long tasks, float *gradients);

struct concord_pointwise_loss_options {
    const float *predictions, *targets;
    // Null where there are none.
    const float *positive_weights, *mask;
    long columns;
    // Where the Huber loss becomes linear.
    float delta;
};

#define CONCORD_POINTWISE_LOSS(name)                                                                          \
    void concord_pointwise_loss_##name(                                                                       \
        const struct concord_pointwise_loss_options *options, long first, long last, float *losses, float *weights);  \
    void concord_pointwise_loss_gradient_##name(                                                              \
        const struct concord_pointwise_loss_options *options, long first, long last, long rows, const float *scales,  \
        long tasks, float *gradients);

CONCORD_POINTWISE_LOSS(binary_cross_entropy)
CONCORD_POINTWISE_LOSS(squared_error)
CONCORD_POINTWISE_LOSS(absolute_error)
CONCORD_POINTWISE_LOSS(huber)

// `result` takes `Σ values / Σ weights` and `1 / Σ weights`, both 0 where the weights sum to 0.
void concord_weighted_mean(const float *values, const float *weights, long count, float result[2]);

// Batch normalisation of [rows, channels].

// Of some rows, [3, channels]: the rounded mean, the sum of the distances from it, and the sum of their squares.
void concord_batch_norm_moments(const float *input, long rows, long channels, float *moments);
// The mean of all rows and the sum of the squared distances from it, of parts of `part_rows` rows.
void concord_batch_norm_statistics(
    const float *moments, long rows, long channels, long part_rows, float *mean, float *squares);
void concord_batch_norm_apply(
    const float *input, long rows, long channels, const float *mean, const float *reciprocal_deviation,
    const float *gamma, const float *beta, enum concord_activation activation, float *output);
void concord_batch_norm_parameter_gradient(
    const float *input, long rows, long channels, const float *mean, const float *reciprocal_deviation,
    const float *deltas, float *gamma_gradient, float *beta_gradient);
// `gamma_mean` and `beta_mean` are the parameters' derivatives divided by the number of rows of the whole batch.
void concord_batch_norm_input_gradient(
    const float *input, long rows, long channels, const float *mean, const float *reciprocal_deviation,
    const float *gamma, const float *deltas, const float *gamma_mean, const float *beta_mean, float *gradients);

// Layer normalisation of [rows, columns]; statistics [rows, 2] are mean and reciprocal deviation.

void concord_layer_norm(
    const float *input, long rows, long columns, const float *gamma, const float *beta, float epsilon, float *output,
    float *statistics);
void concord_layer_norm_input_gradient(
    const float *input, const float *statistics, long rows, long columns, const float *gamma, const float *deltas,
    float *gradients);
void concord_layer_norm_parameter_gradient(
    const float *input, const float *statistics, long rows, long columns, const float *deltas, float *gamma_gradient,
    float *beta_gradient);

// Attention of one head to one sample. Scores and weights are [length, length], a row per query.

// Turns inner products into weights, in place. `mask` may be NULL.
void concord_attention_weights(
    float *scores, long length, const int32_t *mask, int causal, float scale, float *normalizers);
// The same with known normalizers.
void concord_attention_weights_again(
    float *scores, long length, const int32_t *mask, int causal, float scale, const float *normalizers);
// Turns the derivatives by the weights into those by the inner products, in place. The rows of result and deltas are
// `stride` apart.
void concord_attention_score_gradient(
    const float *weights, const float *result, const float *deltas, long length, long width, long stride, float scale,
    float *gradients);

// The mean of the rows of [rows, width], and its derivative.

void concord_mean_of_rows(const float *input, long rows, long width, float *result);
void concord_mean_of_rows_gradient(const float *delta, long rows, long width, float *gradients);

// Random numbers: elements [first, last) of a sequence that starts at `block`; `first` is a multiple of 4.

void concord_dropout(
    const float *input, float *output, long first, long last, long count, long tasks, float probability,
    uint64_t seed, uint64_t stream, uint64_t block);
void concord_random_uniform(
    float *output, long first, long last, float low, float high, uint64_t seed, uint64_t stream, uint64_t block);
void concord_random_normal(
    float *output, long first, long last, float mean, float deviation, uint64_t seed, uint64_t stream,
    uint64_t block);

// Memory.

void concord_fill(float *output, long count, float value);
// Strides count elements of four bytes.
void concord_copy_matrix(
    const uint32_t *source, long source_row, long source_column, uint32_t *destination, long destination_row,
    long destination_column, long rows, long columns);
void concord_add_matrix(
    const float *source, long source_row, long source_column, float *destination, long destination_row,
    long destination_column, long rows, long columns);

// Embeddings.

// Rows of a table; those of indices outside of it become NaN.
void concord_embedding(
    const float *table, long vocabulary, long width, const int32_t *indices, long count, float *result);
// Rows [first, last) of the gradient of a table.
void concord_embedding_gradient(
    const int32_t *indices, const float *cotangents, long count, long width, long first, long last, float *gradient);

// `firsts` has for every place the first place with the same index, or -1. What belongs to one index is added at its first
// place.
void concord_compact_embedding_gradient(
    const int32_t *firsts, const float *cotangents, long count, long width, float *gradient);

// Task gradients.

// The inner products of left rows with right rows up to their own number, mirrored into the upper triangle, over a number
// of columns that Float32 sums well.
void concord_gramian_tile(
    const float *left, const float *right, long rows, long columns, long stride, float *products);
void concord_weighted_row_sum(
    const float *matrix, long rows, long columns, long stride, const float *weights, int accumulate, float *result);

// Products of stacked matrices with common zeros.

// What one row of all tasks has in common: the places where it may not be zero, and the elements from one task to the
// next in A and C, and from one panel of B to the next.
struct concord_masked_row {
    const int32_t *places;
    long count;
    long a_stride, c_stride, panel_stride;
    int accumulate;
};
// Panels whose columns one call computes together.
#define CONCORD_MASKED_PANELS 4
// Writes the places that are not zero and returns their number. `places` has room for `count`.
long concord_nonzero_places(const float *mask, long count, int32_t *places);
// The products of one row of every task with at most CONCORD_MASKED_PANELS panels, `columns` columns in all.
void concord_masked_products(
    const struct concord_masked_row *row, long tasks, const float *a, const float *panels, long columns, float *c);

// Optimizers. `scale` multiplies the gradients first.

// `velocities` is null where there is no momentum.
void concord_sgd(
    float *values, const float *gradients, float *velocities, long count, float scale, float rate, float momentum,
    float decay, int nesterov);

struct concord_adam_options {
    float rate, beta1, beta2, epsilon, decay, correction1, correction2;
    int decoupled;
};

void concord_adam(
    float *values, const float *gradients, float *means, float *squares, long count, float scale,
    const struct concord_adam_options *adam);
