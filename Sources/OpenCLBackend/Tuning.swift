import Compute

/// The parameters of the kernels, chosen by the class of the device.
///
/// All kernels have a form of the vector family, in which work-items share nothing. Products and convolutions also have
/// one of the tiled family, in which a work-group shares its factors in local memory: it is for GPUs, and slow on CPUs.
struct Tuning: Hashable {
    /// A block of a result that one work-item holds in registers.
    struct Tile: Hashable {
        /// Rows of a product, pixels of an image.
        var rows: Int
        /// Vectors of 16 columns or channels.
        var vectors: Int

        var width: Int { 16 * vectors }
    }

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
    var groupTiles: [GroupTile] = []

    /// - CPU: AVX-512 has 32 registers of 16 lanes: 28 sums fit beside the lines. A work-group of one item costs a core
    ///   about 0.1 µs, so items own 16 kB.
    /// - Others: many small items.
    init(for information: DeviceInformation, as kind: DeviceKind) {
        switch kind {
        case .cpu, .openCLCPU:
            workGroupSize = 1
            chunk = 4096
            reductionPiece = 4096
            tiles = [
                Tile(rows: 7, vectors: 4), Tile(rows: 8, vectors: 3), Tile(rows: 8, vectors: 2),
                Tile(rows: 8, vectors: 1),
            ]
            minimumWorkItems = 4 * information.computeUnits
            cacheBytes = 1 << 19
        case .openCLGPU, .openCLAccelerator:
            workGroupSize = min(64, information.maximumWorkGroupSize)
            chunk = 16
            reductionPiece = 1024
            tiles = [Tile(rows: 4, vectors: 1)]
            minimumWorkItems = 256 * information.computeUnits
            cacheBytes = 1 << 15
            groupTiles = GroupTile.all.filter {
                $0.workItems <= information.maximumWorkGroupSize && $0.localBytes <= information.localMemoryBytes
            }
        }
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
