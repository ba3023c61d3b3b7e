#include "Kernel.h"

// Convolutions without an intermediate matrix: a tile of CONCORD_TILE_PIXELS target pixels times 16 target channels
// stays in registers, while pointers lead to the source pixel of every tap.

_Static_assert(CONCORD_TILE_PIXELS == 6, "the tiles below are written out for six pixels");
_Static_assert(CONCORD_TILE_CHANNELS == LANES, "a panel is as wide as the vectors");

KERNEL void concord_conv_pack(
    const float *filter, long tap_stride, long row_stride, long column_stride, long taps, long rows, long columns,
    float *panels) {
    for (long first = 0; first < columns; first += LANES) {
        const long width = smaller(LANES, columns - first);
        for (long tap = 0; tap < taps; ++tap) {
            for (long row = 0; row < rows; ++row) {
                const float *const x = filter + tap * tap_stride + row * row_stride + first * column_stride;
                for (long i = 0; i < width; ++i) panels[i] = x[i * column_stride];
                for (long i = width; i < LANES; ++i) panels[i] = 0;
                panels += LANES;
            }
        }
    }
}

// Image and place of a position in the grid.
struct position { long image, row, column; };

INLINE struct position locate(const struct concord_conv_grid *grid, long index) {
    const long line = index / grid->width;
    return (struct position){line / grid->height, line % grid->height, index % grid->width};
}

INLINE struct position next(const struct concord_conv_grid *grid, struct position at) {
    if (++at.column < grid->width) return at;
    at.column = 0;
    if (++at.row < grid->height) return at;
    at.row = 0;
    ++at.image;
    return at;
}

KERNEL void concord_conv_sources(
    const struct concord_conv_grid *grid, const long *tap_rows, const long *tap_columns, long taps,
    const float *source, const float *zeros, long first, long count, long tile, const float **pointers) {
    long first_row = 0, last_row = 0, first_column = 0, last_column = 0;
    for (long tap = 0; tap < taps; ++tap) {
        if (tap == 0 || tap_rows[tap] < first_row) first_row = tap_rows[tap];
        if (tap == 0 || tap_rows[tap] > last_row) last_row = tap_rows[tap];
        if (tap == 0 || tap_columns[tap] < first_column) first_column = tap_columns[tap];
        if (tap == 0 || tap_columns[tap] > last_column) last_column = tap_columns[tap];
    }
    struct position at = locate(grid, first);
    for (long index = 0; index < count; index += tile) {
        const float **const tile_pointers = pointers + index * taps;
        for (long i = 0; i < tile; ++i) {
            const long row = at.row * grid->row_step, column = at.column * grid->column_step;
            const float *const base = source + at.image * grid->source_height * grid->source_row;
            if (row + first_row >= 0 && row + last_row < grid->source_height && column + first_column >= 0
                && column + last_column < grid->source_width) {
                const float *const pixel = base + row * grid->source_row + column * grid->source_pixel;
                for (long tap = 0; tap < taps; ++tap)
                    tile_pointers[tap * tile + i] =
                        pixel + tap_rows[tap] * grid->source_row + tap_columns[tap] * grid->source_pixel;
            } else {
                for (long tap = 0; tap < taps; ++tap) {
                    const long y = row + tap_rows[tap], x = column + tap_columns[tap];
                    const int inside = y >= 0 && y < grid->source_height && x >= 0 && x < grid->source_width;
                    tile_pointers[tap * tile + i] =
                        inside ? base + y * grid->source_row + x * grid->source_pixel : zeros;
                }
            }
            // The last tile repeats its last position.
            if (index + i + 1 < count) at = next(grid, at);
        }
    }
}

void concord_conv_targets(
    const struct concord_conv_grid *grid, float *target, long first, long count, float **pointers) {
    struct position at = locate(grid, first);
    for (long i = 0; i < count; ++i) {
        pointers[i] = target + at.image * grid->target_image + at.row * grid->target_row
            + at.column * grid->target_column;
        at = next(grid, at);
    }
}

// Writes, or adds, the first `width` of 16 channels of one pixel.
INLINE void store_pixel(const lanes *sum, float *target, long width, int accumulate, int activated, float ceiling) {
    float y[LANES];
    STORE_LANES(y, *sum);
    if (accumulate) {
        for (long i = 0; i < LANES; ++i) y[i] += i < width ? target[i] : 0;
    }
    if (activated) {
        for (long i = 0; i < LANES; ++i) y[i] = rectified(y[i], ceiling);
    }
    if (width == LANES) {
        memcpy(target, y, sizeof y);
    } else {
        for (long i = 0; i < LANES; ++i) {
            if (i < width) target[i] = y[i];
        }
    }
}

// The first `width` of 16 elements, filled up with zeros; zeros where there are none.
INLINE void load_bias(lanes *bias, const float *values, long width) {
    float b[LANES] = {};
    if (values) memcpy(b, values, (size_t)width * sizeof(float));
    LOAD_LANES(*bias, b);
}

