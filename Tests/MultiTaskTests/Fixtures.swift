import Compute
import Datasets
import MultiTask
import Networks
import Optimizers
import Tensors

/// A fully connected layer, as small as a test needs it.
struct Dense: Layer {
    let weight: Parameter
    let bias: Parameter
    let activation: Activation

    init(_ scope: ParameterScope, _ inputs: Int, _ outputs: Int, activation: Activation = .none) {
        weight = scope.parameter("weight", [inputs, outputs], initializer: .standard(fanIn: inputs))
        bias = scope.parameter("bias", [outputs], initializer: .standard(fanIn: inputs), decays: false)
        self.activation = activation
    }

    func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try input.linear(weight: context(weight), bias: context(bias), activation: activation)
    }
}

/// A trunk with dropout and batch norm, so that random numbers and statistics take part.
struct SmallTrunk: Layer {
    let first: Dense
    let second: Dense
    let scale: Parameter
    let shift: Parameter
    let mean: Statistic
    let variance: Statistic

    init(_ scope: ParameterScope) {
        first = Dense(scope["first"], 6, 9, activation: .relu)
        second = Dense(scope["second"], 9, 5)
        scale = scope.parameter("norm.weight", [9], initializer: .constant(1), decays: false)
        shift = scope.parameter("norm.bias", [9], initializer: .constant(0), decays: false)
        mean = scope.statistic("norm.running_mean", [9], initializer: .constant(0))
        variance = scope.statistic("norm.running_var", [9], initializer: .constant(1))
    }

    func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        var hidden = try first(input, in: context)
        switch context.mode {
        case .training:
            hidden = try hidden.batchNorm(
                scale: context(scale), shift: context(shift), runningMean: context(mean),
                runningVariance: context(variance))
            hidden = try hidden.dropout(probability: 0.25, random: context.drawRandom(count: hidden.count))
        case .evaluation:
            hidden = try hidden.batchNormInference(
                scale: context(scale), shift: context(shift), runningMean: context(mean),
                runningVariance: context(variance))
        }
        return try second(hidden, in: context)
    }
}

/// Three tasks of different kinds on synthetic data.
struct Fixture {
    static let tasks = [
        LearningTask("color", loss: .crossEntropy()), LearningTask("size", loss: .squaredError, weight: 0.5),
        LearningTask("shape", loss: .crossEntropy(labelSmoothing: 0.1)),
    ]

    let arena: ParameterArena
    let network: HardSharing
    let step: TrainingStep

    init(
        _ device: any Device, tasks: [LearningTask] = tasks, method: String = "pcgrad",
        parameters: [String: String] = [:], gradientDescent: Bool = false,
        gradientOptions: GradientOptions = GradientOptions()
    ) throws {
        let scope = ParameterScope()
        let trunk = SmallTrunk(scope["trunk"])
        let outputs = ["color": 3, "size": 2, "shape": 4]
        let heads = tasks.map { Dense(scope["heads"][$0.name], 5, outputs[$0.name] ?? 1) }
        arena = try ParameterArena(scope, seed: 11, on: device)
        network = HardSharing(trunk: trunk, heads: heads)
        step = try TrainingStep(
            network: network, tasks: tasks, arena: arena,
            optimizer: try Optimizer(gradientDescent ? SGD() as any OptimizerRule : Adam(), for: arena),
            method: try Method(named: method, parameters: parameters, seed: 5), gradientOptions: gradientOptions,
            seed: 5)
    }

    /// 50 samples whose targets depend on the inputs.
    static func dataset(samples: Int = 50, maskedShape: Bool = false) throws -> ArrayDataset {
        var generator = Philox(seed: 9, stream: "data")
        let inputs = (0..<samples * 6).map { _ in Float(generator.integer(below: 2001)) / 1000 - 1 }
        func input(_ sample: Int, _ column: Int) -> Float { inputs[sample * 6 + column] }
        let colors = (0..<samples).map { Int32(input($0, 0) > 0.3 ? 2 : input($0, 1) > 0 ? 1 : 0) }
        let sizes = (0..<samples).flatMap { [input($0, 2) * 2, input($0, 3) - input($0, 0)] }
        let shapes = (0..<samples).map { Int32((input($0, 4) > 0 ? 2 : 0) + (input($0, 5) > 0 ? 1 : 0)) }
        return try ArrayDataset(
            inputs: inputs, inputShape: [6],
            targets: [
                .classes("color", labels: colors, count: 3), .regression("size", values: sizes, columns: 2),
                .classes("shape", labels: shapes, count: 4),
            ])
    }
}
