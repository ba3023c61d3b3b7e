import Compute
import OpenCLBackend

/// Parameters of the kernels that are tuned together, the values that are tried, and the work that shows what they are
/// worth.
package struct TuningSubject: Sendable {
    /// The first one names the subject.
    package let keys: [TuningParameters.Key]
    /// How much of the time it gets, relative to the others.
    let weight: Double
    /// The shipped values.
    package let shipped: TuningParameters
    /// What else is tried.
    package let candidates: [TuningParameters]
    package let probes: [Probe]

    package var name: String { keys[0].rawValue }

    package init(
        keys: [TuningParameters.Key], weight: Double = 1, shipped: TuningParameters, candidates: [TuningParameters],
        probes: [Probe]
    ) {
        self.keys = keys
        self.weight = weight
        self.shipped = shipped
        self.candidates = candidates
        self.probes = probes
    }

    /// What is tuned on a device, the most important first; all candidates are within the device's limits.
    ///
    /// On CPUs products run on the vector family alone, because work-groups are far slower there. A CPU's driver also
    /// compiles a kernel again for every size of work-groups, and gains nothing from larger ones.
    package static func all(for information: DeviceInformation) -> [TuningSubject] {
        let isCPU = information.kind == .openCLCPU
        let scale = isCPU ? 1 : 8
        let shipped = TuningParameters.shipped(for: information)
        let products = Probe.products(scale: scale) + Probe.convolutions(scale: scale)
        let sums = Probe.sumsOverPixels(scale: scale)
        let elementwise = Probe.elementwise(scale: scale)

        func subject(
            _ keys: [TuningParameters.Key], weight: Double = 1, _ candidates: [TuningParameters], _ probes: [Probe]
        ) -> TuningSubject {
            let shipped = shipped.only(keys)
            return TuningSubject(
                keys: keys, weight: weight, shipped: shipped,
                candidates: candidates.filter { $0.problem(on: information) == nil && $0 != shipped }, probes: probes)
        }
        return [
            isCPU
                ? subject([.tiles], weight: 4, tiles(on: information), products)
                : subject([.groupTiles, .tiles], weight: 4, groupTiles(on: information), products),
            subject(
                [.chunk], (isCPU ? [1024, 2048, 8192, 16384, 65536] : [32, 64, 128, 256]).map { .init(chunk: $0) },
                elementwise),
            subject(
                [.reductionPiece],
                (isCPU ? [1024, 2048, 8192, 16384] : [256, 512, 2048, 4096]).map { .init(reductionPiece: $0) },
                Probe.reductions(scale: scale)),
            subject(
                [.workItemsPerUnit],
                (isCPU ? [1, 2, 8, 16] : [64, 128, 512, 1024]).map { .init(workItemsPerUnit: $0) }, sums),
            subject(
                [.cacheBytes], (isCPU ? [17, 18, 20, 21] : [13, 14, 16, 17]).map { .init(cacheBytes: 1 << $0) }, sums),
            subject([.workGroupSize], isCPU ? [] : [32, 128, 256].map { .init(workGroupSize: $0) }, elementwise),
        ].filter { !$0.candidates.isEmpty }
    }

    /// Registers of a work-item in units of 32 bits: AVX-512 has 32 of 16 lanes; of a GPU's, 256 work-items can have 128
    /// each, and addresses take some.
    private static func registerLimit(_ information: DeviceInformation) -> Int {
        information.kind == .openCLCPU ? 32 * 16 : 104
    }

    private static func tiles(_ sizes: [(Int, Int)], on information: DeviceInformation) -> [Tile] {
        sizes.map { Tile(rows: $0, vectors: $1) }.filter { $0.registers <= registerLimit(information) + $0.rows }
    }

    /// Every tile as the preferred one, before those shipped ones that are narrower.
    private static func tiles(on information: DeviceInformation) -> [TuningParameters] {
        let shipped = TuningParameters.shipped(for: information).tiles ?? []
        let sizes = [
            (7, 4), (8, 3), (8, 2), (6, 4), (7, 3), (6, 3), (7, 2), (12, 2), (14, 2), (6, 2), (4, 4), (4, 2), (14, 1), (8, 1),
            (6, 1), (4, 1),
        ]
        return tiles(sizes, on: information).map { tile in
            TuningParameters(tiles: [tile] + shipped.filter { $0.width < tile.width })
        }
    }

    /// Every tile as the largest one, before those shipped ones that are smaller; and products on the vector family, with
    /// every tile of it.
    private static func groupTiles(on information: DeviceInformation) -> [TuningParameters] {
        let shipped = TuningParameters.shipped(for: information)
        let tiled = [(128, 128), (128, 64), (64, 128), (64, 64), (32, 64), (32, 32)].flatMap { rows, columns in
            [(8, 8), (8, 4), (4, 8), (4, 4)].flatMap { itemRows, itemColumns in
                [8, 16, 32].map { depth in
                    GroupTile(
                        rows: rows, columns: columns, depth: depth, itemRows: itemRows, itemColumns: itemColumns,
                        padding: shipped.groupTiles?.first?.padding ?? 4)
                }
            }
        }
        return tiled.filter { $0.workItems >= 32 && $0.registers <= registerLimit(information) }.map { tile in
            let smaller = (shipped.groupTiles ?? []).filter { $0.rows * $0.columns < tile.rows * tile.columns }
            return TuningParameters(tiles: shipped.tiles, groupTiles: [tile] + smaller)
        } + tiles([(4, 1), (2, 2), (2, 1)], on: information).map { TuningParameters(tiles: [$0], groupTiles: []) }
    }
}

