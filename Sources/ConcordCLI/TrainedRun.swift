import Concord
import Configuration
import Foundation

extension RunFolder {
    /// The folder of a run that has begun.
    static func existing(_ path: String) throws -> RunFolder {
        let folder = RunFolder(existing: path)
        guard FileManager.default.fileExists(atPath: folder.configuration) else {
            throw CommandError("\(path): not the folder of a run, it has no config.yaml")
        }
        return folder
    }
}

/// A network with the parameters that a run has found.
struct TrainedRun {
    let configuration: ExperimentConfiguration
    /// For tables: how rows become inputs.
    let preprocessing: TabularPreprocessing?
    let test: any Dataset
    let model: ConfiguredNetwork
    let evaluation: Evaluation

    /// Opens the folder of a run. A run that is not complete has the parameters of its best epoch so far.
    ///
    /// - Parameter device: nil takes the one that the run was trained on.
    init(folder path: String, device: String?) throws {
        let folder = try RunFolder.existing(path)
        configuration = try ExperimentConfiguration(contentsOf: folder.configuration)
        preprocessing = try folder.storedPreprocessing()
        if configuration.dataset.isTabular && preprocessing == nil {
            throw CommandError("\(folder.preprocessing): missing, without it rows cannot be read as in training")
        }
        test = try configuration.dataset.test(preprocessing: preprocessing)
        model = try ConfiguredNetwork(
            configuration, for: test, on: try DeviceChoice(request: device ?? configuration.device).device)
        guard let parameters = [folder.model, folder.best].first(where: FileManager.default.fileExists(atPath:)) else {
            throw CommandError("\(path): no parameters yet, the run has not completed an epoch")
        }
        try NetworkCheckpoint.read(parameters, into: model.arena)
        evaluation = Evaluation(network: model.network, tasks: model.tasks, arena: model.arena)
    }
}
