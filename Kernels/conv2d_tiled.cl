// Two-dimensional convolution as a product whose first factor is gathered from an image (tiled family). Images are
// NHWC, filters HWIO; one group of channels.
//
// A line is one channel of one tap of the window. A table holds for every line: the elements from a window's corner to
// its source (x), the same in rows (y) and columns (z) of the image, and for the data gradient where its filter starts
// (w). So no element costs a division.
//
// PASS 0: forward. 1: data gradient. 2: weight gradient.
// LINE_VECTORS: the channels are a multiple of 4, so that four lines from a multiple of 4 on have the same tap.
#include "common.clh"
#include "tiled.clh"

// A window that lies outside the image.
#define NOWHERE ((int4)(0, -(1 << 30), 0, 0))

INLINED int is_covered(int4 corner, int4 line, int height, int width)
{
    return (uint)(corner.y + line.y) < (uint)height && (uint)(corner.z + line.z) < (uint)width;
}

INLINED float gather_one(__global const float *image, int4 corner, int4 line, int height, int width)
{
    return is_covered(corner, line, height, width) ? image[corner.x + line.x] : 0.0f;
}

// Four neighbouring lines of one window, of which `count` exist: x of `corner` is the element, y and z are the row and
// the column of the window's corner, all maybe outside the image.
INLINED float4 gather_piece(__global const float *image, int4 corner, __global const int4 *lines, int count, int height,
                            int width, int aligned)
{
    float4 piece = (float4)(0.0f);
#if LINE_VECTORS
    if (count > 0) {
        const int4 line = lines[0];
        if (is_covered(corner, line, height, width)) piece = load_four(image + (corner.x + line.x), aligned);
    }
#else
    if (count > 0) piece.x = gather_one(image, corner, lines[0], height, width);
    if (count > 1) piece.y = gather_one(image, corner, lines[1], height, width);
    if (count > 2) piece.z = gather_one(image, corner, lines[2], height, width);
    if (count > 3) piece.w = gather_one(image, corner, lines[3], height, width);
#endif
    return piece;
}

#if PASS < 2

