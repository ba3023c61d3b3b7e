import CPUBackend
import Configuration
import Datasets
import MultiTask
import Networks
import Testing
import Transfer

@Suite("Transfer in configurations")
struct TransferConfigurationTests {
    private static let base = """
        dataset: multi-fashion
        trunk: {model: mlp, hidden: [5, 4]}
        tasks: [{name: kind, loss: crossEntropy}, {name: size, loss: mse}]
        optimizer: {name: adam, learningRate: 0.1}
        epochs: 6
        batchSize: 2

        """

    private func configuration(_ yaml: String) throws -> ExperimentConfiguration {
        let base = TransferConfigurationTests.base.split(separator: "\n").filter { line in
            !yaml.hasPrefix("trunk:") || !line.hasPrefix("trunk:")
        }
        return try ExperimentConfiguration(yaml: base.joined(separator: "\n") + "\n" + yaml, source: "test")
    }

    private func network(_ yaml: String) throws -> ConfiguredNetwork {
        let dataset = try ArrayDataset(
            inputs: [Float](repeating: 0.5, count: 6), inputShape: [3],
            targets: [
                .classes("kind", labels: [0, 1], count: 4), .regression("size", values: [0.1, 0.2], columns: 1),
            ])
        return try ConfiguredNetwork(try configuration(yaml), for: dataset, on: CPUDevice())
    }

    @Test("all keys are read, and written so that they read the same", arguments: [
        "trunk: {model: lenet, weights: a.safetensors, partial: true}", "recipe: full", "recipe: {name: fine-tune, freezeEpochs: 2, ratio: 50, share: 0.4, division: 6}",
        "recipe: {name: linear-probe, cache: false}", "recipe: {name: gradual-unfreezing, epochsPerGroup: 3}",
        "layerRates: {decay: 0.75}", "layerRates: {ratio: 100}", "freezeTo: -1", "freezeTo: trunk.1",
        "l2sp: {alpha: 0.01, beta: 0.02}", "ema: 0.99", "accumulate: 4",
        "distillation: {teacher: runs/large, temperature: 2, alpha: 0.25, tasks: [kind]}",
        "earlyStopping: {patience: 3, minDelta: 0.5}",
        "earlyStopping: {patience: 3, metric: relative, baseline: {kind: {accuracy: 0.5}, size: {loss: 0.1}}}",
        "schedule: {name: slanted-triangular, share: 0.2, ratio: 16}",
    ])
    func roundTrip(yaml: String) throws {
        let configuration = try configuration(yaml)
        #expect(try ExperimentConfiguration(yaml: try configuration.yaml(), source: "written") == configuration)
        #expect(configuration != (try self.configuration("")))
    }

    @Test("values and defaults arrive")
    func values() throws {
        let transfer = try configuration("recipe: {name: fine-tune, ratio: 50}\nema: 0.5\nl2sp: {alpha: 0.5}").transfer
        #expect(transfer.recipe == .fineTune(Recipe.FineTune(ratio: 50)))
        #expect(transfer.averageDecay == 0.5)
        #expect(transfer.startingPoint == StartingPointConfiguration(alpha: 0.5, beta: 0))
        let stopping = try configuration(
            "earlyStopping: {patience: 3, metric: relative, baseline: {kind: {accuracy: 0.5}, size: {loss: 0.1}}}"
        ).stopping
        #expect(
            stopping
                == RunStopping(
                    .relativePerformance(baseline: ["kind": ["accuracy": 0.5], "size": ["loss": 0.1]]), patience: 3))
    }

    @Test("errors name the key and what was probably meant", arguments: [
        ("recipe: fine-tun", "test: recipe: unknown recipe \"fine-tun\"; did you mean \"fine-tune\"?"),
        ("recipe: {name: fine-tune, freezeEpoch: 2}", "test: recipe.freezeEpoch: unknown key; did you mean \"freezeEpochs\"?"),
        ("layerRates: {decay: 1.5}", "test: layerRates.decay: found 1.5, expected a number above 0 and up to 1"),
        ("trunk: {model: lenet, partial: true}", "found partial, expected it with weights only"),
        ("layerRates: {}", "test: layerRates: found keys and values, expected either decay or ratio"),
        ("ema: 1.0", "test: ema: found 1.0, expected a number of at least 0 and below 1"),
        ("l2sp: {beta: 1}", "test: l2sp.alpha: missing"),
        ("distillation: {teacher: runs/a, tasks: [kin]}", "unknown task \"kin\"; did you mean \"kind\"?"),
        ("earlyStopping: {patience: 3, metric: relative}", "test: earlyStopping.baseline: missing"),
        ("recipe: fine-tune\nschedule: cosine", "expected none with \"fine-tune\", which has one of its own"),
        ("recipe: linear-probe\nlayerRates: {decay: 0.5}", "found rates by depth"),
    ])
    func errors(yaml: String, message: String) {
        let error = #expect(throws: ConfigurationError.self) { try configuration(yaml) }
        #expect(error?.description.contains(message) ?? false, "\(error?.description ?? "")")
    }

    @Test("freezeTo freezes all groups before it, by name or number", arguments: [
        ("freezeTo: trunk.1", 2), ("freezeTo: 1", 2), ("freezeTo: -1", 4), ("freezeTo: -3", 0), ("freezeTo: heads", 4),
    ])
    func freezeTo(yaml: String, frozen: Int) throws {
        let network = try network(yaml)
        #expect(network.layerGroups.groups.map(\.name) == ["trunk.0", "trunk.1", "heads"])
        #expect(network.arena.frozen == Set(0..<frozen))
    }

    @Test("groups that do not exist are refused with the nearest name")
    func unknownGroup() {
        #expect(
            throws: TransferError.unknownGroup(name: "trunk.2", known: ["trunk.0", "trunk.1", "heads"])
        ) { try network("freezeTo: trunk.2") }
        #expect(
            TransferError.unknownGroup(name: "trunk.2", known: ["trunk.0", "heads"]).description
                == "there is no group of layers \"trunk.2\"; did you mean \"trunk.0\"? Known: trunk.0, heads.")
        #expect(throws: TransferError.self) { try network("freezeTo: 3") }
    }

    @Test("experts beside each other share groups")
    func experts() throws {
        let network = try network("architecture: {name: mmoe, experts: 2}")
        #expect(network.layerGroups.groups.map(\.name) == ["*.0", "*.1", "heads"])
        let last = network.layerGroups.groups[2].parameters.map { network.arena.segments[$0].name }
        #expect(last.contains { $0.contains("gate") })
    }
}