// Rows of a panel that stay in the first-level cache while a batch of tiles passes.
#define PANEL_BLOCK 256
#define TILE_BATCH 16

KERNEL void concord_conv_gather(
    const struct concord_conv_work *work, const long *filter_taps, const float *const *sources,
    float *const *targets, long pixels) {
    const long taps = work->taps, run = work->run;
    const long tap_step = run < PANEL_BLOCK ? PANEL_BLOCK / run : 1;
    const float ceiling = activation_ceiling(work->activation);
    const int activated = work->activation != concord_activation_none;
    for (long first = 0; first < work->columns; first += LANES) {
        const float *const panel = work->panels + first / LANES * work->panel_stride;
        const long width = smaller(LANES, work->columns - first);
        lanes bias;
        load_bias(&bias, work->bias ? work->bias + first : 0, width);
        for (long batch = 0; batch < pixels; batch += TILE_BATCH * CONCORD_TILE_PIXELS) {
            const long batch_end = smaller(batch + TILE_BATCH * CONCORD_TILE_PIXELS, pixels);
            lanes partial[TILE_BATCH][CONCORD_TILE_PIXELS];
            for (int i = 0; i < TILE_BATCH; ++i) {
                for (int j = 0; j < CONCORD_TILE_PIXELS; ++j) partial[i][j] = bias;
            }
            for (long tap_block = 0; tap_block < taps; tap_block += tap_step) {
                const long tap_end = smaller(tap_block + tap_step, taps);
                for (long c_block = 0; c_block < run; c_block += PANEL_BLOCK) {
                    const long c_count = smaller(PANEL_BLOCK, run - c_block);
                    const long offset = work->source_offset + c_block;
                    for (long tile = batch; tile < batch_end; tile += CONCORD_TILE_PIXELS) {
                        lanes *const sums = partial[(tile - batch) / CONCORD_TILE_PIXELS];
                        lanes s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3], s4 = sums[4], s5 = sums[5];
                        const float *const *p = sources + tile * taps + tap_block * CONCORD_TILE_PIXELS;
                        for (long tap = tap_block; tap < tap_end; ++tap, p += CONCORD_TILE_PIXELS) {
                            const float *f = panel + (filter_taps[tap] * run + c_block) * LANES;
                            const float *const p0 = p[0] + offset, *const p1 = p[1] + offset;
                            const float *const p2 = p[2] + offset, *const p3 = p[3] + offset;
                            const float *const p4 = p[4] + offset, *const p5 = p[5] + offset;
                            for (long c = 0; c < c_count; ++c, f += LANES) {
                                lanes w;
                                LOAD_LANES(w, f);
                                s0 += w * p0[c];
                                s1 += w * p1[c];
                                s2 += w * p2[c];
                                s3 += w * p3[c];
                                s4 += w * p4[c];
                                s5 += w * p5[c];
                            }
                        }
                        sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3, sums[4] = s4, sums[5] = s5;
                    }
                }
            }
            for (long pixel = batch; pixel < batch_end; ++pixel) {
                const long index = pixel - batch;
                store_pixel(
                    &partial[index / CONCORD_TILE_PIXELS][index % CONCORD_TILE_PIXELS],
                    targets[pixel] + work->target_offset + first, width, work->accumulate, activated, ceiling);
            }
        }
    }
}

// A multiple of 16 channels in registers, the rest one by one.
KERNEL void concord_conv_depthwise_gather(
    const struct concord_conv_work *work, const long *filter_taps, const float *const *sources,
    float *const *targets, long pixels) {
    const long taps = work->taps, channels = work->columns;
    const float ceiling = activation_ceiling(work->activation);
    const int activated = work->activation != concord_activation_none;
    for (long pixel = 0; pixel < pixels; ++pixel) {
        const float *const *const x = sources + pixel * taps;
        float *const y = targets[pixel];
        long c = 0;
        for (; c + LANES <= channels; c += LANES) {
            lanes sum;
            load_bias(&sum, work->bias ? work->bias + c : 0, LANES);
            for (long tap = 0; tap < taps; ++tap) {
                lanes value, weight;
                LOAD_LANES(value, x[tap] + c);
                LOAD_LANES(weight, work->panels + filter_taps[tap] * channels + c);
                sum += value * weight;
            }
            store_pixel(&sum, y + c, LANES, work->accumulate, activated, ceiling);
        }
        for (; c < channels; ++c) {
            float sum = (work->bias ? work->bias[c] : 0) + (work->accumulate ? y[c] : 0);
            for (long tap = 0; tap < taps; ++tap)
                sum += x[tap][c] * work->panels[filter_taps[tap] * channels + c];
            y[c] = activated ? rectified(sum, ceiling) : sum;
        }
    }
}

