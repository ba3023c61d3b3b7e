import Compute
import Datasets
import Foundation
import MultiTask
import Networks
import Optimizers
import Tensors
import TestDevices
import Testing

/// The definition of every loss in Float64, with its derivative, for one element or row.
private enum Reference {
    static func softmax(_ logits: [Double]) -> [Double] {
        let largest = logits.max() ?? 0
        let powers = logits.map { exp($0 - largest) }
        return powers.map { $0 / powers.reduce(0, +) }
    }

    /// Loss and derivative of one row; `target` are the numbers of the row, or the label.
    static func row(_ loss: Loss, _ prediction: [Double], _ target: [Double]) -> (Double, [Double]) {
        let columns = Double(prediction.count)
        switch loss {
        case .crossEntropy(let smoothing, _, _):
            let probabilities = softmax(prediction)
            let goal = prediction.indices.map { index in
                Double(smoothing) / columns + (index == Int(target[0]) ? 1 - Double(smoothing) : 0)
            }
            return (
                -zip(goal, probabilities).reduce(0) { $0 + $1.0 * log($1.1) }, zip(probabilities, goal).map { $0 - $1 }
            )
        case .binaryCrossEntropy:
            let values = zip(prediction, target).map { log(1 + exp(-$0)) + (1 - $1) * $0 }
            let slopes = zip(prediction, target).map { 1 / (1 + exp(-$0)) - $1 }
            return (values.reduce(0, +) / columns, slopes.map { $0 / columns })
        case .squaredError:
            let errors = zip(prediction, target).map { $0 - $1 }
            return (errors.reduce(0) { $0 + $1 * $1 } / columns, errors.map { 2 * $0 / columns })
        case .absoluteError:
            let errors = zip(prediction, target).map { $0 - $1 }
            return (errors.reduce(0) { $0 + abs($1) } / columns, errors.map { ($0 > 0 ? 1 : -1) / columns })
        case .huber(let delta):
            let (delta, errors) = (Double(delta), zip(prediction, target).map { $0 - $1 })
            let values = errors.map { abs($0) <= delta ? $0 * $0 / 2 : delta * (abs($0) - delta / 2) }
            return (values.reduce(0, +) / columns, errors.map { min(max($0, -delta), delta) / columns })
        case .domainDiscrepancy: preconditionFailure("a discrepancy is no mean over rows")
        }
    }
}

@Suite("Missing labels")
struct MissingLabelTests {
    static let losses: [Loss] = [
        .crossEntropy(), .crossEntropy(labelSmoothing: 0.1), .binaryCrossEntropy(), .squaredError, .absoluteError,
        .huber(delta: 0.7),
    ]

    /// Batches of a data set whose masks leave out the second and the fifth of seven samples, one counting twice.
    private static let mask: [Float] = [1, 0, 1, 2, 0, 1, 1]

    @Test(
        "a masked loss and its gradient are the mean over labelled samples", arguments: TestDevice.available, losses)
    func maskedLosses(device: TestDevice, loss: Loss) throws {
        let (rows, columns) = (7, 3)
        let device = try device.make()
        var generator = Philox(seed: 21, stream: "predictions")
        let values = (0..<rows * columns).map { _ in Float(generator.integer(below: 4001)) / 1000 - 2 }
        let labels = (0..<rows).map { Int32($0 % columns) }
        let numbers = (0..<rows * columns).map { _ in Float(generator.integer(below: 2)) }
        let isClasses = if case .crossEntropy = loss { true } else { false }

        let data = try ArrayDataset(
            inputs: values, inputShape: [columns],
            targets: [
                isClasses
                    ? .classes("task", labels: labels, count: columns, mask: MissingLabelTests.mask)
                    : .regression("task", values: numbers, columns: columns, mask: MissingLabelTests.mask)
            ])
        let batch = try DeviceBatch(
            data.batch(of: Array(0..<rows)), tasks: [LearningTask("task", loss: loss)], on: device)
        #expect(batch.labelWeights == [6])
        let tape = Tape()
        let prediction = tape.watch(batch.inputs, as: 0)
        let targets = try #require(batch.targets[0])
        let result = try loss(prediction, targets: targets, mask: batch.masks[0])
        let gradient = try #require(try tape.backward(from: [Seed(result, task: 0)])[0]?.contributions.first)
        let rowsOfGradient = try Tensor(uninitialized: [1, rows * columns], on: device)
        try gradient.gradient.writeRows(to: rowsOfGradient.storage, stride: rows * columns, accumulate: false)
        let found = try rowsOfGradient.floats()

        var expected = 0.0
        for row in 0..<rows {
            let range = row * columns..<(row + 1) * columns
            let target = isClasses ? [Double(labels[row])] : numbers[range].map(Double.init)
            let (value, slopes) = Reference.row(loss, values[range].map(Double.init), target)
            let weight = Double(MissingLabelTests.mask[row]) / 6
            expected += weight * value
            for (column, slope) in slopes.enumerated() {
                // A handful of Float32 operations on numbers below 1.
                #expect(abs(Double(found[row * columns + column]) - weight * slope) < 1e-6)
            }
        }
        #expect(abs(Double(try result.scalar()) - expected) < 2e-6)
    }

