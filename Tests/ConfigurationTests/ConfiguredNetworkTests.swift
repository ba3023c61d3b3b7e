import CPUBackend
import Configuration
import Datasets
import Foundation
import MultiTask
import Networks
import Testing

@Suite("A network from a configuration")
struct ConfiguredNetworkTests {
    private let dataset: ArrayDataset

    init() throws {
        dataset = try ArrayDataset(
            inputs: [Float](repeating: 0.5, count: 6), inputShape: [3],
            targets: [
                .classes("kind", labels: [0, 1], count: 4), .regression("size", values: [0.1, 0.2], columns: 1),
            ])
    }

    private func network(_ settings: String...) throws -> ConfiguredNetwork {
        let yaml = """
            dataset: multi-fashion
            trunk: {model: mlp, hidden: [5]}
            heads: {hidden: [7]}
            tasks: [{name: kind, loss: crossEntropy, weight: 3}, {name: size, loss: mse, head: {hidden: []}}]
            optimizer: {name: adam, learningRate: 0.1}
            epochs: 1
            batchSize: 2
            """
        let configuration = try ExperimentConfiguration(
            yaml: yaml, source: "test", overrides: try settings.map(ConfigurationOverride.init(parsing:)))
        return try ConfiguredNetwork(configuration, for: dataset, on: CPUDevice())
    }

    @Test("has the trunk, and a head per task that fits its target")
    func structure() throws {
        let network = try network()
        let shapes = network.arena.segments.map { "\($0.name) \($0.shape)" }
        #expect(
            shapes == [
                "trunk.0.weight [3, 5]", "trunk.0.bias [5]", "heads.kind.0.weight [5, 7]", "heads.kind.0.bias [7]",
                "heads.kind.1.weight [7, 4]", "heads.kind.1.bias [4]", "heads.size.0.weight [5, 1]",
                "heads.size.0.bias [1]",
            ])
        #expect(
            network.tasks == [
                LearningTask("kind", loss: .crossEntropy(), weight: 3), LearningTask("size", loss: .squaredError),
            ])
        let outputs = try network.network.predictions(
            for: .filled(with: 1, [2, 3], on: network.arena.device),
            in: ForwardContext(network.arena, mode: .evaluation))
        #expect(outputs.map(\.shape) == [[2, 4], [2, 1]])
    }

    @Test("rows of tables reach the trunk through an encoder")
    func tabular() throws {
        let folder = NSTemporaryDirectory() + "concord-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let rows = (0..<20).map { "\($0 % 2 == 0 ? "red" : "blue"),\($0),\($0 < 5 ? "yes" : "no")\n" }.joined()
        for file in ["train", "test"] {
            try ("colour,size,rich\n" + rows).write(toFile: "\(folder)/\(file).csv", atomically: false, encoding: .utf8)
        }
        let configuration = try ExperimentConfiguration(
            yaml: """
                dataset:
                  name: csv
                  training: \(folder)/train.csv
                  test: \(folder)/test.csv
                  targets: [{column: rich, kind: binary, positive: ["yes"]}]
                  validation: 0.25
                encoder: {width: 4}
                trunk: {model: mlp, hidden: [5]}
                tasks: [{name: rich, loss: bce}]
                optimizer: {name: adam, learningRate: 0.1}
                epochs: 1
                batchSize: 2
                """, source: "test")
        #expect(try ExperimentConfiguration(yaml: try configuration.yaml(), source: "test") == configuration)
        let experiment = try Experiment(configuration, on: CPUDevice())
        #expect(experiment.training.count == 15)
        #expect(experiment.validation?.count == 5)
        #expect(experiment.test.count == 20)
        let shapes = experiment.model.arena.segments.map { "\($0.name) \($0.shape)" }
        #expect(
            shapes == [
                "encoder.embedding.weight [3, 4]", "trunk.0.weight [5, 5]", "trunk.0.bias [5]",
                "heads.rich.0.weight [5, 1]", "heads.rich.0.bias [1]",
            ])
        // The preprocessing of an earlier run is taken over, whatever the file holds now.
        let earlier = try TabularFile(path: "\(folder)/test.csv", schema: try #require(configuration.dataset.csv).schema)
            .preprocessing(fittedOn: [0])
        let resumed = try Experiment(configuration, on: CPUDevice(), preprocessing: earlier)
        #expect(resumed.preprocessing == earlier)
        #expect(resumed.model.arena.segments[0].shape == [2, 4])
    }

    @Test("does not train what is frozen")
    func freezing() throws {
        let arena = try network("freeze=[trunk, heads.size]").arena
        let trained = arena.segments.indices.filter { !arena.isFrozen(at: $0) }.map { arena.segments[$0].name }
        #expect(
            trained == ["heads.kind.0.weight", "heads.kind.0.bias", "heads.kind.1.weight", "heads.kind.1.bias"])
    }

    @Test(
        "must fit the dataset",
        arguments: [
            ("tasks[0].name=kin", "the data have no targets for \"kin\"; they have: kind, size"),
            (
                "tasks[0].loss={name: crossEntropy, classWeights: [1, 2]}",
                "the number of weights in the loss of task \"kind\" is 2, expected 4, one per output"
            ),
            (
                "freeze=[trnk]",
                "freeze is \"trnk\", expected how a parameter's name begins: trunk.0.weight, trunk.0.bias, "
                    + "heads.kind.0.weight, heads.kind.0.bias, heads.kind.1.weight, heads.kind.1.bias, "
                    + "heads.size.0.weight, heads.size.0.bias"
            ),
            (
                "freeze=[trunk, heads]",
                "freeze is [\"trunk\", \"heads\"], expected prefixes that leave a parameter to train"
            ),
            (
                "trunk={model: lenet}",
                "model \"lenet\": samples of shape [3] do not fit, expected [height, width, channels] with height and width "
                    + "of at least 16"
            ),
        ])
    func mistakes(setting: String, message: String) {
        let error = #expect(throws: (any Error).self) { try network(setting) }
        #expect(error.map { "\($0)" } == message)
    }
}