// The forward pass and the data gradient: rows of the product are pixels of the result.
//
// Pass 0: the image is the input, windows start `step` pixels apart and `padding` before the image. Pass 1: the image
// is the deltas. With a stride, only every stride-th tap meets a pixel: pixels of one residue modulo the strides share
// their taps, and tiles are made of them.
//
// Groups count tiles, then residues, then splits of the lines; splits lie `stride_result` apart in the result. Entry i
// of the table tells where the lines of residue i begin (x) and end (y).
TILED_KERNEL void conv2d_gather_tiled(__global const float *image, ulong image_offset, __global const float *filter,
                                      ulong filter_offset, __global float *result, ulong result_offset,
                                      __global const float *bias, ulong bias_offset, __global const int4 *table,
                                      ulong table_offset, int batch, int image_height, int image_width,
                                      int image_channels, int result_height, int result_width, int columns,
                                      int step_height, int step_width, int padding_top, int padding_left,
                                      int residues_height, int residues_width, int split_length, ulong stride_result,
                                      int has_bias, int accumulate, int activation)
{
    DECLARE_TILES
    const int residues = residues_height * residues_width;
    // The first residue has the most pixels.
    const int most_rows = batch * ((result_height + residues_height - 1) / residues_height) *
                          ((result_width + residues_width - 1) / residues_width);
    const uint tiles = tile_count(most_rows, columns);
    const int slice = get_group_id(0) / tiles;
    const int2 corner = tile_place(get_group_id(0) - slice * tiles, most_rows, columns);
    const int residue = slice % residues;
    const int split = slice / residues;
    const int residue_y = residue / residues_width;
    const int residue_x = residue - residue_y * residues_width;
    const int tile_rows = (result_height - residue_y + residues_height - 1) / residues_height;
    const int tile_columns = (result_width - residue_x + residues_width - 1) / residues_width;
    const int rows = batch * tile_rows * tile_columns;
    // A residue beyond the image has no pixels; its work-items still divide.
    const int tile_height = max(tile_rows, 1);
    const int tile_width = max(tile_columns, 1);
    table += table_offset;
    const int2 span = table[residue].xy;
    const int begin = split * split_length;
    const int end = min(begin + split_length, span.y - span.x);
    __global const int4 *lines = table + span.x;
    image += image_offset;
    filter += filter_offset;
    result += result_offset + split * stride_result;
    const int aligned_image = ((image_offset | image_channels) & 3) == 0;
    const int aligned_result = ((result_offset | stride_result | columns) & 3) == 0;

    int4 corners[PIECES_A];
#pragma unroll
    for (int i = 0; i < PIECES_A; i++) {
        const int row = corner.x + piece_place(i, TILE_M, 1).y;
        const int image_row = row / tile_width;
        const int sample = image_row / tile_height;
        const int y = (image_row - sample * tile_height) * step_height - padding_top;
        const int x = (row - image_row * tile_width) * step_width - padding_left;
        corners[i] = (int4)(((sample * image_height + y) * image_width + x) * image_channels, y, x, 0);
        if (row >= rows) corners[i] = NOWHERE;
    }

#define FETCH_IMAGE(k)                                                                                                 \
    _Pragma("unroll") for (int i = 0; i < PIECES_A; i++)                                                               \
    {                                                                                                                  \
        const int line = (k) + piece_place(i, TILE_M, 1).x;                                                            \
        pieces_a[i] =                                                                                                  \
            gather_piece(image, corners[i], lines + line, end - line, image_height, image_width, aligned_image);       \
    }
#if PASS == 0
    const int aligned_filter = ((filter_offset | columns) & 3) == 0;
#define FETCH(k)                                                                                                       \
    FETCH_IMAGE(k)                                                                                                     \
    fetch_matrix(pieces_b, PIECES_B, filter, columns, corner.y, columns, k, end, TILE_N, 0, aligned_filter);
    SUM_PRODUCTS(begin, end, 1, 0, FETCH)
#else
    // The filter of a tap is a transposed matrix, and the taps of a residue are not neighbours.
#if LINE_VECTORS
    const int aligned_filter = (filter_offset & 3) == 0;
#define FETCH_LINES(place, line, count)                                                                                \
    if (count > 0) piece = load_four(place + lines[line].w, aligned_filter);
#else
#define FETCH_LINES(place, line, count)                                                                                \
    if (count > 0) piece.x = place[lines[line].w];                                                                     \
    if (count > 1) piece.y = place[lines[line + 1].w];                                                                 \
    if (count > 2) piece.z = place[lines[line + 2].w];                                                                 \
    if (count > 3) piece.w = place[lines[line + 3].w];
#endif
#define FETCH(k)                                                                                                       \
    FETCH_IMAGE(k)                                                                                                     \
    _Pragma("unroll") for (int i = 0; i < PIECES_B; i++)                                                               \
    {                                                                                                                  \
        const int2 position = piece_place(i, TILE_N, 1);                                                               \
        const int column = corner.y + position.y;                                                                      \
        const int line = (k) + position.x;                                                                             \
        const int count = column < columns ? end - line : 0;                                                           \
        __global const float *place = filter + (ulong)column * image_channels;                                         \
        float4 piece = (float4)(0.0f);                                                                                 \
        FETCH_LINES(place, line, count)                                                                                \
        pieces_b[i] = piece;                                                                                           \
    }
    SUM_PRODUCTS(begin, end, 1, 1, FETCH)
#endif

    float4 bias_pieces[ITEM_N / 4];
    fetch_bias(bias_pieces, bias + bias_offset, place_in_grid, corner.y, columns, has_bias);
#pragma unroll
    for (int i = 0; i < ITEM_M; i++) {
        const int row = corner.x + ROW_OF_SUM(i);
#if PASS == 0
        const int pixel = row;
#else
        const int tile_row = row / tile_width;
        const int sample = tile_row / tile_height;
        const int y = (tile_row - sample * tile_height) * residues_height + residue_y;
        const int x = (row - tile_row * tile_width) * residues_width + residue_x;
        const int pixel = (sample * result_height + y) * result_width + x;
#endif
        if (row < rows)
            store_sums(sums[i], bias_pieces, result + (ulong)pixel * columns, place_in_grid, corner.y, columns,
                       accumulate, activation, aligned_result);
    }
}