KERNEL void concord_conv_pack_deltas(float *const *targets, long pixels, long columns, float *panels) {
    for (long first = 0; first < columns; first += LANES) {
        const long width = smaller(LANES, columns - first);
        for (long pixel = 0; pixel < pixels; ++pixel, panels += LANES) {
            const float *const d = targets[pixel] + first;
            if (width == LANES) {
                memcpy(panels, d, LANES * sizeof(float));
            } else {
                for (long i = 0; i < LANES; ++i) panels[i] = i < width ? d[i] : 0;
            }
        }
    }
}

// Adds the outer products of `rows` source channels with 16 delta channels over all pixels. `rows` is a
// constant wherever this is inlined.
INLINE void outer_tile(
    const float *const *sources, long channel, const float *panel, long pixels, const int rows, float *gradient,
    long stride, long width) {
    lanes s0 = {}, s1 = {}, s2 = {}, s3 = {}, s4 = {}, s5 = {};
    for (long pixel = 0; pixel < pixels; ++pixel, panel += LANES) {
        const float *const x = sources[pixel] + channel;
        lanes d;
        LOAD_LANES(d, panel);
        s0 += d * x[0];
        if (rows > 1) s1 += d * x[1];
        if (rows > 2) s2 += d * x[2];
        if (rows > 3) s3 += d * x[3];
        if (rows > 4) s4 += d * x[4];
        if (rows > 5) s5 += d * x[5];
    }
    const lanes sums[CONCORD_TILE_PIXELS] = {s0, s1, s2, s3, s4, s5};
    for (int row = 0; row < rows; ++row)
        store_pixel(&sums[row], gradient + row * stride, width, 1, 0, INFINITY);
}

KERNEL void concord_conv_outer(
    const float *const *sources, long pixels, long first_row, long last_row, const float *panels, long columns,
    float *gradient, long stride) {
    for (long row = first_row; row < last_row; row += CONCORD_TILE_PIXELS) {
        for (long first = 0; first < columns; first += LANES) {
            const float *const panel = panels + first * pixels;
            float *const g = gradient + row * stride + first;
            const long width = smaller(LANES, columns - first);
            switch (last_row - row) {
            case 1: outer_tile(sources, row, panel, pixels, 1, g, stride, width); break;
            case 2: outer_tile(sources, row, panel, pixels, 2, g, stride, width); break;
            case 3: outer_tile(sources, row, panel, pixels, 3, g, stride, width); break;
            case 4: outer_tile(sources, row, panel, pixels, 4, g, stride, width); break;
            case 5: outer_tile(sources, row, panel, pixels, 5, g, stride, width); break;
            default: outer_tile(sources, row, panel, pixels, 6, g, stride, width); break;
            }
        }
    }
}

KERNEL void concord_conv_depthwise_outer(
    const float *const *sources, float *const *deltas, long pixels, long channels, float *gradient) {
    long c = 0;
    for (; c + LANES <= channels; c += LANES) {
        lanes sum = {};
        for (long pixel = 0; pixel < pixels; ++pixel) {
            lanes x, d;
            LOAD_LANES(x, sources[pixel] + c);
            LOAD_LANES(d, deltas[pixel] + c);
            sum += x * d;
        }
        store_pixel(&sum, gradient + c, LANES, 1, 0, INFINITY);
    }
    for (; c < channels; ++c) {
        float sum = 0;
        for (long pixel = 0; pixel < pixels; ++pixel) sum += sources[pixel][c] * deltas[pixel][c];
        gradient[c] += sum;
    }
}

KERNEL void concord_conv_add_windows(
    const struct concord_conv_rows *geometry, const float *windows, long first_row, long last_row, float *image) {
    const struct concord_conv_rows g = *geometry;
    const long run = g.window_width * g.channels;
    // Windows that follow each other here do not overlap: a sum that was just stored is slow to load.
    const long apart = (g.window_width + g.stride_width - 1) / g.stride_width;
    for (long row = first_row; row < last_row; ++row) {
        const float *const line = windows + (row - first_row) * g.output_width * g.window_height * run;
        for (long window_row = 0; window_row < g.window_height; ++window_row) {
            const long y = row * g.stride_height + window_row * g.dilation_height - g.padding_top;
            if (y < 0 || y >= g.input_height) continue;
            float *const target = image + y * g.input_width * g.channels;
            for (long start = 0; start < apart; ++start) {
                for (long column = start; column < g.output_width; column += apart) {
                    const long x = column * g.stride_width - g.padding_left;
                    const long left = x < 0 ? -x : 0;
                    const long count = (smaller(g.window_width, g.input_width - x) - left) * g.channels;
                    const float *const values =
                        line + (column * g.window_height + window_row) * run + left * g.channels;
                    float *const sums = target + (x + left) * g.channels;
                    long i = 0;
                    for (; i + LANES <= count; i += LANES) {
                        lanes sum, value;
                        LOAD_LANES(sum, sums + i);
                        LOAD_LANES(value, values + i);
                        sum += value;
                        STORE_LANES(sums + i, sum);
                    }
                    for (; i < count; ++i) sums[i] += values[i];
                }
            }
        }
    }
}
