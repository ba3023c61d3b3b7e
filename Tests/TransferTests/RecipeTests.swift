import Networks
import Optimizers
import TestDevices
import Testing
import Transfer

@Suite("Recipes")
struct RecipeTests {
    /// The learning rates of every step, by group.
    private func rates(_ recipe: Recipe, groups: Int, epochs: Int, stepsPerEpoch: Int, rate: Double) throws -> [[Float]] {
        let scope = ParameterScope()
        for group in 0..<groups - 1 {
            _ = scope["trunk"][group].parameter("weight", [2], initializer: .constant(0))
        }
        _ = scope["heads"]["kind"].parameter("weight", [2], initializer: .constant(0))
        let arena = try ParameterArena(scope, seed: 0, on: TestDevice.cpu.make())
        let layers = LayerGroups(of: arena, chains: [["trunk"]])
        let phases = try recipe.phases(
            of: Recipe.Run(
                groups: layers, epochs: epochs, stepsPerEpoch: stepsPerEpoch, learningRate: rate,
                schedule: .constant(rate: rate)))
        #expect(phases.reduce(0) { $0 + $1.epochs } == epochs)
        return phases.flatMap { phase in
            (0..<phase.epochs * stepsPerEpoch).map { step in
                (0..<groups).map { group in
                    phase.frozen.contains(group)
                        ? 0 : phase.schedule.learningRate(at: step) * (phase.learningRateFactors?[group] ?? 1)
                }
            }
        }
    }

    @Test("fine-tune has the rates of fastai's fine_tune")
    func fineTune() throws {
        let recorded = try Recorded.load()
        let standard = try rates(
            .fineTune(Recipe.FineTune(freezeEpochs: 2)), groups: 3, epochs: 5, stepsPerEpoch: 5, rate: 4e-3)
        let options = try rates(
            .fineTune(Recipe.FineTune(freezeEpochs: 1, ratio: 10, share: 0.5, division: 8)), groups: 4, epochs: 3,
            stepsPerEpoch: 4, rate: 1e-2)
        for (found, expected, frozen) in [(standard, recorded.fineTune, 10), (options, recorded.fineTuneOptions, 4)] {
            #expect(found.count == expected.count)
            let groups = expected[0].count
            for (step, (found, expected)) in zip(found, expected).enumerated() {
                for (group, (found, expected)) in zip(found, expected).enumerated() {
                    // Fastai gives frozen groups a rate that nothing uses.
                    if step < frozen && group < groups - 1 {
                        #expect(found == 0)
                        continue
                    }
                    #expect(abs(Double(found) - expected) <= 1e-5 * expected + 1e-12, "step \(step), group \(group)")
                }
            }
        }
    }

