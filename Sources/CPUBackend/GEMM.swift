import COpenBLAS
import CPUKernels
import Compute

extension CPUDevice {
    func run(_ gemm: GEMM, _ arguments: inout Arguments) throws(ComputeError) {
        let (rows, columns, inner, batch) = (gemm.rows, gemm.columns, gemm.inner, gemm.batch)
        func span(_ stride: Int, _ matrix: Int) -> Int { batch == 0 ? 0 : (batch - 1) * stride + matrix }
        let a = arguments.floats(span(gemm.strideA, rows * inner))
        let b = arguments.floats(span(gemm.strideB, inner * columns))
        let c = arguments.floats(span(gemm.strideC, rows * columns))
        let bias = arguments.floats(columns, if: gemm.bias)
        guard let part = gemm.innerPart else { return multiply(gemm, a, b, c, bias: bias) }

        // One more row takes what the equal parts leave over.
        let elements = rows * columns
        let scratch = try scratch(count: (part.batch + 1) * elements)
        let rest = GEMM(rows: rows, columns: columns, inner: inner - part.batch * part.inner, transposeA: true)
        let ones = [Float](repeating: 1, count: part.batch + 1)
        for index in 0..<batch {
            let (left, right) = (a + index * gemm.strideA, b + index * gemm.strideB)
            let result = c + index * gemm.strideC
            multiply(part, left, right, scratch.floats)
            multiply(
                rest, left + part.batch * part.strideA, right + part.batch * part.strideB,
                scratch.floats + part.batch * elements)
            workers.elements(elements) { range in
                concord_weighted_row_sum(
                    scratch.floats + range.lowerBound, part.batch + 1, range.count, elements, ones,
                    gemm.accumulate ? 1 : 0, result + range.lowerBound)
            }
        }
        withExtendedLifetime(scratch) {}
    }

    /// Runs a matrix product in tiles of C, each a product of its own on one thread.
    func multiply(
        _ gemm: GEMM, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>,
        bias: UnsafePointer<Float>? = nil
    ) {
        let gemm = gemm.folded
        guard gemm.rows > 0, gemm.columns > 0, gemm.batch > 0 else { return }
        let tiles = TileGrid(gemm)
        // Products into one place follow each other; the others may run at the same time.
        let sharesResult = gemm.strideC == 0 && gemm.batch > 1
        for round in 0..<(sharesResult ? gemm.batch : 1) {
            let concurrent = sharesResult ? 1 : gemm.batch
            workers.run(count: concurrent * tiles.count, grain: tiles.partsPerGrain) { parts in
                for part in parts {
                    let index = sharesResult ? round : part / tiles.count
                    let tile = tiles[part % tiles.count]
                    let (row, column) = (tile.rows.lowerBound, tile.columns.lowerBound)
                    let target = c + index * gemm.strideC + row * gemm.columns + column
                    gemm.product(
                        of: a + index * gemm.strideA + row * (gemm.transposeA ? 1 : gemm.inner),
                        and: b + index * gemm.strideB + column * (gemm.transposeB ? gemm.inner : 1), in: target,
                        rows: tile.rows.count, columns: tile.columns.count)
                    if bias != nil || gemm.activation != .none {
                        concord_bias_activation(
                            target, tile.rows.count, tile.columns.count, gemm.columns, bias.map { $0 + column },
                            gemm.activation.kernel)
                    }
                }
            }
        }
    }
}

extension GEMM {
    /// Parts of the inner products as a batch, where few long ones make up the work, as in the weight gradient of a
    /// layer over many rows: parts run at the same time, and their sums are more exact than one long sum.
    fileprivate var innerPart: GEMM? {
        let shortest = 2048
        let isGradient = transposeA && !transposeB && !bias && activation == .none
        guard isGradient, inner >= 2 * shortest, rows * columns <= 1 << 16 else { return nil }
        let parts = min(32, inner / shortest)
        return GEMM(rows: rows, columns: columns, inner: inner / parts, transposeA: true, batch: parts)
    }

    /// Rows up to which OpenBLAS spends its time on packing B.
    private static let fewRows = 32
    /// Length of inner products up to which OpenBLAS spends its time on packing.
    private static let shortInner = 32
    /// Shorter vectors leave the registers empty.
    private static let fewestColumns = 16

