import Compute

/// A block of a product that a work-group of the tiled family computes, with its factors in local memory.
package struct GroupTile: Hashable, Sendable, Codable {
    package var rows: Int
    package var columns: Int
    /// Inner elements that are in local memory at once; a multiple of 4.
    package var depth: Int
    /// The block of one work-item, in registers; multiples of 4.
    package var itemRows: Int
    package var itemColumns: Int
    /// Elements between the lines of local memory: spreads them over the banks. A multiple of 4, which keeps vectors of 4
    /// aligned.
    package var padding: Int
    /// How fast full tiles are computed, relative to the other tiles: a larger one loads fewer numbers per product.
    package var speed: Double

    package init(
        rows: Int, columns: Int, depth: Int, itemRows: Int, itemColumns: Int, padding: Int = 4, speed: Double = 1
    ) {
        self.rows = rows
        self.columns = columns
        self.depth = depth
        self.itemRows = itemRows
        self.itemColumns = itemColumns
        self.padding = padding
        self.speed = speed
    }

    /// Rows of tiles that run together.
    private static let band = 8
    /// Local memory that every device of OpenCL 1.2 has.
    private static let maximumLocalBytes = 32 << 10

    /// Whether the registers that the sums leave of 128 suffice for gathering a factor from an image.
    package var canGather: Bool { itemRows * itemColumns <= 32 }

    package var workItems: Int { rows / itemRows * (columns / itemColumns) }

    package var localBytes: Int { 2 * 4 * depth * (rows + columns + 2 * padding) }

    /// 32-bit registers of the sums, a line of both factors, and what is fetched ahead.
    package var registers: Int {
        itemRows * itemColumns + itemRows + itemColumns + (rows + columns) * depth / max(1, workItems)
    }

    func padded(by padding: Int) -> GroupTile {
        var tile = self
        tile.padding = padding
        return tile
    }

    /// Why a device cannot run kernels with this tile; nil where it can.
    func problem(on information: DeviceInformation) -> String? {
        let name = "a group tile of \(rows)×\(columns)×\(depth), \(itemRows)×\(itemColumns) per work-item"
        guard itemRows > 0, itemColumns > 0, depth > 0, padding >= 0, speed > 0, rows > 0, columns > 0,
            [itemRows, itemColumns, depth, padding].allSatisfy({ $0 % 4 == 0 }), rows % itemRows == 0,
            columns % itemColumns == 0
        else { return "\(name): expected multiples of 4, tiles of whole items and a positive speed" }
        // 32 neighbouring work-items form a patch of 4 × 8, and each fetches whole pieces of 4 elements.
        guard rows / itemRows % 4 == 0, columns / itemColumns % 8 == 0, rows * depth % (4 * workItems) == 0,
            columns * depth % (4 * workItems) == 0
        else { return "\(name): \(workItems) work-items cannot share the loads evenly" }
        let limit = min(256, information.maximumWorkGroupSize)
        guard workItems <= limit else { return "\(name): \(workItems) work-items, the device has \(limit)" }
        let localLimit = min(GroupTile.maximumLocalBytes, information.localMemoryBytes)
        guard localBytes <= localLimit
        else { return "\(name): \(localBytes) bytes of local memory, the device has \(localLimit)" }
        return nil
    }

    /// What a program of the tiled family is built with.
    var macros: [String] {
        [
            "TILE_M=\(rows)", "TILE_N=\(columns)", "TILE_K=\(depth)", "ITEM_M=\(itemRows)", "ITEM_N=\(itemColumns)",
            "TILE_PADDING=\(padding)", "BAND=\(GroupTile.band)",
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