    @Test("layer-wise decay is timm's")
    func layerDecay() throws {
        let expected = try Recorded.load().layerDecay
        let found = LayerRates.decay(0.75).factors(groups: expected.count)
        for (found, expected) in zip(found, expected) { #expect(abs(Double(found) - expected) < 1e-7) }
        #expect(LayerRates.ratio(100).factors(groups: 3) == [0.01, 0.1, 1])
        #expect(LayerRates.ratio(100).factors(groups: 1) == [1])
    }

    @Test("gradual unfreezing adds a group every so many epochs, with rates that fall by 2.6 a group")
    func gradual() throws {
        let rates = try rates(
            .gradualUnfreezing(epochsPerGroup: 2), groups: 4, epochs: 9, stepsPerEpoch: 1, rate: 1)
        for (epoch, rates) in rates.enumerated() {
            let first = max(3 - epoch / 2, 0)
            for (group, rate) in rates.enumerated() {
                let expected = group < first ? 0 : Float(1 / [17.576, 6.76, 2.6, 1][group])
                #expect(abs(rate - expected) < 1e-6, "epoch \(epoch), group \(group)")
            }
        }
        // Fewer epochs than groups leave the first groups frozen.
        #expect(try self.rates(.gradualUnfreezing(), groups: 4, epochs: 2, stepsPerEpoch: 1, rate: 1).last?[0] == 0)
    }

    @Test("a gradual unfreezing's phases go on with the run's schedule")
    func continuous() throws {
        let fixture = try Fixture(TestDevice.cpu.make())
        let schedule = LearningRateSchedule.slantedTriangular(maximum: 1, steps: 20)
        let phases = try Recipe.gradualUnfreezing().phases(
            of: Recipe.Run(
                groups: fixture.groups, epochs: 4, stepsPerEpoch: 5, learningRate: 1, schedule: schedule))
        let found = phases.flatMap { phase in
            (0..<phase.epochs * 5).map { phase.schedule.learningRate(at: $0) }
        }
        #expect(found == (0..<20).map { schedule.learningRate(at: $0) })
    }

    @Test("the slanted triangle is ULMFiT's")
    func slantedTriangular() {
        let schedule = LearningRateSchedule.slantedTriangular(maximum: 0.01, steps: 100, share: 0.1, ratio: 32)
        // Equation 3 by hand: cut = 10; p = t/10 before it, 1 - (t - 10)/90 behind.
        for (step, height) in [(0, 0.0), (5, 0.5), (10, 1.0), (55, 0.5), (100, 0.0), (200, 0.0)] {
            let expected = 0.01 * (1 + height * 31) / 32
            #expect(abs(Double(schedule.learningRate(at: step)) - expected) < 1e-9, "step \(step)")
        }
    }

    @Test("a trunk's layers are groups by depth, norms with what they follow")
    func layerGroups() throws {
        let scope = ParameterScope()
        _ = ResNet18(scope["trunk"], width: 2)
        _ = Linear(scope["heads"]["kind"], inputs: 16, outputs: 2)
        let arena = try ParameterArena(scope, seed: 0, on: TestDevice.cpu.make())
        let groups = LayerGroups(of: arena, chains: [["trunk"]])
        #expect(
            groups.groups.map(\.name) == [
                "trunk.conv1", "trunk.layer1.0", "trunk.layer1.1", "trunk.layer2.0", "trunk.layer2.1", "trunk.layer3.0",
                "trunk.layer3.1", "trunk.layer4.0", "trunk.layer4.1", "heads",
            ])
        #expect(
            groups.groups[0].parameters.map { arena.segments[$0].name } == [
                "trunk.conv1.weight", "trunk.bn1.weight", "trunk.bn1.bias",
            ])
        #expect(groups.groups.flatMap(\.parameters).sorted() == Array(arena.segments.indices))
    }

    @Test("layers of the same name in trunks beside each other are one group")
    func parallelTrunks() throws {
        let scope = ParameterScope()
        for expert in 0..<2 { _ = MLP(scope["experts"][expert], inputs: 3, hidden: [4, 4]) }
        _ = scope["tasks"]["kind"].parameter("gate", [2], initializer: .constant(0))
        let arena = try ParameterArena(scope, seed: 0, on: TestDevice.cpu.make())
        let groups = LayerGroups(of: arena, chains: [["experts.0", "experts.1"]])
        #expect(groups.groups.map(\.name) == ["*.0", "*.1", "heads"])
        #expect(
            groups.groups[1].parameters.map { arena.segments[$0].name } == [
                "experts.0.1.weight", "experts.0.1.bias", "experts.1.1.weight", "experts.1.1.bias",
            ])
        #expect(groups.groups[2].parameters.map { arena.segments[$0].name } == ["tasks.kind.gate"])
    }

    @Test("a run that is too short for its recipe is refused")
    func tooShort() throws {
        let fixture = try Fixture(TestDevice.cpu.make())
        #expect(
            throws: TransferError.invalidSetting(
                name: "recipe.freezeEpochs", found: "1", expected: "at least 0, and fewer than the run's epochs, 1")
        ) { try fixture.run(.fineTune(), epochs: 1) }
    }
}