    @Test("a task without a label in a batch drops out of the Gramian", arguments: TestDevice.available)
    func dropsOut(device: TestDevice) throws {
        let fixture = try Fixture(try device.make())
        var batch = try Fixture.dataset().batch(of: Array(0..<8))
        batch.masks["size"] = HostTensor([Float](repeating: 0, count: 8), shape: [8])
        batch.targets["shape"] = HostTensor([Int32](repeating: -100, count: 8), shape: [8])
        let before = try fixture.arena.values.floats()
        let outcome = try fixture.step(
            try DeviceBatch(batch, tasks: Fixture.tasks, on: fixture.arena.device), step: 1, learningRate: 0.01)
        #expect(outcome.losses.map { $0 != nil } == [true, false, false])
        #expect(outcome.gramian?.size == 1)
        let after = try fixture.arena.values.floats()
        for segment in fixture.arena.segments {
            let range = segment.offset..<segment.offset + segment.shape.count
            #expect((before[range] == after[range]) == ["heads.size", "heads.shape"].contains(segment.group))
        }
    }

    @Test("a step without any label changes nothing", arguments: ["ew", "pcgrad"])
    func emptyStep(method: String) throws {
        let fixture = try Fixture(try TestDevice.cpu.make(), method: method)
        var batch = try Fixture.dataset().batch(of: Array(0..<8))
        for task in names { batch.masks[task] = HostTensor([Float](repeating: 0, count: 8), shape: [8]) }
        let before = try fixture.arena.values.floats() + fixture.arena.statistics.floats()
        let outcome = try fixture.step(
            try DeviceBatch(batch, tasks: Fixture.tasks, on: fixture.arena.device), step: 1, learningRate: 0.01)
        #expect(outcome.losses.allSatisfy { $0 == nil } && outcome.gramian == nil)
        #expect(try fixture.arena.values.floats() + fixture.arena.statistics.floats() == before)
    }

    private let names = Fixture.tasks.map(\.name)

    @Test("the loss of an epoch is the mean over its labelled samples")
    func epochMean() throws {
        // At a learning rate of almost nothing the parameters stay, so the mean over the batches must be the mean over the
        // samples: batches of 8 with 6, 5, … labels are not worth the same.
        let samples = 21
        let inputs = (0..<samples * 6).map { Float(($0 * 37) % 19) / 10 - 1 }
        let mask = (0..<samples).map { Float($0 % 5 == 0 || $0 > 15 ? 0 : 1) }
        let data = try ArrayDataset(
            inputs: inputs, inputShape: [6],
            targets: [.regression("size", values: (0..<samples * 2).map { Float($0) / 10 }, columns: 2, mask: mask)])
        let scope = ParameterScope()
        let trunk = Dense(scope["trunk"], 6, 5, activation: .relu)
        let heads = [Dense(scope["heads"]["size"], 5, 2)]
        let arena = try ParameterArena(scope, seed: 3, on: try TestDevice.cpu.make())
        let step = try TrainingStep(
            network: HardSharing(trunk: trunk, heads: heads), tasks: [LearningTask("size", loss: .squaredError)],
            arena: arena, optimizer: try Optimizer(SGD(), for: arena), method: try Method(named: "ew", seed: 0))
        var trained: Double?
        var validated: Double?
        try Trainer(
            step, training: data, validation: data,
            settings: TrainingSettings(epochs: 1, batchSize: 8, seed: 1, schedule: .constant(rate: 1e-30))
        ).run { event in
            guard case .epoch(let report) = event else { return }
            trained = report.train["size"]?["loss"]
            validated = report.valid["size"]?["loss"]
        }
        let outputs = try Evaluation(network: step.network, tasks: step.tasks, arena: arena)
            .predict(data.batch(of: Array(0..<samples)).inputs)[0].floats()
        var expected = 0.0
        for row in 0..<samples where mask[row] > 0 {
            for column in 0..<2 {
                let error = Double(outputs[row * 2 + column]) - Double(row * 2 + column) / 10
                expected += error * error / 2
            }
        }
        expected /= mask.reduce(0) { $0 + Double($1) }
        let (train, valid) = (try #require(trained), try #require(validated))
        #expect(abs(train - expected) < 1e-5 * expected)
        #expect(abs(valid - expected) < 1e-5 * expected)
    }
}
