import Compute

extension GEMM {
    /// Products run on one of two kernels: tiles of C in registers, fed by lines of B, or, for few rows with B
    /// transposed, inner products of contiguous lines. B is copied into panels where its lines are not contiguous or
    /// far apart.
    func plan(_ tuning: Tuning) -> Plan {
        if let plan = groupTiledPlan(tuning) { return plan }
        // A single row, column or inner element is laid out alike in both orders.
        let transposesA = transposeA && rows > 1 && inner > 1
        if columns == 1 && transposesA && !bias {
            // Cᵀ = Bᵀ·A reads A line by line.
            let swapped = GEMM(
                rows: 1, columns: rows, inner: inner, batch: batch, strideA: strideB, strideB: strideA,
                strideC: strideC, accumulate: accumulate, activation: activation)
            return swapped.tiledPlan(tuning, transposesA: false, transposesB: false, left: 1, right: 0)
        }
        let transposesB = inner > 1 && (columns == 1 || transposeB)
        if transposesB && !transposesA && hasFewRows { return dotPlan(tuning) }
        return tiledPlan(tuning, transposesA: transposesA, transposesB: transposesB && columns > 1, left: 0, right: 1)
    }

    /// Whether inner products cost less than packing B: the longer they are, the less the sum of their lanes matters.
    private var hasFewRows: Bool { rows <= (inner >= 512 ? 128 : 64) }
    /// Rows and columns of results that one work-item of the inner-product kernel owns.
    private static let dotTile = 4
    /// A piece of the inner axis that is worth a work-item of its own where there are too few, and one that is worth it
    /// for staying in a cache.
    private static let shortestSplit = 256
    private static let cachedSplit = 2048
    /// The same where every tile of columns reads A again, a part of a cache line at a time.
    private static let cachedSplitAcrossLines = 512
    /// Elements of all partial products: 64 MB.
    private static let maximumPartialCount = 16 << 20

    private func dotPlan(_ tuning: Tuning) -> Plan {
        let tiles = (quotient(rows, roundedUpBy: GEMM.dotTile), quotient(columns, roundedUpBy: GEMM.dotTile))
        return splitting(tiles: tiles.0 * tiles.1, cachedSplit: GEMM.cachedSplit, tuning) {
            result, slices, stride, accumulates, length in
            Launch(
                file: "gemm", macros: GEMM.macros(tuning.tiles[0], transposesA: false), kernel: "gemm_dot",
                items: (tiles.0, tiles.1, slices),
                arguments: [
                    .operand(0), .operand(1), result, .operand(3, if: bias), .int(rows), .int(columns), .int(inner),
                    .long(strideA), .long(strideB), .long(stride), .int(slices), .int(batch), .int(length),
                    .flag(bias), .flag(accumulates), .int(Int(activation.rawValue)),
                ])
        }
    }

    private func tiledPlan(
        _ tuning: Tuning, transposesA: Bool, transposesB: Bool, left: Int, right: Int
    ) -> Plan {
        let tile = tuning.tile(rows: rows, columns: columns)
        let tiles = (quotient(rows, roundedUpBy: tile.rows), quotient(columns, roundedUpBy: tile.width))
        let packsA = transposesA && GEMM.isScattered(lines: inner, length: rows) && columns >= GEMM.manyLines
        let packsB = transposesB || (GEMM.isScattered(lines: inner, length: columns) && rows >= GEMM.manyLines)
        let panelA = packsA ? inner * tile.rows : tile.rows
        let panelB = packsB ? inner * tile.width : tile.width
        var plan = splitting(
            tiles: tiles.0 * tiles.1,
            cachedSplit: transposesA && !packsA && tiles.1 > 1 ? GEMM.cachedSplitAcrossLines : GEMM.cachedSplit, tuning
        ) { result, slices, stride, accumulates, length in
            Launch(
                file: "gemm", macros: GEMM.macros(tile, transposesA: transposesA), kernel: "gemm",
                items: (tiles.0, tiles.1, slices),
                arguments: [
                    packsA ? .scratch(2) : .operand(left), packsB ? .scratch(0) : .operand(right), result,
                    .operand(3, if: bias), .int(rows), .int(columns), .int(inner),
                    .int(packsA ? tile.rows : transposesA ? rows : inner), .long(panelA),
                    .int(packsB ? tile.width : columns), .long(panelB),
                    .long(packsB ? tiles.1 * panelB : inner * columns),
                    .long(packsA && strideA != 0 ? tiles.0 * panelA : strideA),
                    .long(packsB && strideB != 0 ? tiles.1 * panelB : strideB), .long(stride), .int(slices),
                    .int(batch), .int(length), .flag(bias), .flag(accumulates), .int(Int(activation.rawValue)),
                ])
        }
        if packsA {
            let matrices = strideA == 0 ? 1 : batch
            plan.scratch[2] = matrices * tiles.0 * panelA
            plan.launches.insert(
                .packPanels(
                    from: .operand(left), to: .scratch(2), columns: rows, lines: inner, panelWidth: tile.rows,
                    columnStep: 1, lineStep: rows, matrices: matrices, sourceStride: strideA,
                    panelsStride: tiles.0 * panelA, tuning),
                at: 0)
        }
        if packsB {
            let matrices = strideB == 0 ? 1 : batch
            plan.scratch[0] = matrices * tiles.1 * panelB
            plan.launches.insert(
                .packPanels(
                    from: .operand(right), to: .scratch(0), columns: columns, lines: inner, panelWidth: tile.width,
                    columnStep: transposesB ? inner : 1, lineStep: transposesB ? 1 : columns, matrices: matrices,
                    sourceStride: strideB, panelsStride: tiles.1 * panelB, tuning),
                at: 0)
        }
        return plan
    }

