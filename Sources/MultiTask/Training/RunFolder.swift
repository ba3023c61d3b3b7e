import Checkpoints
import Compute
import Datasets
import Foundation
import Networks
import Optimizers
import Tensors

/// The folder of one training run.
///
/// | file | holds |
/// |---|---|
/// | `metrics.jsonl` | what happened, an object a line |
/// | `preprocessing.json` | for tables: how rows become inputs, fitted on the training part |
/// | `checkpoints/last.safetensors` | the newest parameters, the optimizer's states and all that a run needs to go on |
/// | `checkpoints/best.safetensors` | the parameters of the best epoch |
/// | `model.safetensors` | the parameters of the best epoch, once the run is complete |
///
/// Every one of them is either the old one or the complete new one, whenever the process may end.
public struct RunFolder: Hashable, Sendable {
    public let path: String

    /// Makes the folder where it is missing.
    ///
    /// - Throws: ``TrainingError/unusableOutput(path:reason:)``
    public init(_ path: String) throws {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path + "/checkpoints", withIntermediateDirectories: true)
        } catch {
            throw TrainingError.unusableOutput(path: path, reason: error.localizedDescription)
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            throw TrainingError.unusableOutput(path: path, reason: "the folder is not writable")
        }
    }

    /// The folder of a run that was made before; nothing is checked or written.
    public init(existing path: String) { self.path = path }

    public var metrics: String { path + "/metrics.jsonl" }
    public var configuration: String { path + "/config.yaml" }
    public var model: String { path + "/model.safetensors" }
    public var preprocessing: String { path + "/preprocessing.json" }
    public var best: String { path + "/checkpoints/best.safetensors" }
    public var last: String { path + "/checkpoints/last.safetensors" }

    /// Writes how the rows of tables become inputs of the run's network.
    public func write(_ preprocessing: TabularPreprocessing) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(preprocessing), as: UTF8.self)
        try AtomicFile.write(text + "\n", to: self.preprocessing)
    }

    /// What ``write(_:)`` has written; nil for a run that needs none.
    ///
    /// - Throws: `CheckpointError` where the file is damaged.
    public func storedPreprocessing() throws -> TabularPreprocessing? {
        guard FileManager.default.fileExists(atPath: preprocessing) else { return nil }
        do {
            return try JSONDecoder().decode(
                TabularPreprocessing.self, from: try Data(contentsOf: URL(fileURLWithPath: preprocessing)))
        } catch {
            throw CheckpointError.invalidState(path: preprocessing)
        }
    }

    /// Whether there is a run to go on with.
    public var hasTrainingState: Bool { FileManager.default.fileExists(atPath: last) }

    /// Writes everything that a run needs to go on.
    ///
    /// - Parameters:
    ///   - progress: what is not a tensor, as text.
    ///   - bestHeads: the values of the heads that early stopping may restore, by task.
    func writeTrainingState(
        _ progress: String, of step: TrainingStep, bestHeads: [String: [Float]] = [:]
    ) throws {
        let states = try step.optimizer.states.flatMap { name, tensor in
            try step.arena.namedParts(of: tensor, prefix: RunFolder.prefix(ofState: name))
        }
        let rows = try step.memory.all.map { name, rows in
            NamedTensor(
                name: NetworkCheckpoint.methodPrefix + name, shape: [rows.rowCount, rows.columnCount],
                elements: .float32(try rows.tensor.floats()))
        }
        let heads = bestHeads.sorted { $0.key < $1.key }.map { task, values in
            NamedTensor(name: RunFolder.bestHeadPrefix + task, shape: [values.count], elements: .float32(values))
        }
        let transfer = try step.transferStates.flatMap { prefix, tensor in
            try step.arena.namedParts(of: tensor, prefix: prefix)
        }
        try NetworkCheckpoint.write(
            step.arena, with: states + rows + heads + transfer, metadata: ["progress": progress], to: last)
    }

    /// The text that ``writeTrainingState(_:of:)`` was given.
    func trainingProgress() throws -> String {
        guard let progress = try SafetensorsFile(path: last).metadata["progress"] else {
            throw CheckpointError.invalidState(path: last)
        }
        return progress
    }

    /// Takes over the newest parameters, optimizer states and rows of the method.
    func restore(_ step: TrainingStep) throws {
        try NetworkCheckpoint.read(last, into: step.arena)
        let file = try SafetensorsFile(path: last)
        for (name, tensor) in step.optimizer.states {
            try step.arena.read(tensor, from: file, prefix: RunFolder.prefix(ofState: name))
        }
        for (prefix, tensor) in step.transferStates { try step.arena.read(tensor, from: file, prefix: prefix) }
        step.memory = RowMemory()
        for stored in file.tensors where stored.name.hasPrefix(NetworkCheckpoint.methodPrefix) {
            let tensor = try Tensor(
                try file.floats(of: stored.name), shape: Shape(stored.shape), on: step.arena.device)
            step.memory[String(stored.name.dropFirst(NetworkCheckpoint.methodPrefix.count))] = DeviceRows(tensor)
        }
    }

    private static let bestHeadPrefix = NetworkCheckpoint.schedulingPrefix + "bestHead."

    /// The values of heads that ``writeTrainingState(_:of:bestHeads:)`` was given.
    func bestHeads() throws -> [String: [Float]] {
        let file = try SafetensorsFile(path: last)
        var heads: [String: [Float]] = [:]
        for stored in file.tensors where stored.name.hasPrefix(RunFolder.bestHeadPrefix) {
            heads[String(stored.name.dropFirst(RunFolder.bestHeadPrefix.count))] = try file.floats(of: stored.name)
        }
        return heads
    }

    private static func prefix(ofState name: String) -> String { "\(NetworkCheckpoint.optimizerPrefix)\(name)." }

    func writeBest(_ arena: ParameterArena) throws { try NetworkCheckpoint.write(arena, to: best) }

    /// Copies the best parameters to where users look for the model.
    func publishBest() throws {
        try AtomicFile.write([UInt8](try Data(contentsOf: URL(fileURLWithPath: best))), to: model)
    }
}

extension TrainingStep {
    /// The tensors of transfer learning that a run must remember, by what their names begin with.
    fileprivate var transferStates: [(prefix: String, tensor: Tensor)] {
        let states = [("average.", average?.values), ("start.", penalty?.start)]
        return states.compactMap { name, tensor in tensor.map { (NetworkCheckpoint.transferPrefix + name, $0) } }
    }
}
