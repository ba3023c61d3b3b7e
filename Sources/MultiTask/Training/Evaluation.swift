import Compute
import Datasets
import Networks
import Tensors

/// The metrics of a network on a dataset.
public struct Evaluation {
    private let network: any MultiTaskNetwork
    private let tasks: [LearningTask]
    private let arena: ParameterArena

    public init(network: any MultiTaskNetwork, tasks: [LearningTask], arena: ParameterArena) {
        self.network = network
        self.tasks = tasks
        self.arena = arena
    }

    /// Runs over all samples once.
    ///
    /// - Parameter included: numbers of the tasks that are measured; nil stands for all.
    /// - Returns: per task `loss` and, for classes and binary targets, `accuracy`, for binary targets and two classes
    ///   `auc` (see ``AreaUnderCurve``; of several columns their mean), for real numbers `meanAbsoluteError`,
    ///   `rootMeanSquaredError` and `pearson` (see ``PearsonCorrelation``; of several columns their mean). Samples without a label count nothing; a task without labels is left out.
    public func callAsFunction(
        _ loader: BatchLoader, of included: Set<Int>? = nil
    ) throws -> [String: [String: Double]] {
        var sums = tasks.map { _ in MetricSums() }
        let batches = try loader.epoch(0)
        while let batch = try batches.next() {
            let device = try DeviceBatch(batch, tasks: tasks, including: included, on: arena.device)
            if device.tasks.isEmpty { continue }
            let context = ForwardContext(arena, mode: .evaluation)
            let predictions = try network.predictions(for: device.inputs, tasks: device.tasks, in: context)
            for (index, task) in tasks.enumerated() {
                guard let targets = device.targets[index], let prediction = predictions[index],
                    let hostTargets = batch.targets[task.name]
                else { continue }
                let loss = try task.loss(prediction, targets: targets, mask: device.masks[index]).scalar()
                let mask = batch.masks[task.name]?.floats
                try sums[index].add(
                    loss: loss, weight: device.labelWeights[index], prediction: prediction, targets: hostTargets,
                    mask: mask, lossFunction: task.loss)
            }
        }
        var result: [String: [String: Double]] = [:]
        for (task, sum) in zip(tasks, sums) { result[task.name] = sum.metrics }
        return result
    }

    /// The predictions for a batch of inputs, in the order of the tasks: logits for classes, else values.
    public func predict(_ inputs: HostTensor) throws -> [Tensor] {
        try network.predictions(
            for: try Tensor(inputs, on: arena.device), in: ForwardContext(arena, mode: .evaluation))
    }
}

/// Sums over the samples of one task.
private struct MetricSums {
    private var weight = 0.0
    private var loss = 0.0
    private var decisions = 0
    private var correct = 0
    private var numbers = 0
    private var absoluteError = 0.0
    private var squaredError = 0.0
    /// By column, for binary targets and two classes.
    private var curves: [AreaUnderCurve] = []
    /// By column, for real numbers.
    private var correlations: [PearsonCorrelation] = []

    mutating func add(
        loss value: Float, weight labelWeight: Double, prediction: Tensor, targets: HostTensor, mask: [Float]?,
        lossFunction: Loss
    ) throws {
        let rows = prediction.shape[0]
        var counts = mask?.map { $0 != 0 } ?? Array(repeating: true, count: rows)
        switch lossFunction {
        case .crossEntropy(_, let ignoredLabel, _):
            guard let labels = targets.ints else { return }
            let winners = try prediction.argmax(axis: -1).integers()
            let logits = prediction.shape.last == 2 ? try prediction.floats() : []
            if !logits.isEmpty && curves.isEmpty { curves = [AreaUnderCurve()] }
            for row in 0..<rows {
                if labels[row] == ignoredLabel { counts[row] = false }
                if counts[row] {
                    decisions += 1
                    if winners[row] == labels[row] { correct += 1 }
                    if !logits.isEmpty {
                        curves[0].add(score: logits[2 * row + 1] - logits[2 * row], isPositive: labels[row] == 1)
                    }
                }
            }
        case .binaryCrossEntropy:
            guard let targets = targets.floats else { return }
            let logits = try prediction.floats()
            let columns = logits.count / max(rows, 1)
            if curves.isEmpty { curves = Array(repeating: AreaUnderCurve(), count: columns) }
            for index in logits.indices where counts[index / columns] {
                decisions += 1
                let isPositive = targets[index] > 0.5
                if (logits[index] > 0) == isPositive { correct += 1 }
                curves[index % columns].add(score: logits[index], isPositive: isPositive)
            }
        case .squaredError, .absoluteError, .huber:
            guard let targets = targets.floats else { return }
            let values = try prediction.floats()
            let columns = values.count / max(rows, 1)
            if correlations.isEmpty { correlations = Array(repeating: PearsonCorrelation(), count: columns) }
            for index in values.indices where counts[index / columns] {
                correlations[index % columns].add(
                    prediction: Double(values[index]), target: Double(targets[index]))
                let error = Double(values[index]) - Double(targets[index])
                numbers += 1
                absoluteError += abs(error)
                squaredError += error * error
            }
        case .domainDiscrepancy: break
        }
        loss += Double(value) * labelWeight
        weight += labelWeight
    }

    var metrics: [String: Double]? {
        if weight == 0 { return nil }
        var result = ["loss": loss / weight]
        if decisions > 0 { result["accuracy"] = Double(correct) / Double(decisions) }
        let areas = curves.compactMap(\.value)
        if !areas.isEmpty { result["auc"] = areas.reduce(0, +) / Double(areas.count) }
        if numbers > 0 {
            result["meanAbsoluteError"] = absoluteError / Double(numbers)
            result["rootMeanSquaredError"] = (squaredError / Double(numbers)).squareRoot()
            let coefficients = correlations.compactMap(\.value)
            if !coefficients.isEmpty {
                result["pearson"] = coefficients.reduce(0, +) / Double(coefficients.count)
            }
        }
        return result
    }
}