    /// Whether the lines of a matrix lie a page or more apart, and are so many that each costs a miss of the
    /// translation buffer again for every tile.
    private static func isScattered(lines: Int, length: Int) -> Bool { length >= 1024 && lines >= 1024 }
    /// Rows or columns of the result that pay for copying the other factor.
    private static let manyLines = 256

    /// The launches for a product whose inner axis is split where there are too few tiles, or where it is so long that
    /// no cache holds a line of tiles: the partial products are added afterwards, in order. Scratch 0 and 2 are left
    /// to the caller, scratch 1 holds the partial products.
    private func splitting(
        tiles: Int, cachedSplit: Int, _ tuning: Tuning,
        product: (_ result: Argument, _ slices: Int, _ stride: Int, _ accumulates: Bool, _ length: Int) -> Launch
    ) -> Plan {
        let count = rows * columns
        let splittable = !bias && activation == .none && (batch == 1 || strideC == count) && count > 0
        let busy = min(
            quotient(tuning.minimumWorkItems, roundedUpBy: max(1, tiles * batch)), inner / GEMM.shortestSplit)
        let cached = inner / max(cachedSplit, tuning.cacheBytes / (4 * max(1, rows + columns)))
        let wanted = min(max(busy, cached), GEMM.maximumPartialCount / max(1, batch * count))
        let length = padded(quotient(inner, roundedUpBy: max(1, wanted)), to: 16)
        let splits = quotient(inner, roundedUpBy: max(1, length))
        guard splittable && splits > 1 else {
            return Plan(product(.operand(2), batch, strideC, accumulate, max(1, inner)), scratch: [0, 0, 0])
        }
        return Plan(
            product(.scratch(1), batch * splits, count, false, length),
            Launch.sumSlices(
                scratch: 1, count: batch * count, slices: splits, result: .operand(2), accumulate: accumulate,
                tuning: tuning),
            scratch: [0, splits * batch * count, 0])
    }

    private static func macros(_ tile: Tile, transposesA: Bool) -> [String] {
        tile.macros + ["TRANSPOSED_A=\(transposesA ? 1 : 0)", "DOT_TILE=\(dotTile)"]
    }
}

extension Tile {
    /// What a program with tiles is built with.
    var macros: [String] { ["TILE_M=\(rows)", "TILE_N=\(vectors)", "TILE_LANES=\(lanes)"] }
}

extension Launch {
    /// Lines of a panel that one work-item copies: `LINES` in the kernels.
    private static let packedLines = 16
    static func packMacros(_ tuning: Tuning) -> [String] { ["LINES=\(packedLines)"] + tuning.transposeMacros }

    /// Copies matrices of `lines` × `columns` numbers into panels of `panelWidth` columns that are read line by line.
    static func packPanels(
        from source: Argument, to panels: Argument, columns: Int, lines: Int, panelWidth: Int, columnStep: Int,
        lineStep: Int, matrices: Int, sourceStride: Int, panelsStride: Int, _ tuning: Tuning
    ) -> Launch {
        Launch(
            file: "pack", macros: packMacros(tuning), kernel: "pack_panels",
            items: (
                quotient(lines, roundedUpBy: packedLines), quotient(columns, roundedUpBy: panelWidth), matrices
            ),
            arguments: [
                source, panels, .int(columns), .int(lines), .int(panelWidth), .long(columnStep), .long(lineStep),
                .long(sourceStride), .long(panelsStride),
            ])
    }
}
