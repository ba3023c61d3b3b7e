import Checkpoints
import Networks

/// The parameters and statistics of a trunk from a file, whatever the heads are.
public struct PretrainedTrunk: Sendable {
    /// A file in any format that ``TensorArchives`` opens.
    public var path: String
    /// Whether tensors may be missing, left over or of another shape.
    public var isPartial: Bool
    /// For files that no network of Concord's wrote; nil expects the trunk's names and layouts in them.
    public var mapping: WeightMapping?

    public init(path: String, isPartial: Bool = false, mapping: WeightMapping? = nil) {
        self.path = path
        self.isPartial = isPartial
        self.mapping = mapping
    }

    /// A file of a whole network, of which only the trunk counts.
    private static let trunkOfNetwork = WeightMapping(
        [.rule("trunk.**", "**")],
        ignoring: ["heads.**", "tasks.**", "encoder.**", "optimizer.**", "method.**", "scheduling.**", "transfer.**"])

    /// Copies the tensors into every trunk of a network.
    ///
    /// - Parameter trunks: their scopes, as in `trunk`.
    /// - Returns: what was used and what was not, the same for all trunks up to their names.
    /// - Throws: `CheckpointError` where the file is damaged, or something is amiss that ``isPartial`` does not allow.
    @discardableResult
    public func load(into arena: ParameterArena, trunks: [String]) throws -> [ImportReport] {
        let archive = try TensorArchives.open(path)
        let isNetwork = archive.tensors.contains { $0.name.hasPrefix("trunk.") }
        let mapping = isNetwork ? PretrainedTrunk.trunkOfNetwork : mapping ?? .identity
        return try trunks.map { trunk in
            let report = try mapping.apply(
                archive, to: arena, under: trunk, allowing: isPartial ? [.missing, .leftOver, .otherShape] : [])
            if report.used.isEmpty { throw CheckpointError.incompleteImport(path: path, report: report) }
            return report
        }
    }
}
