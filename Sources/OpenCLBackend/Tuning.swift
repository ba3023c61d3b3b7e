import Compute

/// The parameters of the kernels on one device.
///
/// All kernels have a form of the vector family, in which work-items share nothing. Products and convolutions also have
/// one of the tiled family, in which a work-group shares its factors in local memory: it is for GPUs, and slow on CPUs.
struct Tuning: Hashable {
    /// Work-items in a work-group.
    var workGroupSize: Int
    /// Elements that one work-item owns in elementwise kernels; a multiple of 16.
    var chunk: Int
    /// Elements of a line that one work-item folds before the folds are folded again.
    var reductionPiece: Int
    /// Tiles that kernels are built for, the preferred one first.
    var tiles: [Tile]
    /// Work-items below which a long inner axis is split.
    var minimumWorkItems: Int
    /// Bytes of the cache that a chunk of a sum over pixels should stay in.
    var cacheBytes: Int
    /// Tiles of the tiled family, the largest first; none where products run on the vector family.
    var groupTiles: [GroupTile]

    /// - Parameters:
    ///   - kind: the class of devices whose shipped parameters are used; by default the device's own.
    ///   - parameters: used instead of the shipped ones.
    init(
        for information: DeviceInformation, as kind: DeviceKind? = nil,
        parameters: TuningParameters = TuningParameters()
    ) {
        let all = TuningParameters.shipped(for: information, as: kind).merging(parameters)
        guard
            let workGroupSize = all.workGroupSize, let chunk = all.chunk, let reductionPiece = all.reductionPiece,
            let workItemsPerUnit = all.workItemsPerUnit, let cacheBytes = all.cacheBytes, let tiles = all.tiles,
            let groupTiles = all.groupTiles
        else { preconditionFailure("Kernels/tuning.json: a class lacks a parameter") }
        self.workGroupSize = workGroupSize
        self.chunk = chunk
        self.reductionPiece = reductionPiece
        self.tiles = tiles
        minimumWorkItems = workItemsPerUnit * information.computeUnits
        self.cacheBytes = cacheBytes
        self.groupTiles = groupTiles
    }

    /// Whether a work-item is large, and its private memory a processor's cache.
    var isForProcessors: Bool { workGroupSize == 1 }
    /// Vectors of neighbouring columns, of so many, that one work-item folds side by side: on processors long pieces of
    /// rows are read in order, and the folds stay in the first-level cache. Elsewhere two would not fit in registers.
    func columnVectors(columns: Int) -> Int {
        guard isForProcessors else { return 1 }
        return columns < 64 ? 1 : columns == 64 ? 4 : 64
    }
    /// Rows of a block of inner products that one work-item owns with as many others.
    var gramianRows: Int { isForProcessors ? 4 : 2 }
    /// Queries or keys that one work-item of the attention owns: more share what they load, and need more registers.
    var attentionRows: Int { isForProcessors ? 4 : 1 }
    /// Lanes of the attention's vectors, 16 or 4.
    var attentionLanes: Int { isForProcessors ? 16 : 4 }
    /// Vectors of a head's width that one work-item of the attention adds up.
    var attentionVectors: Int { isForProcessors ? 2 : 4 }
    /// Whether squares of 16 x 16 numbers are transposed in registers. GPUs have 255 per work-item.
    var transposesSquares: Bool { isForProcessors }
    /// What programs that transpose are built with.
    var transposeMacros: [String] { ["TRANSPOSES_SQUARES=\(transposesSquares ? 1 : 0)"] }
    /// Whether 16 rows of so many columns are turned in registers, so that vectors hold columns: in vectors of their own,
    /// short rows would leave most lanes empty.
    func turnsRows(columns: Int) -> Bool { transposesSquares && columns <= 16 }
    /// Pixels of a row that one work-item convolves together where every channel has a filter of its own; the usual
    /// images are 7, 14, 28 or 56 wide.
    func rowPixels(width: Int) -> Int {
        guard isForProcessors else { return 1 }
        return padded(width, to: 14) == padded(width, to: 7) ? 14 : 7
    }

    /// The tile that wastes the least on a result; one that is less preferred must save a tenth of the work.
    func tile(rows: Int, columns: Int) -> Tile {
        func work(_ tile: Tile) -> Int { padded(rows, to: tile.rows) * padded(columns, to: tile.width) }
        var best = tiles[0]
        for tile in tiles.dropFirst() where 10 * work(tile) <= 9 * work(best) { best = tile }
        return best
    }

    /// What a program whose work-items own ``chunk`` elements is built with.
    var chunkMacros: [String] { ["CHUNK=\(chunk)"] }

    /// The work-items that own `count` elements.
    func chunks(of count: Int) -> (Int, Int, Int) { (quotient(count, roundedUpBy: chunk), 1, 1) }

    /// How many neighbouring lines of `length` elements one work-item owns.
    func block(lineLength length: Int) -> Int { max(1, chunk / max(1, length)) }
}

/// `dividend / divisor`, rounded up.
func quotient(_ dividend: Int, roundedUpBy divisor: Int) -> Int { (dividend + divisor - 1) / divisor }

/// The next multiple of `unit`.
func padded(_ count: Int, to unit: Int) -> Int { quotient(count, roundedUpBy: unit) * unit }
