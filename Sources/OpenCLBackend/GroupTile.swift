import Compute

/// A block of a product that a work-group computes, with its factors in local memory.
struct GroupTile: Hashable {
    var rows: Int
    var columns: Int
    /// Inner elements that are in local memory at once; a multiple of 4.
    var depth: Int
    /// The block of one work-item, in registers; multiples of 4.
    var itemRows: Int
    var itemColumns: Int
    /// How fast full tiles are computed, relative to the other tiles: a larger one loads fewer numbers per product.
    var speed: Double

    /// The tiles that kernels are shipped for, the largest first.
    static let all = [
        GroupTile(rows: 128, columns: 128, depth: 8, itemRows: 8, itemColumns: 8, speed: 1),
        GroupTile(rows: 64, columns: 64, depth: 16, itemRows: 8, itemColumns: 4, speed: 0.8),
        GroupTile(rows: 32, columns: 32, depth: 16, itemRows: 4, itemColumns: 4, speed: 0.5),
    ]

    /// Elements between the lines of local memory: spreads them over the banks, and keeps vectors of 4 aligned.
    private static let padding = 4
    /// Rows of tiles that run together.
    private static let band = 8

    /// Whether the registers that the sums leave of 128 suffice for gathering a factor from an image.
    var canGather: Bool { itemRows * itemColumns <= 32 }

    var workItems: Int { rows / itemRows * (columns / itemColumns) }

    var localBytes: Int { 2 * 4 * depth * (rows + columns + 2 * GroupTile.padding) }

    /// What a program of the tiled family is built with.
    var macros: [String] {
        [
            "TILE_M=\(rows)", "TILE_N=\(columns)", "TILE_K=\(depth)", "ITEM_M=\(itemRows)", "ITEM_N=\(itemColumns)",
            "TILE_PADDING=\(GroupTile.padding)", "BAND=\(GroupTile.band)",
        ]
    }

    func count(rows: Int, columns: Int) -> Int {
        quotient(rows, roundedUpBy: self.rows) * quotient(columns, roundedUpBy: self.columns)
    }
}

/// How a product is cut into work-groups of the tiled family.
struct GroupTiling {
    var tile: GroupTile
    /// Pieces of the inner axis, computed apart and added afterwards in a fixed order.
    var splits: Int
    /// Inner elements of a piece.
    var splitLength: Int
    /// Work-groups.
    var groups: Int

    /// A piece of the inner axis that is worth a work-group of its own.
    private static let shortestSplit = 256
    /// Elements of all partial products: 64 MB.
    private static let maximumPartialCount = 16 << 20

    /// The tiling that finishes first by estimate: tiles should be full, large, and enough to occupy the device.
    ///
    /// - Parameters:
    ///   - slices: products that run at the same time.
    ///   - isSplittable: whether partial products may be added afterwards.
    ///   - gathers: whether a factor is gathered from an image.
    /// - Returns: nil where the device has no tiles.
    init?(
        rows: Int, columns: Int, inner: Int, slices: Int, isSplittable: Bool, gathers: Bool = false, _ tuning: Tuning
    ) {
        let count = rows * columns * slices
        let maximumSplits =
            isSplittable ? min(inner / GroupTiling.shortestSplit, GroupTiling.maximumPartialCount / max(1, count)) : 1
        var best: (tiling: GroupTiling, speed: Double)?
        for tile in tuning.groupTiles where tile.canGather || !gathers {
            let tiles = tile.count(rows: rows, columns: columns) * slices
            let wanted = quotient(tuning.minimumWorkItems, roundedUpBy: max(1, tiles * tile.workItems))
            let pieces = max(1, min(wanted, maximumSplits))
            let length = max(tile.depth, padded(quotient(inner, roundedUpBy: pieces), to: tile.depth))
            let splits = max(1, quotient(inner, roundedUpBy: length))
            let full = Double(count) / Double(max(1, tiles * tile.rows * tile.columns))
            let occupied = min(1, Double(tiles * splits * tile.workItems) / Double(tuning.minimumWorkItems))
            let speed = full * occupied * tile.speed
            if speed > best?.speed ?? -1 {
                best = (GroupTiling(tile, splits: splits, length: length, groups: tiles * splits), speed)
            }
        }
        guard let best else { return nil }
        self = best.tiling
    }

    private init(_ tile: GroupTile, splits: Int, length: Int, groups: Int) {
        self.tile = tile
        self.splits = splits
        splitLength = length
        self.groups = groups
    }

    /// A launch over all work-groups.
    func launch(file: String, macros: [String], kernel: String, arguments: [Argument]) -> Launch {
        Launch(
            file: file, macros: tile.macros + macros, kernel: kernel, workGroupSize: tile.workItems,
            items: (groups * tile.workItems, 1, 1), arguments: arguments)
    }

    /// The plan of a product of `count` elements, operand 2. Where the inner axis is split, the partial products lie one
    /// behind the other in scratch 0.
    func plan(
        count: Int, accumulate: Bool, _ tuning: Tuning,
        product: (_ result: Argument, _ accumulates: Bool) -> Launch
    ) -> Plan {
        guard splits > 1 else { return Plan(product(.operand(2), accumulate)) }
        return Plan(
            product(.scratch(0), false),
            .sumSlices(
                scratch: 0, count: count, slices: splits, result: .operand(2), accumulate: accumulate, tuning: tuning),
            scratch: [splits * count])
    }
}
