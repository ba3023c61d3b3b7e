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
    /// For tables: how rows become inputs; for lists of images: their classes.
    let preprocessing: TabularPreprocessing?
    let test: any Dataset
    /// What each task is measured on, by its name.
    let tests: [String: any Dataset]
    let model: ConfiguredNetwork
    let evaluation: Evaluation

    /// Opens the folder of a run. A run that is not complete has the parameters of its best epoch so far.
    ///
    /// - Parameter device: nil takes the one that the run was trained on.
    init(folder path: String, device: String?) throws {
        let folder = try RunFolder.existing(path)
        configuration = try ExperimentConfiguration(contentsOf: folder.configuration)
        preprocessing = try folder.storedPreprocessing()
        if configuration.sources.contains(where: { $0.dataset.isFitted }) && preprocessing == nil {
            throw CommandError("\(folder.preprocessing): missing, without it data cannot be read as in training")
        }
        let stored = preprocessing
        var sources = try configuration.readSources { try $0.test(preprocessing: $0.isFitted ? stored : nil) }
        if let test = try configuration.targetDomainTest(
            main: sources[configuration.mainSource], preprocessing: stored)
        {
            sources[configuration.mainSource] = test
        }
        test = sources[configuration.mainSource]
        tests = configuration.datasetsByTask(sources)
        model = try ConfiguredNetwork(
            configuration, for: test, ownDatasets: tests,
            on: try DeviceChoice(request: device ?? configuration.device).device)
        guard let parameters = [folder.model, folder.best].first(where: FileManager.default.fileExists(atPath:)) else {
            throw CommandError("\(path): no parameters yet, the run has not completed an epoch")
        }
        try NetworkCheckpoint.read(parameters, into: model.arena)
        evaluation = Evaluation(network: model.network, tasks: model.tasks, arena: model.arena)
    }

    /// The metrics of all tasks, each on its test split.
    func metrics(batchSize: Int) throws -> [String: [String: Double]] {
        var metrics: [String: [String: Double]] = [:]
        for source in configuration.sources {
            guard let first = source.tasks.first, let test = tests[first] else { continue }
            let loader = try BatchLoader(test, batchSize: batchSize, order: .sequential)
            let tasks = Set(model.tasks.indices.filter { source.tasks.contains(model.tasks[$0].name) })
            metrics.merge(try evaluation(loader, of: tasks)) { $1 }
        }
        return metrics
    }
}