extension Probe {
    private static func product(
        _ rows: Int, _ columns: Int, _ inner: Int, transposeA: Bool = false, transposeB: Bool = false, batch: Int = 1
    ) -> Probe {
        let order = "\(transposeA ? "T" : "N")\(transposeB ? "T" : "N")"
        let gemm = GEMM(
            rows: rows, columns: columns, inner: inner, transposeA: transposeA, transposeB: transposeB, batch: batch)
        return Probe(
            "gemm \(order) \(rows)×\(columns)×\(inner)" + (batch > 1 ? " ×\(batch)" : ""), .gemm(gemm),
            inputs: [batch * rows * inner, batch * inner * columns], result: batch * rows * columns)
    }

    /// Products in all orders, one with many small matrices, and one over pixels.
    fileprivate static func products(scale: Int) -> [Probe] {
        [
            product(256 * scale, 512, 512), product(256 * scale, 512, 512, transposeB: true),
            product(512, 512, 512 * scale, transposeA: true), product(1568 * scale, 64, 576),
            product(17, 33, 65, batch: 64 * scale),
        ]
    }

    private static func convolution(
        _ pass: Conv2D.Pass, batch: Int, size: Int, inputs: Int, outputs: Int
    ) -> Probe {
        let layer = Conv2D(
            pass, batch: batch, inputHeight: size, inputWidth: size, inputChannels: inputs, outputChannels: outputs,
            window: Window2D(size: 3, padding: 1))
        let (input, filter, output) = (layer.inputCount, layer.filterCount, layer.outputCount)
        let operands =
            switch pass {
            case .forward: ([input, filter], output)
            case .dataGradient: ([output, filter], input)
            case .weightGradient: ([input, output], filter)
            }
        return Probe(
            "conv2D \(pass) \(batch)×\(size)×\(size)×\(inputs) to \(outputs)", .conv2D(layer), inputs: operands.0,
            result: operands.1)
    }

    fileprivate static func convolutions(scale: Int) -> [Probe] {
        [
            convolution(.forward, batch: 2 * scale, size: 28, inputs: 128, outputs: 128),
            convolution(.dataGradient, batch: 2 * scale, size: 28, inputs: 64, outputs: 64),
            convolution(.weightGradient, batch: 2 * scale, size: 28, inputs: 64, outputs: 64),
        ]
    }

    /// Work whose inner axis is long and whose result is small.
    fileprivate static func sumsOverPixels(scale: Int) -> [Probe] {
        [
            product(128, 128, 4096 * scale, transposeA: true), product(576, 64, 3136 * scale, transposeA: true),
            product(16, 512, 1024),
            convolution(.weightGradient, batch: 4 * scale, size: 28, inputs: 64, outputs: 64),
            convolution(.weightGradient, batch: 4 * scale, size: 7, inputs: 256, outputs: 256),
        ]
    }

    fileprivate static func elementwise(scale: Int) -> [Probe] {
        [1 << 16, (1 << 20) * scale].flatMap { count in
            let columns = 256
            let sum = Binary(.add, left: Shape([count / columns, columns]), right: Shape([columns]))
            return [
                Probe("unary relu \(count)", .unary(Unary(.relu, count: count)), inputs: [count], result: count),
                Probe("binary add \(count), a row", .binary(sum), inputs: [count, columns], result: count),
            ]
        }
    }

    fileprivate static func reductions(scale: Int) -> [Probe] {
        [(1, (1 << 20) * scale, 1), (64, 16384 * scale, 1), (1, 4096 * scale, 256)].map { outer, axis, inner in
            Probe(
                "reduction sum \(outer)×\(axis)×\(inner)",
                .reduction(Reduction(.sum, outer: outer, axis: axis, inner: inner)), inputs: [outer * axis * inner],
                result: outer * inner)
        }
    }
}
