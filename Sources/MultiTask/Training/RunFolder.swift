import Checkpoints
import Foundation
import Networks
import Optimizers

/// The folder of one training run.
///
/// | file | holds |
/// |---|---|
/// | `metrics.jsonl` | what happened, an object a line |
/// | `checkpoints/last/` | the newest parameters and all that a run needs to go on |
/// | `checkpoints/best/` | the parameters of the best epoch |
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

    public var metrics: String { path + "/metrics.jsonl" }
    public var configuration: String { path + "/config.yaml" }
    public var model: String { path + "/model.safetensors" }
    public var bestModel: String { path + "/checkpoints/best/model.safetensors" }
    public var lastModel: String { path + "/checkpoints/last/model.safetensors" }
    var last: String { path + "/checkpoints/last" }
    var trainingState: String { path + "/checkpoints/last/training.safetensors" }

    /// Whether there is a run to go on with.
    public var hasTrainingState: Bool { FileManager.default.fileExists(atPath: trainingState) }

    func writeTrainingState(_ state: String, arena: ParameterArena, optimizer: Optimizer) throws {
        let states = try optimizer.states.flatMap { name, tensor in
            try arena.namedParts(of: tensor, prefix: "optimizer.\(name).")
        }
        try AtomicFolder.write(to: last) { folder in
            try NetworkCheckpoint.write(arena, to: folder + "/model.safetensors")
            try SafetensorsFile.write(states, metadata: ["progress": state], to: folder + "/training.safetensors")
        }
    }

    /// What ``writeTrainingState(_:arena:optimizer:)`` was given.
    func trainingProgress() throws -> String {
        guard let state = try SafetensorsFile(path: trainingState).metadata["progress"] else {
            throw CheckpointError.invalidState(path: trainingState)
        }
        return state
    }

    /// Takes over the newest parameters and optimizer states.
    func restore(_ arena: ParameterArena, optimizer: Optimizer) throws {
        let file = try SafetensorsFile(path: trainingState)
        try NetworkCheckpoint.read(lastModel, into: arena)
        for (name, tensor) in optimizer.states {
            try arena.read(tensor, from: file, prefix: "optimizer.\(name).")
        }
    }

    func writeBest(_ arena: ParameterArena) throws {
        try AtomicFolder.write(to: path + "/checkpoints/best") { folder in
            try NetworkCheckpoint.write(arena, to: folder + "/model.safetensors")
        }
    }

    /// Copies the best parameters to where users look for the model.
    func publishBest(_ arena: ParameterArena) throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: bestModel))
        try AtomicFile.write([UInt8](bytes), to: model)
    }
}
