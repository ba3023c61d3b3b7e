import CPUBackend
import Checkpoints
import Configuration
import Datasets
import Foundation
import MultiTask
import Networks
import Optimizers
import Testing

@Suite("An architecture from a configuration")
struct ArchitectureConfigurationTests {
    private let yaml = """
        dataset: multi-fashion
        trunk: {model: mlp, hidden: [6, 5]}
        tasks: [{name: kind, loss: crossEntropy}, {name: size, loss: mse}]
        method: pcgrad
        optimizer: {name: adam, learningRate: 0.05}
        epochs: 3
        batchSize: 4
        """

    private func read(_ setting: String? = nil) throws(ConfigurationError) -> ExperimentConfiguration {
        var overrides: [ConfigurationOverride] = []
        if let setting { overrides.append(try ConfigurationOverride(parsing: setting)) }
        return try ExperimentConfiguration(yaml: yaml, source: "test.yaml", overrides: overrides)
    }

    @Test("is hard sharing unless something else is said")
    func standard() throws { #expect(try read().architecture == .hardSharing) }

    @Test(
        "has its options, and defaults for the others",
        arguments: [
            ("hard-sharing", .hardSharing), ("cross-stitch", .crossStitch()), ("{name: mtan}", .mtan),
            ("{name: cross-stitch, own: 0.75}", .crossStitch(CrossStitch(own: 0.75))),
            ("{name: mmoe, experts: 8}", .mmoe(MMoE(experts: 8))), ("cgc", .cgc(CGC(experts: 2, taskExperts: 1))),
            ("{name: cgc, experts: 3, taskExperts: 0}", .cgc(CGC(experts: 3, taskExperts: 0))),
            ("{name: ple, taskExperts: 2}", .ple(PLE(experts: 2, taskExperts: 2))),
            (
                "{name: dselect-k, experts: 6, selected: 3, gamma: 0.5, entropy: 0}",
                .dselectK(DSelectK(experts: 6, selected: 3, gamma: 0.5, entropy: 0))
            ),
            (
                "{name: learning-to-branch, temperature: 2, finalTemperature: 0.25, annealingSteps: 9, straightThrough: false}",
                .learningToBranch(
                    LearningToBranch(temperature: 2, finalTemperature: 0.25, annealingSteps: 9, straightThrough: false))
            ),
            ("{name: soft-sharing, strength: 0.125}", .softSharing(SoftSharing(strength: 0.125))),
        ] as [(String, Architecture)])
    func options(setting: String, expected: Architecture) throws {
        let configuration = try read("architecture=\(setting)")
        #expect(configuration.architecture == expected)
        #expect(try ExperimentConfiguration(yaml: configuration.yaml(), source: "written") == configuration)
    }

    @Test(
        "mistakes are refused",
        arguments: [
            (
                "mmo",
                "architecture: unknown architecture \"mmo\"; did you mean \"mmoe\"? Known: "
                    + "hard-sharing, cross-stitch, mmoe, cgc, ple, mtan, dselect-k, learning-to-branch, soft-sharing."
            ),
            (
                "{name: mmoe, expert: 4}",
                "architecture.expert: unknown key; did you mean \"experts\"? Known: name, experts."
            ),
            ("{name: mmoe, experts: 0}", "architecture.experts: found 0, expected an integer of at least 1"),
            ("{name: cgc, taskExperts: -1}", "architecture.taskExperts: found -1, expected an integer of at least 0"),
            ("{name: ple, experts: 1000000}", "architecture.experts: found 1000000, expected an integer of at most 1024"),
            ("{name: cross-stitch, own: 1.5}", "architecture.own: found 1.5, expected a number from 0 to 1"),
            (
                "{name: dselect-k, experts: 3, selected: 4}",
                "architecture.selected: found 4, expected an integer of at most 3"
            ),
            ("{name: dselect-k, experts: 1}", "architecture.experts: found 1, expected an integer of at least 2"),
            ("{name: dselect-k, gamma: 0}", "architecture.gamma: found 0, expected a number above 0"),
            ("{name: dselect-k, entropy: -1}", "architecture.entropy: found -1, expected a number of at least 0"),
            (
                "{name: learning-to-branch, temperature: 0}",
                "architecture.temperature: found 0, expected a number above 0"
            ),
            (
                "{name: learning-to-branch, annealingSteps: 0}",
                "architecture.annealingSteps: found 0, expected an integer of at least 1"
            ),
            (
                "{name: learning-to-branch, straightThrough: 1}",
                "architecture.straightThrough: found 1, expected true or false"
            ),
            ("{name: soft-sharing, strength: .nan}", "architecture.strength: found .nan, expected a number of at least 0"),
            (
                "{experts: 4}",
                "architecture.name: missing, expected the name of an architecture: "
                    + "hard-sharing, cross-stitch, mmoe, cgc, ple, mtan, dselect-k, learning-to-branch, soft-sharing"
            ),
        ])
    func mistakes(setting: String, message: String) {
        let error = #expect(throws: ConfigurationError.self) { try read("architecture=\(setting)") }
        #expect(error?.description == "--set architecture=\(setting): \(message)")
    }

    private func dataset() throws -> ArrayDataset {
        let inputs = (0..<60).map { Float($0 * 37 % 61) / 61 }
        return try ArrayDataset(
            inputs: inputs, inputShape: [3],
            targets: [
                .classes("kind", labels: (0..<20).map { Int32($0 % 3) }, count: 3),
                .regression("size", values: (0..<20).map { inputs[3 * $0] * 2 }, columns: 1),
            ])
    }

    /// A run that the configuration describes, and its network.
    private func run(_ setting: String, folder: RunFolder? = nil) throws -> (trainer: Trainer, model: ConfiguredNetwork) {
        let (configuration, data) = (try read("architecture=\(setting)"), try dataset())
        let model = try ConfiguredNetwork(configuration, for: data, on: CPUDevice())
        let step = try TrainingStep(
            network: model.network, tasks: model.tasks, arena: model.arena,
            optimizer: try Optimizer(Adam(), for: model.arena),
            method: try configuration.method.method(seed: 1), seed: 1)
        let trainer = try Trainer(
            step, training: data,
            settings: TrainingSettings(
                epochs: configuration.epochs, batchSize: configuration.batchSize, seed: 1,
                schedule: .constant(rate: 0.05)),
            folder: folder)
        return (trainer, model)
    }

    @Test("a run with random branches that is stopped and resumed equals an uninterrupted one")
    func resumes() throws {
        let setting = "{name: learning-to-branch, annealingSteps: 10}"
        let uninterrupted = try run(setting)
        try uninterrupted.trainer.run()

        let folder = try RunFolder(NSTemporaryDirectory() + "concord-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        let first = try run(setting, folder: folder)
        #expect(try first.trainer.run(shouldStop: { first.trainer.completedSteps == 7 }) == nil)
        let second = try run(setting, folder: folder)
        try second.trainer.resume(from: folder)
        #expect(second.trainer.completedSteps == 7)
        #expect(try second.trainer.run() != nil)
        let found = try second.model.arena.values.floats()
        #expect(try uninterrupted.model.arena.values.floats() == found)
        // Other branches lead elsewhere: the equality above says something.
        let other = try run("{name: learning-to-branch, annealingSteps: 11}")
        try other.trainer.run()
        #expect(try other.model.arena.values.floats() != found)
    }

    @Test("a checkpoint gives the network back, and is not taken for that of another architecture")
    func checkpoints() throws {
        let path = NSTemporaryDirectory() + "concord-\(UUID().uuidString).safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let saved = try run("ple")
        try saved.trainer.run()
        try NetworkCheckpoint.write(saved.model.arena, to: path)
        let found = try run("ple").model.arena
        #expect(try found.values.floats() != saved.model.arena.values.floats())
        try NetworkCheckpoint.read(path, into: found)
        #expect(try found.values.floats() == saved.model.arena.values.floats())
        #expect(throws: CheckpointError.self) { try NetworkCheckpoint.read(path, into: try run("cgc").model.arena) }
    }
}
