import Checkpoints
import Compute
import Datasets
import Foundation
import MultiTask
import Networks
import Transfer
import Yams

/// What a run learns from another one: `{teacher: runs/large-1, temperature: 4, alpha: 0.5, tasks: [topLeft]}`.
public struct DistillationConfiguration: Hashable, Sendable {
    /// The folder of the teacher's run.
    public var teacher: String
    /// Default 4.
    public var temperature: Float
    /// Share of the teacher in the loss. Default 0.5.
    public var alpha: Float
    /// The names of the tasks that are taught, which the teacher must have. Default: all that it has.
    public var tasks: [String]?

    public init(teacher: String, temperature: Float = 4, alpha: Float = 0.5, tasks: [String]? = nil) {
        self.teacher = teacher
        self.temperature = temperature
        self.alpha = alpha
        self.tasks = tasks
    }

    /// - Parameter tasks: the names of the run's tasks.
    init(_ value: ConfigurationValue, tasks: [String]) throws(ConfigurationError) {
        let values = try value.mapping(keys: ["teacher", "temperature", "alpha", "tasks"])
        teacher = try values.required("teacher", "the folder of a run").string("the folder of a run")
        temperature = try values["temperature"]?.positive() ?? 4
        alpha = try values["alpha"]?.number("a number from 0 to 1") { $0 >= 0 && $0 <= 1 } ?? 0.5
        self.tasks = try values["tasks"].map { value throws(ConfigurationError) in
            var names: [String] = []
            for element in try value.list("a list of tasks") {
                names.append(try element.name(of: "task", among: tasks))
            }
            return names
        }
    }

    var node: Node {
        var pairs: [(String, Node)] = [
            ("teacher", .text(teacher)), ("temperature", .number(temperature)), ("alpha", .number(alpha)),
        ]
        if let tasks { pairs.append(("tasks", .row(tasks.map(Node.text)))) }
        return .keys(pairs)
    }
}

extension DistillationConfiguration {
    /// Opens the teacher's run and puts its say together.
    ///
    /// - Parameters:
    ///   - student: of the run.
    ///   - dataset: the training data of the run.
    ///   - ownDatasets: those of every task, by the task's name.
    ///   - preprocessing: for tables, that of the run.
    /// - Throws: `ConfigurationError`, `CheckpointError`, `TrainingError` or `TransferError` where the teacher is missing or
    ///   does not fit the data.
    func terms(
        for student: ConfiguredNetwork, dataset: any Dataset, ownDatasets: [String: any Dataset],
        preprocessing: TabularPreprocessing?
    ) throws -> Distillation {
        let folder = RunFolder(existing: teacher)
        let configuration = try ExperimentConfiguration(contentsOf: folder.configuration)
        let names = configuration.tasks.map(\.name)
        let taught = tasks ?? student.tasks.map(\.name).filter(names.contains)
        if let missing = (taught.isEmpty ? student.tasks.map(\.name) : taught).first(where: { !names.contains($0) }) {
            throw TransferError.unknownTask(teacher: teacher, task: missing, known: names)
        }
        guard try folder.storedPreprocessing() == preprocessing else {
            throw TransferError.invalidSetting(
                name: "distillation.teacher", found: "\(teacher), which reads tables in another way",
                expected: "a run on the same training samples")
        }
        let teacherNetwork = try ConfiguredNetwork(
            configuration, for: dataset, ownDatasets: ownDatasets.filter { names.contains($0.key) },
            on: student.arena.device)
        let parameters =
            [folder.model, folder.best].first { FileManager.default.fileExists(atPath: $0) } ?? folder.model
        try NetworkCheckpoint.read(parameters, into: teacherNetwork.arena)
        var terms: [Int: Distillation.Term] = [:]
        for (number, task) in student.tasks.enumerated() where taught.contains(task.name) {
            guard let position = names.firstIndex(of: task.name) else { continue }
            terms[number] = Distillation.Term(teacherTask: position, temperature: temperature, alpha: alpha)
        }
        return Distillation(
            teacher: teacherNetwork.network, arena: teacherNetwork.arena, tasks: student.tasks, terms: terms)
    }
}
