import Checkpoints
import Compute
import Foundation
import Networks
import Tensors

/// Low-rank adapters in the files of the Python package `peft`: a folder with `adapter_config.json` and
/// `adapter_model.safetensors`.
///
/// The tensors are `base_model.model.PATH.lora_A.weight` `[rank, inputs]` and `….lora_B.weight` `[outputs, rank]`, for
/// convolutions `[rank, inputs, height, width]` and `[outputs, rank, 1, 1]`, PATH being the layer's within the adapted
/// network.
///
/// Source: <https://huggingface.co/docs/peft/developer_guides/checkpoint>.
public struct PEFTAdapter {
    public static let configurationFile = "adapter_config.json"
    public static let tensorFile = "adapter_model.safetensors"
    private static let prefix = "base_model.model."

    public let folder: String
    public let adaptation: LowRankAdaptation
    public let targets: AdapterTargets

    /// Reads the configuration of a folder.
    ///
    /// - Throws: ``AdapterError`` where it is none, or of adapters that compute something else.
    public init(folder: String) throws {
        let configuration = try PEFTConfiguration(path: "\(folder)/\(PEFTAdapter.configurationFile)")
        self.folder = folder
        // With rank stabilisation the update is multiplied by alpha/√rank.
        let factor = configuration.usesRankStabilization == true ? Float(configuration.rank).squareRoot() : 1
        adaptation = LowRankAdaptation(
            rank: configuration.rank, alpha: configuration.alpha * factor, dropout: configuration.dropout ?? 0)
        switch configuration.targets {
        case .pattern("all-linear"): targets = .allLinear
        case .pattern(let pattern): targets = .pattern(pattern)
        case .names(let names): targets = .names(names)
        }
    }

    /// Takes over the values of all adapters of a set.
    ///
    /// Everything is checked before anything changes.
    ///
    /// - Parameter task: whose adapters they become, where tasks have adapters of their own.
    /// - Throws: ``AdapterError/otherAdapters(path:tensor:found:expected:)`` for the first difference.
    public func load(into adapters: AdapterSet, task: Int? = nil, in arena: ParameterArena) throws {
        let file = try SafetensorsFile(path: "\(folder)/\(PEFTAdapter.tensorFile)")
        if case .lowRank(let options) = adapters.method,
            options.rank != adaptation.rank || abs(options.alpha - adaptation.alpha) > 1e-6 * adaptation.alpha
        {
            throw AdapterError.unsuitable(
                action: "\(folder): loading adapters of rank \(adaptation.rank) and alpha \(adaptation.alpha)",
                found: "rank \(options.rank) and alpha \(options.alpha)", expected: "the same in the network")
        }
        var known: Set<String> = []
        var values: [(tensor: Tensor, values: [Float])] = []
        for part in try PEFTAdapter.parts(of: adapters, task: task, in: arena) {
            known.insert(part.name)
            guard let stored = file.tensors.first(where: { $0.name == part.name }) else {
                throw AdapterError.otherAdapters(
                    path: file.path, tensor: part.name, found: "missing", expected: "\(part.shape)")
            }
            guard stored.shape == Array(part.shape) else {
                throw AdapterError.otherAdapters(
                    path: file.path, tensor: part.name, found: "\(stored.shape)", expected: "\(part.shape)")
            }
            let foreign = try Tensor(try file.floats(of: part.name), shape: part.shape, on: arena.device)
            values.append((part.tensor, try foreign.transposed(part.fromFile).floats()))
        }
        if let extra = file.tensors.first(where: { !known.contains($0.name) }) {
            throw AdapterError.otherAdapters(
                path: file.path, tensor: extra.name, found: "\(extra.shape)", expected: "no such tensor")
        }
        for (tensor, values) in values { try tensor.overwrite(with: values) }
    }

    /// Writes the adapters of a set to a folder, which is made where it is missing.
    ///
    /// - Parameters:
    ///   - task: whose adapters, where tasks have adapters of their own.
    ///   - baseModel: the name of the network that they belong to, for the reader.
    public static func write(
        _ adapters: AdapterSet, task: Int? = nil, in arena: ParameterArena, baseModel: String? = nil, to folder: String
    ) throws {
        guard case .lowRank(let options) = adapters.method else {
            throw AdapterError.unsuitable(
                action: "writing \(folder)", found: "bottleneck adapters", expected: "low-rank adapters")
        }
        let tensors = try parts(of: adapters, task: task, in: arena).map { part in
            NamedTensor(
                name: part.name, shape: Array(part.shape),
                elements: .float32(try part.tensor.transposed(part.toFile).floats()))
        }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try SafetensorsFile.write(tensors, metadata: ["format": "pt"], to: "\(folder)/\(tensorFile)")
        try PEFTConfiguration(
            rank: options.rank, alpha: options.alpha, dropout: options.dropout, targets: targets(of: adapters),
            baseModel: baseModel
        ).write(to: "\(folder)/\(configurationFile)")
    }

    /// The paths of the adapted layers; an expression where their ends fit others, too.
    private static func targets(of adapters: AdapterSet) -> PEFTConfiguration.Targets {
        let paths = adapters.layers.map(\.path)
        let names = AdapterTargets.names(paths)
        if adapters.candidates.allSatisfy({ paths.contains($0) || !names.match($0) }) { return .names(paths) }
        return .pattern(paths.map { $0.replacing(".", with: #"\."#) }.joined(separator: "|"))
    }

    /// A factor with its name and axes in the file.
    private struct Part {
        let name: String
        /// With as many axes as in the file.
        let tensor: Tensor
        /// In the file.
        let shape: Shape
        let toFile: [Int]
        let fromFile: [Int]

        init(_ name: String, _ tensor: Tensor, toFile: [Int]) {
            self.name = name
            self.tensor = tensor
            self.toFile = toFile
            shape = Shape(toFile.map { tensor.shape[$0] })
            fromFile = toFile.indices.map { axis in toFile.firstIndex(of: axis) ?? axis }
        }
    }

    private static func parts(of adapters: AdapterSet, task: Int?, in arena: ParameterArena) throws -> [Part] {
        try adapters.layers.flatMap { layer in
            let adapter = try adapters.lowRankAdapter(of: layer, task: task, action: "adapter files")
            let (down, up) = (arena.tensor(adapter.down), arena.tensor(adapter.up))
            let isConvolution = adapter.window != nil
            return [
                Part(
                    "\(prefix)\(layer.path).lora_A.weight", down, toFile: isConvolution ? [3, 2, 0, 1] : [1, 0]),
                Part(
                    "\(prefix)\(layer.path).lora_B.weight",
                    isConvolution ? up.reshaped([1, 1] + Array(up.shape)) : up,
                    toFile: isConvolution ? [3, 2, 0, 1] : [1, 0]),
            ]
        }
    }
}