#else

// The weight gradient: rows of the product are lines, and the inner axis is the pixels of the deltas.
//
// Groups count tiles, then tasks, then splits of the pixels; the partial sums of a split hold all tasks.
TILED_KERNEL void conv2d_weights_tiled(__global const float *image, ulong image_offset, __global const float *deltas,
                                       ulong deltas_offset, __global float *result, ulong result_offset,
                                       __global const int4 *lines, ulong lines_offset, int line_count, int tasks,
                                       int batch, int image_height, int image_width, int image_channels,
                                       int deltas_height, int deltas_width, int columns, int stride_height,
                                       int stride_width, int padding_top, int padding_left, int split_length,
                                       int accumulate)
{
    DECLARE_TILES
    const uint tiles = tile_count(line_count, columns);
    const int slice = get_group_id(0) / tiles;
    const int2 corner = tile_place(get_group_id(0) - slice * tiles, line_count, columns);
    const int pixels = batch * deltas_height * deltas_width;
    const int begin = slice / tasks * split_length;
    const int end = min(begin + split_length, pixels);
    image += image_offset;
    deltas += deltas_offset + (ulong)(slice % tasks) * pixels * columns;
    result += result_offset + (ulong)slice * line_count * columns;
    lines += lines_offset;
    const int aligned_image = ((image_offset | image_channels) & 3) == 0;
    const int aligned_deltas = ((deltas_offset | columns) & 3) == 0;
    const int aligned_result = ((result_offset | columns) & 3) == 0;

    // The pixel of each piece as sample (x), row (y) and column (z). A step adds TILE_K pixels in the same digits.
    const int image_size = deltas_height * deltas_width;
    const int4 advance = (int4)(TILE_K / image_size, TILE_K % image_size / deltas_width, TILE_K % deltas_width, 0);
    int4 places[PIECES_A];
#pragma unroll
    for (int i = 0; i < PIECES_A; i++) {
        const int pixel = begin + piece_place(i, TILE_M, 0).x;
        const int row = pixel / deltas_width;
        const int sample = row / deltas_height;
        places[i] = (int4)(sample, row - sample * deltas_height, pixel - row * deltas_width, 0);
    }

#define FETCH(k)                                                                                                       \
    _Pragma("unroll") for (int i = 0; i < PIECES_A; i++)                                                               \
    {                                                                                                                  \
        const int2 position = piece_place(i, TILE_M, 0);                                                               \
        const int line = corner.x + position.y;                                                                        \
        const int y = places[i].y * stride_height - padding_top;                                                       \
        const int x = places[i].z * stride_width - padding_left;                                                       \
        const int base = ((places[i].x * image_height + y) * image_width + x) * image_channels;                        \
        pieces_a[i] =                                                                                                  \
            gather_piece(image, (int4)(base, y, x, 0), lines + line, (k) + position.x < end ? line_count - line : 0,   \
                         image_height, image_width, aligned_image);                                                    \
        places[i] += advance;                                                                                          \
        const int carry_x = places[i].z >= deltas_width;                                                               \
        places[i].z -= carry_x ? deltas_width : 0;                                                                     \
        places[i].y += carry_x;                                                                                        \
        const int carry_y = places[i].y >= deltas_height;                                                              \
        places[i].y -= carry_y ? deltas_height : 0;                                                                    \
        places[i].x += carry_y;                                                                                        \
    }                                                                                                                  \
    fetch_matrix(pieces_b, PIECES_B, deltas, columns, corner.y, columns, k, end, TILE_N, 0, aligned_deltas);
    SUM_PRODUCTS(begin, end, 0, 0, FETCH)

    float4 bias_pieces[ITEM_N / 4];
    fetch_bias(bias_pieces, deltas, place_in_grid, corner.y, columns, 0);
#pragma unroll
    for (int i = 0; i < ITEM_M; i++) {
        const int row = corner.x + ROW_OF_SUM(i);
        if (row < line_count)
            store_sums(sums[i], bias_pieces, result + (ulong)row * columns, place_in_grid, corner.y, columns,
                       accumulate, ACTIVATION_NONE, aligned_result);
    }
}

#endif
