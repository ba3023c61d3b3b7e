import Compute
import KernelSources

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A block of a result that one work-item of the vector family holds in registers.
package struct Tile: Hashable, Sendable {
    /// Rows of a product, pixels of an image.
    package var rows: Int
    /// Vectors of neighbouring columns or channels.
    package var vectors: Int
    /// Columns or channels of a vector: 16, or 8, which wastes less of a narrow result.
    package var lanes: Int

    package init(rows: Int, vectors: Int, lanes: Int = 16) {
        self.rows = rows
        self.vectors = vectors
        self.lanes = lanes
    }

    package var width: Int { lanes * vectors }

    /// 32-bit registers of the sums, a line and the numbers that it is multiplied by.
    package var registers: Int { width * (rows + 1) + rows }
}

extension Tile: Codable {
    private enum CodingKeys: String, CodingKey { case rows, vectors, lanes }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            rows: try values.decode(Int.self, forKey: .rows), vectors: try values.decode(Int.self, forKey: .vectors),
            lanes: try values.decodeIfPresent(Int.self, forKey: .lanes) ?? 16)
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(rows, forKey: .rows)
        try values.encode(vectors, forKey: .vectors)
        if lanes != 16 { try values.encode(lanes, forKey: .lanes) }
    }
}

/// Parameters of the kernels, in the form of the shipped file `Kernels/tuning.json` and of tuning files.
///
/// What is nil stays as it is shipped for the class of the device.
package struct TuningParameters: Hashable, Sendable, Codable {
    /// Work-items in a work-group.
    package var workGroupSize: Int?
    /// Elements that one work-item owns in elementwise kernels; a multiple of 16.
    package var chunk: Int?
    /// Elements of a line that one work-item folds before the folds are folded again.
    package var reductionPiece: Int?
    /// Work-items per compute unit below which a long inner axis is split.
    package var workItemsPerUnit: Int?
    /// Bytes of the cache that a chunk of a sum over pixels should stay in.
    package var cacheBytes: Int?
    /// Tiles that kernels are built for, the preferred one first.
    package var tiles: [Tile]?
    /// Tiles of the tiled family, the largest first; empty where products run on the vector family.
    package var groupTiles: [GroupTile]?

    package init(
        workGroupSize: Int? = nil, chunk: Int? = nil, reductionPiece: Int? = nil, workItemsPerUnit: Int? = nil,
        cacheBytes: Int? = nil, tiles: [Tile]? = nil, groupTiles: [GroupTile]? = nil
    ) {
        self.workGroupSize = workGroupSize
        self.chunk = chunk
        self.reductionPiece = reductionPiece
        self.workItemsPerUnit = workItemsPerUnit
        self.cacheBytes = cacheBytes
        self.tiles = tiles
        self.groupTiles = groupTiles
    }

    /// These parameters with those of `other` where it has any.
    package func merging(_ other: TuningParameters) -> TuningParameters {
        TuningParameters(
            workGroupSize: other.workGroupSize ?? workGroupSize, chunk: other.chunk ?? chunk,
            reductionPiece: other.reductionPiece ?? reductionPiece,
            workItemsPerUnit: other.workItemsPerUnit ?? workItemsPerUnit, cacheBytes: other.cacheBytes ?? cacheBytes,
            tiles: other.tiles ?? tiles, groupTiles: other.groupTiles ?? groupTiles)
    }
}

extension TuningParameters {
    /// The name of a parameter in files.
    package enum Key: String, Hashable, Sendable {
        case workGroupSize, chunk, reductionPiece, workItemsPerUnit, cacheBytes, tiles, groupTiles
    }

    package var isEmpty: Bool { self == TuningParameters() }

    /// These parameters alone.
    package func only(_ keys: [Key]) -> TuningParameters { filter(keys.contains) }

    /// All parameters but these.
    package func removing(_ keys: [Key]) -> TuningParameters { filter { !keys.contains($0) } }

