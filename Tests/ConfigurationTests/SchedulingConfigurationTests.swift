import CPUBackend
import Configuration
import Datasets
import MultiTask
import Testing

private let minimal = """
    dataset: multi-fashion
    trunk: {model: lenet}
    tasks:
      - {name: topLeft, loss: crossEntropy}
      - {name: bottomRight, loss: crossEntropy}
    optimizer: {name: adam, learningRate: 1.0e-3}
    epochs: 3
    batchSize: 64
    """

private func read(_ settings: String...) throws -> ExperimentConfiguration {
    try ExperimentConfiguration(
        yaml: minimal, source: "a.yaml", overrides: try settings.map(ConfigurationOverride.init(parsing:)))
}

private func refusal(_ setting: String) -> String {
    do {
        _ = try read(setting)
        return "accepted"
    } catch { return "\(error)".replacing("--set \(setting): ", with: "") }
}

@Suite("Scheduling in a configuration")
struct SchedulingConfigurationTests {
    private let tasks = ["topLeft", "bottomRight"]

    @Test("a name alone, or with parameters")
    func schedules() throws {
        #expect(try read().scheduling.scheduling == .joint)
        #expect(try read("scheduling=round-robin").scheduling.scheduling == Scheduling(named: "round-robin", tasks: tasks))
        let temperature = try read("scheduling={name: temperature, temperature: 5, stepsPerEpoch: 9}").scheduling.scheduling
        #expect(
            try temperature
                == Scheduling(named: "temperature", parameters: ["temperature": .number(5)], tasks: tasks, stepsPerEpoch: 9))
        let frequencies = try read("scheduling={name: frequencies, frequencies: {bottomRight: 3}}").scheduling.scheduling
        #expect(
            try frequencies
                == Scheduling(named: "frequencies", parameters: ["frequencies": .byTask(["bottomRight": 3])], tasks: tasks))
    }

    @Test(
        "what is written back reads as the same configuration",
        arguments: [
            "joint", "{name: round-robin, tasksPerStep: 2}", "proportional", "{name: temperature, temperature: 2.5}",
            "{name: annealed, finalExponent: 0.1, stepsPerEpoch: 10}", "{name: frequencies, frequencies: {topLeft: 4}}",
            "{name: intervals, intervals: {bottomRight: 3}}", "{name: dynamic-priority, gamma: 2, smoothing: 0.5}",
        ])
    func roundTrip(scheduling: String) throws {
        let configuration = try read(
            "scheduling=\(scheduling)", "tasks[0].learningRate=0.5", "tasks[0].batchSize=16", "tasks[1].earlyStopping=4",
            "tasks[0].earlyStopping={patience: 2, minDelta: 0.25, metric: accuracy, action: freeze, restoreBest: true}",
            "tasks[1].dataset={name: multi-fashion, seed: 3, trainingSamples: 100}")
        let written = try configuration.yaml()
        let again = try ExperimentConfiguration(yaml: written, source: "written")
        #expect(again == configuration, "\(written)")
        #expect(try again.yaml() == written)
    }

    @Test("settings of tasks")
    func taskSettings() throws {
        let configuration = try read(
            "tasks[0].learningRate=0.5", "tasks[0].earlyStopping={patience: 2, metric: accuracy, action: monitor}",
            "tasks[1].earlyStopping=4")
        #expect(configuration.tasks.map(\.learningRate) == [0.5, 1])
        #expect(
            configuration.tasks.map(\.earlyStopping) == [
                EarlyStopping(patience: 2, metric: "accuracy", action: .monitor), EarlyStopping(patience: 4),
            ])
    }

    @Test("tasks with the same data and batch size share a source")
    func sources() throws {
        #expect(try read().sources.map(\.tasks) == [tasks])
        let sizes = try read("tasks[1].batchSize=16").sources
        #expect(sizes.map(\.tasks) == [["topLeft"], ["bottomRight"]])
        #expect(sizes.map(\.batchSize) == [64, 16])
        #expect(try read("tasks[1].dataset=multi-fashion").sources.map(\.tasks) == [tasks])
        let own = try read("tasks[1].dataset={name: multi-fashion, seed: 4}").sources
        #expect(own.map(\.dataset.seed) == [0, 4])
        let all = try read(
            "dataset=null", "tasks[0].dataset={name: multi-fashion, seed: 1}",
            "tasks[1].dataset={name: multi-fashion, seed: 2}")
        #expect(all.sources.map(\.dataset.seed) == [1, 2])
        #expect(all.dataset.seed == 1)
    }

    @Test(
        "mistakes name the key",
        arguments: [
            (
                "scheduling=round-robbin",
                "scheduling: unknown task schedule \"round-robbin\"; did you mean \"round-robin\"? "
                    + "Known: \(Scheduling.names.joined(separator: ", "))."
            ),
            (
                "scheduling={name: round-robin, temperature: 2}",
                "scheduling.temperature: unknown key. Known: name, tasksPerStep, stepsPerEpoch."
            ),
            ("scheduling={name: joint, tasksPerStep: 2}", "scheduling.tasksPerStep: unknown key. Known: name, stepsPerEpoch."),
            (
                "scheduling={name: frequencies, frequencies: {topLeft: 0}}",
                "scheduling.frequencies.topLeft: found 0, expected an integer from 1 to 1000"
            ),
            (
                "scheduling={name: frequencies, frequencies: {topLeft: -3}}",
                "scheduling.frequencies.topLeft: found -3, expected an integer from 1 to 1000"
            ),
            (
                "scheduling={name: frequencies, frequencies: {topLef: 3}}",
                "scheduling.frequencies.topLef: unknown key; did you mean \"topLeft\"? Known: topLeft, bottomRight."
            ),
            (
                "scheduling={name: frequencies, frequencies: [3, 1]}",
                "scheduling.frequencies: found a list, expected a number, or numbers by task"
            ),
            (
                "scheduling={name: intervals, intervals: {topLeft: 2, bottomRight: 3}}",
                "scheduling.intervals: found 2 as the shortest, expected an interval of 1 for at least one task"
            ),
            ("scheduling={name: temperature, temperature: 0}", "scheduling.temperature: found 0, expected a number above 0"),
            (
                "scheduling={name: joint, stepsPerEpoch: 0}",
                "scheduling.stepsPerEpoch: found 0, expected an integer of at least 1"
            ),
            ("tasks[0].learningRate=0", "tasks[0].learningRate: found 0, expected a number above 0"),
            ("tasks[0].batchSize=0", "tasks[0].batchSize: found 0, expected an integer of at least 1"),
            ("tasks[0].earlyStopping=0", "tasks[0].earlyStopping: found 0, expected an integer of at least 1"),
            (
                "tasks[0].earlyStopping={minDelta: 1}",
                "tasks[0].earlyStopping.patience: missing, expected a number of epochs, at least 1"
            ),
            (
                "tasks[0].earlyStopping={patience: 1, metric: acuracy}",
                "tasks[0].earlyStopping.metric: unknown metric \"acuracy\"; did you mean \"accuracy\"? "
                    + "Known: \(EarlyStopping.metrics.joined(separator: ", "))."
            ),
            (
                "tasks[0].earlyStopping={patience: 1, action: monitor, restoreBest: true}",
                "tasks[0].earlyStopping.restoreBest: found true, expected it with the action freeze only"
            ),
        ])
    func mistakes(setting: String, message: String) {
        #expect(refusal(setting) == message)
    }

    @Test("a dataset of the run that no task learns from")
    func unusedDataset() {
        #expect(
            refusal("tasks=[{name: topLeft, loss: crossEntropy, dataset: {name: multi-fashion, seed: 5}}]")
                == "a.yaml: dataset: found a dataset although every task has one of its own, "
                + "expected a task that learns from it (line 1)")
    }

    @Test("data sets of tasks must have one input shape")
    func inputShapes() throws {
        func dataset(_ size: Int) throws -> ArrayDataset {
            try ArrayDataset(
                inputs: [Float](repeating: 0.5, count: 2 * size), inputShape: [size],
                targets: [.classes("topLeft", labels: [0, 1], count: 2), .classes("bottomRight", labels: [0, 1], count: 3)])
        }
        let configuration = try read("trunk={model: mlp, hidden: [4]}")
        let fitting = try ConfiguredNetwork(
            configuration, for: dataset(3), ownDatasets: ["bottomRight": dataset(3)], on: CPUDevice())
        #expect(fitting.arena.segments.last?.shape == [3])
        let error = #expect(throws: TrainingError.self) {
            _ = try ConfiguredNetwork(
                configuration, for: dataset(3), ownDatasets: ["bottomRight": dataset(4)], on: CPUDevice())
        }
        #expect(
            error?.description
                == "the input shape of the dataset of task \"bottomRight\" is [4], expected [3], for all tasks share one trunk")
    }
}