@Suite("A schedule from a configuration")
struct ScheduleTests {
    @Test("counts its epochs in steps")
    func steps() {
        let schedule = ScheduleConfiguration(.step(epochs: 2, gamma: 0.5)).schedule(rate: 0.8, epochs: 6, stepsPerEpoch: 10)
        #expect([0, 19, 20, 39, 40].map(schedule.learningRate) == [0.8, 0.8, 0.4, 0.4, 0.2])
    }

    @Test("rises in a straight line, then begins")
    func warmUp() {
        let schedule = ScheduleConfiguration(.constant, warmUp: 0.4).schedule(rate: 1, epochs: 2, stepsPerEpoch: 10)
        // Four steps: the first has a fifth of the way behind it.
        let expected: [Float] = [0.2, 0.4, 0.6, 0.8, 1, 1]
        for (step, rate) in expected.enumerated() {
            #expect(abs(schedule.learningRate(at: step) - rate) < 1e-6)
        }
    }

    @Test("ends at its minimum with the last epoch")
    func cosine() {
        let schedule = ScheduleConfiguration(.cosine(minimum: 0.1), warmUp: 1).schedule(rate: 1, epochs: 3, stepsPerEpoch: 10)
        #expect(schedule.learningRate(at: 10) == 1)
        #expect(abs(schedule.learningRate(at: 20) - 0.55) < 1e-6)
        #expect(abs(schedule.learningRate(at: 30) - 0.1) < 1e-6)
    }

    @Test("one cycle is highest after its share of the run")
    func oneCycle() {
        let schedule = ScheduleConfiguration(.oneCycle(share: 0.25, division: 10, finalDivision: 100))
            .schedule(rate: 1, epochs: 4, stepsPerEpoch: 10)
        let rates = (0..<40).map(schedule.learningRate)
        #expect(abs(rates[0] - 0.1) < 1e-6)
        #expect(rates.indices.max { rates[$0] < rates[$1] } == 9)
        #expect(abs(rates[39] - 0.001) < 1e-6)
    }
}