    private func filter(_ isKept: (Key) -> Bool) -> TuningParameters {
        func value<Value>(_ key: Key, _ value: Value?) -> Value? { isKept(key) ? value : nil }
        return TuningParameters(
            workGroupSize: value(.workGroupSize, workGroupSize), chunk: value(.chunk, chunk),
            reductionPiece: value(.reductionPiece, reductionPiece),
            workItemsPerUnit: value(.workItemsPerUnit, workItemsPerUnit), cacheBytes: value(.cacheBytes, cacheBytes),
            tiles: value(.tiles, tiles), groupTiles: value(.groupTiles, groupTiles))
    }
}

extension TuningParameters {
    /// The classes that parameters are shipped for.
    private struct Classes: Decodable {
        let cpu: TuningParameters
        let gpu: TuningParameters
    }

    private static let classes: Classes = {
        do {
            return try JSONDecoder().decode(Classes.self, from: Data(String(cString: concord_default_tuning()).utf8))
        } catch {
            preconditionFailure("Kernels/tuning.json: \(error)")
        }
    }()

    /// What is shipped for a device: all parameters, within its limits.
    ///
    /// - CPU: AVX-512 has 32 registers of 16 lanes: 28 sums fit beside the lines. A work-group of one item costs a core
    ///   about 0.1 µs, so items own 16 kB.
    /// - Others: many small items, and products in local memory.
    ///
    /// - Parameter kind: the class; by default the device's own.
    package static func shipped(for information: DeviceInformation, as kind: DeviceKind? = nil) -> TuningParameters {
        var parameters =
            switch kind ?? information.kind {
            case .cpu, .openCLCPU: classes.cpu
            case .openCLGPU, .openCLAccelerator: classes.gpu
            }
        parameters.workGroupSize = parameters.workGroupSize.map { min($0, information.maximumWorkGroupSize) }
        if let padding = Quirks(vendor: information.vendor, kind: information.kind).tilePadding {
            parameters.groupTiles = parameters.groupTiles?.map { $0.padded(by: padding) }
        }
        parameters.groupTiles?.removeAll { $0.problem(on: information) != nil }
        return parameters
    }

    /// Why a device cannot run kernels with these parameters; nil where it can.
    package func problem(on information: DeviceInformation) -> String? {
        let largestGroup = min(256, information.maximumWorkGroupSize)
        if let workGroupSize, !(1...largestGroup).contains(workGroupSize) {
            return "workGroupSize \(workGroupSize); expected one in 1...\(largestGroup)"
        }
        if let chunk, !(16...1 << 20).contains(chunk) || chunk % 16 != 0 {
            return "chunk \(chunk); expected a multiple of 16 in 16...1048576"
        }
        if let reductionPiece, !(16...1 << 20).contains(reductionPiece) {
            return "reductionPiece \(reductionPiece); expected one in 16...1048576"
        }
        if let workItemsPerUnit, !(1...1 << 16).contains(workItemsPerUnit) {
            return "workItemsPerUnit \(workItemsPerUnit); expected one in 1...65536"
        }
        if let cacheBytes, !(1 << 10...1 << 30).contains(cacheBytes) {
            return "cacheBytes \(cacheBytes); expected one in 1024...1073741824"
        }
        if let tiles, tiles.isEmpty { return "tiles is empty; expected at least one tile" }
        if let tile = tiles?.first(where: { !(1...16).contains($0.rows) || !(1...4).contains($0.vectors) }) {
            return "a tile of \(tile.rows) rows and \(tile.vectors) vectors; expected up to 16 rows and 4 vectors"
        }
        if let tile = tiles?.first(where: { ![8, 16].contains($0.lanes) }) {
            return "a tile with vectors of \(tile.lanes) lanes; expected 8 or 16"
        }
        return groupTiles?.lazy.compactMap { $0.problem(on: information) }.first
    }
}