    /// Computes a tile of C from the first elements of its parts of A and B.
    func product(
        of a: UnsafePointer<Float>, and b: UnsafePointer<Float>, in c: UnsafeMutablePointer<Float>, rows: Int,
        columns: Int
    ) {
        let strideOfA = transposeA ? self.rows : inner
        // A column is stored as its transpose is.
        let isTransposedB = transposeB && inner > 1
        let strideOfB = isTransposedB ? inner : self.columns
        let isSkinny = rows <= GEMM.fewRows || inner <= GEMM.shortInner
        if inner == 1 {
            concord_outer_product(rows, columns, a, b, c, self.columns, accumulate ? 1 : 0)
        } else if !isTransposedB, isSkinny, inner > 0, columns >= GEMM.fewestColumns {
            concord_gemm_by_rows(
                rows, columns, inner, a, transposeA ? 1 : strideOfA, transposeA ? strideOfA : 1, b, strideOfB, c,
                self.columns, accumulate ? 1 : 0)
        } else if isTransposedB, !transposeA, rows <= GEMM.fewRows, inner >= GEMM.fewestColumns {
            concord_gemm_by_dots(
                rows, columns, inner, a, strideOfA, b, strideOfB, c, self.columns, accumulate ? 1 : 0)
        } else {
            cblas_sgemm(
                CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, isTransposedB ? CblasTrans : CblasNoTrans,
                blasint(rows), blasint(columns), blasint(inner), 1, a, blasint(max(1, strideOfA)), b,
                blasint(max(1, strideOfB)), accumulate ? 1 : 0, c, blasint(self.columns))
        }
    }

    /// The same work as one product where a batch shares B and its rows lie behind each other.
    fileprivate var folded: GEMM {
        let isDense = !transposeA && strideA == rows * inner && strideC == rows * columns
        guard batch > 1, strideB == 0, isDense else { return self }
        var single = self
        single.rows = batch * rows
        single.batch = 1
        return single
    }
}

/// How C is cut into tiles: by its sizes alone, so that results do not depend on the number of threads.
private struct TileGrid {
    private let rows: Int
    private let columns: Int
    private let tileRows: Int
    private let tileColumns: Int
    private let tilesPerRow: Int
    let count: Int
    /// Neighbouring tiles that one thread takes at a time.
    let partsPerGrain: Int

    /// Operations that are worth a thread.
    private static let grainOperations = 1 << 21
    /// Tiles beyond this number add packing and no parallelism.
    private static let maximumTiles = 64
    /// Smaller tiles spend their time on packing.
    private static let minimumRows = 192
    private static let minimumColumns = 256

    init(_ gemm: GEMM) {
        rows = gemm.rows
        columns = gemm.columns
        let operations = 2 * rows * columns * max(gemm.inner, 1)
        let wanted = min(max(operations / TileGrid.grainOperations, 1), TileGrid.maximumTiles)
        let downwards = min(wanted, (rows + TileGrid.minimumRows - 1) / TileGrid.minimumRows)
        let across = min(wanted / downwards, (columns + TileGrid.minimumColumns - 1) / TileGrid.minimumColumns)
        tileRows = TileGrid.edge(rows, parts: downwards)
        tileColumns = TileGrid.edge(columns, parts: max(across, 1))
        tilesPerRow = (columns + tileColumns - 1) / tileColumns
        count = tilesPerRow * ((rows + tileRows - 1) / tileRows)
        partsPerGrain = max(1, TileGrid.grainOperations / max(operations / count, 1))
    }

    /// The extent of a part, a multiple of the register tiles of OpenBLAS.
    private static func edge(_ extent: Int, parts: Int) -> Int {
        parts == 1 ? extent : ((extent + parts - 1) / parts + 15) / 16 * 16
    }

    subscript(index: Int) -> (rows: Range<Int>, columns: Range<Int>) {
        let (row, column) = (index / tilesPerRow * tileRows, index % tilesPerRow * tileColumns)
        return (row..<min(rows, row + tileRows), column..<min(columns, column + tileColumns))
    }
}
