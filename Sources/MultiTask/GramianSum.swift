import Compute
import Tensors

/// The inner products of the tasks' gradients, collected parameter by parameter.
///
/// Partial sums of few thousand products each stay on the device until ``totals(parts:)`` reads all of them in one
/// transfer and adds them in Float64.
struct GramianSum {
    /// What inner products belong to.
    struct Place {
        /// Number of the Gramian.
        let part: Int
        /// Rows and columns of the Gramian, in the order of the vectors.
        let positions: [Int]
    }

    /// Where the partial sums of one addition lie.
    private struct Share {
        let place: Place
        let tiles: Int
        let block: Int
        let offset: Int
    }

    /// Elements of the first block of partial sums; every further one is twice as large.
    private static let firstBlock = 1 << 17

    private let device: any Device
    /// Rows of the Gramian.
    private let size: Int
    private var blocks: [(sums: Tensor, used: Int)] = []
    private var shares: [Share] = []

    init(size: Int, on device: any Device) {
        self.size = size
        self.device = device
    }

    /// Adds the inner products of some tasks' vectors.
    mutating func add(_ factors: InnerProductFactors, at place: Place) throws(ComputeError) {
        let rows = factors.left.shape[0]
        precondition(rows == place.positions.count, "\(rows) vectors for rows \(place.positions) of a Gramian")
        let columns = factors.left.count / rows
        if columns == 0 { return }
        let primitive = Gramian(rows: rows, columns: columns, stride: columns)
        let count = primitive.tiles * rows * rows
        if blocks.last.map({ $0.used + count > $0.sums.count }) ?? true {
            let capacity = max(count, blocks.last.map { 2 * $0.sums.count } ?? GramianSum.firstBlock)
            blocks.append((try Tensor(uninitialized: [capacity], on: device), 0))
        }
        let block = blocks.count - 1
        let offset = blocks[block].used
        try device.encode(
            .gramian(primitive),
            [factors.left.storage, factors.right.storage, blocks[block].sums.storage.advanced(by: offset)])
        blocks[block].used += count
        shares.append(Share(place: place, tiles: primitive.tiles, block: block, offset: offset))
    }

    /// The Gramians of all parts.
    func totals(parts: Int) throws(ComputeError) -> [SquareMatrix] {
        var totals = Array(
            repeating: SquareMatrix(size: size, values: Array(repeating: 0, count: size * size)), count: parts)
        var values: [[Float]] = []
        for block in blocks { values.append(try Tensor(viewing: block.sums.storage, shape: [block.used]).floats()) }
        for share in shares {
            var index = share.offset
            for _ in 0..<share.tiles {
                for row in share.place.positions {
                    for column in share.place.positions {
                        totals[share.place.part][row, column] += Double(values[share.block][index])
                        index += 1
                    }
                }
            }
        }
        return totals
    }
}
