import ArgumentParser
import Concord
import Configuration
import Foundation

struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Tells how well the layers of trunks predict tasks, before anything is trained on them.",
        discussion: """
            Scores every stage of the configuration's trunk, and of the trunks of runs, on the configuration's training \
            samples with LogME (higher is better; images are averaged over their pixels). For runs whose tasks have \
            classes it also prints LEEP, which says how well those classes predict the configuration's.
            """)

    @Argument(help: "A configuration: the data and the tasks.")
    var configuration: String

    @Argument(help: "Folders of runs, whose trunks are scored on the same data.")
    var runs: [String] = []

    @Option(help: "Samples from the beginning of the training split.")
    var samples = 1000

    @Option(help: ArgumentHelp("Where to compute: \(Devices.requests).", valueName: "device"))
    var device: String?

    @Flag(help: "Print a JSON object per line: trunk, stage, features, task, logME; or trunk, classes, task, leep.")
    var json = false

    private struct StageLine: Encodable {
        let trunk: String
        let stage: String
        let features: Int
        let task: String
        let logME: Double
    }

    private struct ClassifierLine: Encodable {
        let trunk: String
        let classes: String
        let task: String
        let leep: Double
    }

    func validate() throws {
        if samples < 2 { throw ValidationError("--samples is \(samples), expected at least 2") }
    }

    func run() throws {
        var settings = try ExperimentConfiguration(contentsOf: configuration)
        // What is scored is the trunk as it is given, for the source domain.
        (settings.adaptation, settings.adapters) = (nil, nil)
        let choice = try DeviceChoice(request: device ?? settings.device).device
        let experiment = try Experiment(settings, on: choice)
        let names = Set(settings.tasks.map(\.name))
        var stages = try score(experiment.model, of: experiment.training, named: configuration, tasks: names)
        var classifiers: [ClassifierLine] = []
        for folder in runs {
            let run = try TrainedRun(folder: folder, device: device ?? settings.device)
            guard run.test.inputShape == experiment.training.inputShape else {
                throw CommandError(
                    "\(folder): its network takes inputs \(run.test.inputShape), the data of \(configuration) have "
                        + "\(experiment.training.inputShape)")
            }
            guard run.preprocessing == experiment.preprocessing else {
                throw CommandError("\(folder): its network reads tables otherwise than \(configuration)")
            }
            if run.configuration.adapters?.perTask == true {
                throw CommandError("\(folder): its trunk is another one for every task")
            }
            stages += try score(run.model, of: experiment.training, named: folder, tasks: names)
            classifiers += try leep(run, folder, experiment.training, tasks: names)
        }
        if json {
            for line in stages { try JSONOutput.print(line) }
            for line in classifiers { try JSONOutput.print(line) }
        } else {
            print(ScoreCommand.text(stages, classifiers))
        }
    }

    private func score(
        _ model: ConfiguredNetwork, of dataset: any Dataset, named name: String, tasks: Set<String>
    ) throws -> [StageLine] {
        let encoder = (model.network as? EncodedNetwork)?.encoder
        return try model.trunkModels.enumerated().flatMap { number, trunk in
            let features = try StageFeatures(
                of: trunk, encoder: encoder, arena: model.arena, on: dataset, samples: samples)
            let name = model.trunkModels.count == 1 ? name : "\(name), trunk \(number)"
            return features.scores().filter { tasks.contains($0.task) }.map {
                StageLine(trunk: name, stage: $0.stage, features: $0.columns, task: $0.task, logME: $0.logME)
            }
        }
    }

    /// How well the classes of a run's tasks predict those of the data.
    private func leep(
        _ run: TrainedRun, _ folder: String, _ dataset: any Dataset, tasks: Set<String>
    ) throws -> [ClassifierLine] {
        let classifiers = run.model.tasks.indices.filter {
            if case .crossEntropy = run.model.tasks[$0].loss { true } else { false }
        }
        let batch = try dataset.batch(of: Array(0..<min(samples, dataset.count)))
        let outputs = try run.evaluation.predict(batch.inputs)
        var lines: [ClassifierLine] = []
        for classifier in classifiers {
            let probabilities = try outputs[classifier].softmax().floats()
            for task in tasks.sorted() {
                guard let labels = batch.targets[task]?.ints, labels.allSatisfy({ $0 >= 0 }),
                    batch.masks[task]?.floats?.contains(0) != true
                else { continue }
                lines.append(
                    ClassifierLine(
                        trunk: folder, classes: run.model.tasks[classifier].name, task: task,
                        leep: LEEP.score(probabilities: probabilities, labels: labels)))
            }
        }
        return lines
    }

    private static func text(_ stages: [StageLine], _ classifiers: [ClassifierLine]) -> String {
        func format(_ score: Double) -> String { String(format: "%.4f", score) }
        var table = TextTable([
            ("task", .left), ("LogME", .right), ("trunk", .left), ("stage", .left), ("features", .right),
        ])
        for line in stages.sorted(by: { ($0.task, -$0.logME) < ($1.task, -$1.logME) }) {
            table.add([line.task, format(line.logME), line.trunk, line.stage, "\(line.features)"])
        }
        if classifiers.isEmpty { return table.text }
        var second = TextTable([("task", .left), ("LEEP", .right), ("trunk", .left), ("classes", .left)])
        for line in classifiers.sorted(by: { ($0.task, -$0.leep) < ($1.task, -$1.leep) }) {
            second.add([line.task, format(line.leep), line.trunk, line.classes])
        }
        return table.text + "\n\n" + second.text
    }
}
