import Compute
import Datasets
import Foundation
import MultiTask
import Networks
import Optimizers
import Tensors
import Testing
import Transfer

/// What fastai and timm have done; see `Fixtures/record.py`.
struct Recorded: Decodable {
    struct Suggestions: Decodable {
        let losses: [Double]
        let steepest: Double
        let valley: Double
        let minimum: Double
    }

    /// The rates of every step, by group.
    let fineTune: [[Double]]
    let fineTuneOptions: [[Double]]
    /// From the first layer to the head.
    let layerDecay: [Double]
    let suggestions: [Suggestions]

    static func load() throws -> Recorded {
        let path = try #require(Bundle.module.url(forResource: "transfer", withExtension: "json"))
        return try JSONDecoder().decode(Recorded.self, from: Data(contentsOf: path))
    }
}

/// A trunk with batch norm behind its first layer, and two tasks.
struct Fixture {
    static let tasks = [
        LearningTask("kind", loss: .crossEntropy()), LearningTask("size", loss: .squaredError, weight: 0.5),
    ]

    let arena: ParameterArena
    let network: HardSharing
    let groups: LayerGroups
    let step: TrainingStep

    init(
        _ device: any Device, method: String = "ew", rule: any OptimizerRule = Adam(), norm: Bool = true,
        dropout: Float = 0, tasks: [LearningTask] = tasks, clippingNorm: Float? = nil
    ) throws {
        let scope = ParameterScope()
        let trunk = scope["trunk"]
        var layers: [any Layer] = [Linear(trunk["0"], inputs: 6, outputs: 8)]
        if norm { layers.append(BatchNorm(trunk["1"], channels: 8)) }
        layers += [ActivationLayer.relu, DropoutLayer(probability: dropout), Linear(trunk["2"], inputs: 8, outputs: 5)]
        let heads = tasks.map { task in
            Linear(scope["heads"][task.name], inputs: 5, outputs: task.name == "kind" ? 3 : 1)
        }
        arena = try ParameterArena(scope, seed: 11, on: device)
        network = HardSharing(trunk: Sequential(layers), heads: heads)
        groups = LayerGroups(of: arena, chains: [["trunk"]])
        step = try TrainingStep(
            network: network, tasks: tasks, arena: arena, optimizer: try Optimizer(rule, for: arena),
            method: try Method(named: method, seed: 5), clippingNorm: clippingNorm, seed: 5)
    }

    /// Samples whose targets depend on the inputs; the second task misses every third label.
    static func dataset(samples: Int = 40) throws -> ArrayDataset {
        var generator = Philox(seed: 9, stream: "data")
        let inputs = (0..<samples * 6).map { _ in Float(generator.integer(below: 2001)) / 1000 - 1 }
        func input(_ sample: Int, _ column: Int) -> Float { inputs[sample * 6 + column] }
        return try ArrayDataset(
            inputs: inputs, inputShape: [6],
            targets: [
                .classes(
                    "kind", labels: (0..<samples).map { Int32(input($0, 0) > 0.3 ? 2 : input($0, 1) > 0 ? 1 : 0) },
                    count: 3),
                .regression(
                    "size", values: (0..<samples).map { input($0, 2) * 2 - input($0, 3) }, columns: 1,
                    mask: (0..<samples).map { $0 % 3 == 0 ? 0 : 1 }),
            ])
    }

    func run(_ recipe: Recipe = .full, epochs: Int, rate: Double = 0.01, stepsPerEpoch: Int = 5) throws -> [TrainingPhase] {
        try recipe.phases(
            of: Recipe.Run(
                groups: groups, epochs: epochs, stepsPerEpoch: stepsPerEpoch, learningRate: rate,
                schedule: .constant(rate: rate)))
    }

    /// Everything of the trunk, parameters and statistics.
    func trunk() throws -> [Float] {
        try arena.namedTensors.filter { $0.name.hasPrefix("trunk.") }.flatMap { try $0.tensor.floats() }
    }

    func everything() throws -> [Float] { try arena.values.floats() + arena.statistics.floats() }
}

func temporaryFolder() throws -> RunFolder { try RunFolder(NSTemporaryDirectory() + "concord-\(UUID().uuidString)") }

func expectClose(_ found: [Float], _ expected: [Float], tolerance: Float, _ what: String = "") {
    #expect(found.count == expected.count)
    let worst = zip(found, expected).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
    #expect(worst <= tolerance, "\(what): \(worst)")
}
