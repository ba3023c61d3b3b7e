import CPUBackend
import Checkpoints
import Compute
import Configuration
import Datasets
import Foundation
import MultiTask
import Networks
import Testing
import Transfer

@Suite("Adapters and adaptation in configurations")
struct AdaptersConfigurationTests {
    private let dataset: ArrayDataset

    init() throws {
        dataset = try ArrayDataset(
            inputs: [Float](repeating: 0.5, count: 6), inputShape: [3],
            targets: [
                .classes("kind", labels: [0, 1], count: 4), .regression("size", values: [0.1, 0.2], columns: 1),
            ])
    }

    private func configuration(_ settings: String, _ overrides: String...) throws -> ExperimentConfiguration {
        let yaml = """
            dataset: multi-fashion
            trunk: {model: mlp, hidden: [5, 4]}
            tasks: [{name: kind, loss: crossEntropy}, {name: size, loss: mse}]
            optimizer: {name: adam, learningRate: 0.1}
            epochs: 1
            batchSize: 2
            \(settings)
            """
        return try ExperimentConfiguration(
            yaml: yaml, source: "test", overrides: try overrides.map(ConfigurationOverride.init(parsing:)))
    }

    private func network(_ settings: String, _ overrides: String...) throws -> ConfiguredNetwork {
        try ConfiguredNetwork(try configuration(settings), for: dataset, on: CPUDevice())
    }

    private func failure(_ settings: String) -> String {
        do {
            _ = try network(settings)
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    private func trainable(_ network: ConfiguredNetwork) -> [String] {
        network.arena.segments.indices.filter { !network.arena.isFrozen(at: $0) }.map { network.arena.segments[$0].name }
    }

    @Test("adapters are written out with their defaults, and read again")
    func roundTrip() throws {
        for settings in [
            "adapters: lora", "adapters: {name: lora, rank: 4, alpha: 16, dropout: 0.1, targets: [query, value], perTask: true}",
            "adapters: {name: lora, targets: \"layer.*\", load: some/folder}",
            "adapters: {name: bottleneck, size: 8, activation: gelu, targets: stages}", "adapters: bias-only",
            "adaptation: {name: dann, target: {name: multi-fashion, seed: 3}}",
            "adaptation: {name: dann, hidden: [], factor: 0.5, weight: 2, asTask: false, domain: {task: kind, target: [3, red]}}",
            "adaptation: {name: coral, target: multi-fashion}",
            "adaptation: {name: mmd, kernels: 3, ratio: 4, bandwidth: 2.5, target: multi-fashion}",
        ] {
            let first = try configuration(settings)
            let second = try ExperimentConfiguration(yaml: try first.yaml(), source: "written")
            #expect(first == second, "\(settings)")
        }
        let configured = try configuration("adapters: {name: lora, rank: 4}").adapters
        #expect(configured?.method == .lora(LowRankAdaptation(rank: 4, alpha: 4)))
    }

    @Test("adapters and heads train, the trunk stands still")
    func structure() throws {
        let heads = ["heads.kind.0.bias", "heads.kind.0.weight", "heads.size.0.bias", "heads.size.0.weight"]
        #expect(
            trainable(try network("adapters: {name: lora, rank: 2}")).sorted()
                == ["0", "1"].flatMap { layer in ["A", "B"].map { "adapters.trunk.\(layer).lora_\($0).weight" } } + heads)
        let own = try network("adapters: {name: lora, rank: 2, perTask: true, targets: [\"1\"]}")
        #expect(
            trainable(own).sorted()
                == heads
                + ["kind", "size"].flatMap { task in ["A", "B"].map { "tasks.\(task).trunk.1.lora_\($0).weight" } })
        #expect(own.network is TaskAdapterSharing)
        #expect(
            trainable(try network("adapters: bias-only")).sorted() == heads + ["trunk.0.bias", "trunk.1.bias"])
        let stages = try network("adapters: {name: bottleneck, size: 3, targets: stages}")
        #expect(trainable(stages).filter { $0.hasPrefix("adapters.trunk.1.") }.count == 4)
        #expect(!trainable(stages).contains { $0.hasPrefix("trunk.") })
        // Experts are trunks like any other.
        let experts = try network("architecture: mmoe\nadapters: {name: lora, rank: 2}")
        #expect(experts.adapters.count > 1 && experts.adapters.allSatisfy { $0.layers.count == 2 })
    }

    @Test("adapters start from a folder of peft")
    func load() throws {
        let folder = NSTemporaryDirectory() + "concord-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let source = try network("seed: 5\nadapters: {name: lora, rank: 2}")
        let set = try #require(source.adapters.first)
        try PEFTAdapter.write(set, in: source.arena, to: folder)
        let target = try network("seed: 6\nadapters: {name: lora, rank: 2, load: \(folder)}")
        for (segment, other) in zip(target.arena.segments, source.arena.segments) where segment.name.hasSuffix("lora_A.weight") {
            #expect(
                try target.arena.view(of: segment, in: target.arena.values).floats()
                    == source.arena.view(of: other, in: source.arena.values).floats())
        }
        #expect(failure("adapters: {name: lora, rank: 3, load: \(folder)}").contains("rank 2"))
    }

    @Test("what makes no sense is refused with its place")
    func refuses() throws {
        #expect(failure("adapters: lorra").contains("did you mean \"lora\""))
        #expect(failure("adapters: {name: lora, rank: 0}").contains("adapters.rank"))
        #expect(failure("adapters: {name: lora, dropout: 1}").contains("adapters.dropout"))
        #expect(failure("adapters: {name: lora, targets: \"(\"}").contains("regular expression"))
        #expect(failure("adapters: {name: lora, targets: []}").contains("adapters.targets"))
        #expect(failure("adapters: {name: lora, targets: [query]}").contains("some of 0, 1"))
        #expect(failure("adapters: {name: bottleneck, targets: stages, perTask: true}").contains("adapters.targets"))
        #expect(failure("adapters: {name: bottleneck, rank: 3}").contains("rank"))
        #expect(failure("architecture: mmoe\nadapters: {name: lora, perTask: true}").contains("hard-sharing"))
        #expect(failure("adaptation: {name: coral}").contains("either \"target\""))
        #expect(failure("adaptation: {name: coral, target: multi-fashion, factor: 2}").contains("factor"))
        #expect(failure("adaptation: {name: coral, domain: {task: kind, target: []}}").contains("list of classes"))
        #expect(failure("architecture: mmoe\nadaptation: {name: coral, target: multi-fashion}").contains("hard-sharing"))
        #expect(failure("adaptation: {name: coral, target: census-income}").contains("another kind"))
    }

    @Test("the domain term is one more task")
    func adaptation() throws {
        let network = try network("adaptation: {name: dann, hidden: [6], weight: 0.5, target: multi-fashion}")
        #expect(network.tasks.map(\.name) == ["kind", "size", "domain"])
        #expect(network.tasks[2].weight == 0.5 && network.tasks[2].role == .auxiliary)
        #expect(network.arena.segments.contains { $0.name == "heads.domain.1.weight" })
        let coral = try self.network("adaptation: {name: coral, asTask: false, target: multi-fashion}")
        #expect(coral.tasks[2].role == .regularizer)
        #expect(!coral.arena.segments.contains { $0.name.hasPrefix("heads.domain") })
    }
}
