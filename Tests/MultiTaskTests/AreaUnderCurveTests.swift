import CPUBackend
import Compute
import Datasets
import MultiTask
import Networks
import Optimizers
import Tensors
import TestDevices
import Testing

@Suite("Area under the curve")
struct AreaUnderCurveTests {
    private func area(_ scores: [Float], _ labels: [Int]) -> Double? {
        var curve = AreaUnderCurve()
        for (score, label) in zip(scores, labels) { curve.add(score: score, isPositive: label == 1) }
        return curve.value
    }

    /// SciPy: `mannwhitneyu(positives, negatives).statistic / (len(positives) * len(negatives))`.
    @Test("agrees with SciPy's Mann-Whitney statistic")
    func recorded() throws {
        #expect(
            area([-0.8019314, -1.3243589, -0.24836162, 0.42044523, 1.1360465, 0.1097064, -0.5526473], [1, 1, 0, 0, 1, 0, 0])
                == 0.3333333333333333)
        let scores: [Float] = [
            0, 1.5, 1.5, 1.5, 0, 0.5, 1, 0.5, 1, 1, 1, 0, 1.5, 1, 1.5, 0.5, 0.5, 1.5, 0, 0, 0.5, 1, 0, 1.5, 0.5, 0, 1, 1.5,
            1.5, 1.5, 0.5, 0, 1.5, 1, 1.5, 0, 0, 1, 0.5, 0.5,
        ]
        let labels = [
            1, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0,
            0, 0,
        ]
        #expect(abs(try #require(area(scores, labels)) - 0.5698005698005698) < 1e-15)
    }

    @Test("5,000 samples with 64 different scores, recorded with SciPy")
    func large() throws {
        var state: UInt32 = 1
        func next() -> UInt32 {
            state = state &* 1_664_525 &+ 1_013_904_223
            return state
        }
        var curve = AreaUnderCurve()
        var positives = 0
        for _ in 0..<5000 {
            let score = (next() >> 24) % 64
            let isPositive = (next() >> 16) % 256 < score * 2 + 20
            positives += isPositive ? 1 : 0
            curve.add(score: Float(score), isPositive: isPositive)
        }
        #expect(positives == 1626)
        #expect(abs(try #require(curve.value) - 0.6879899178363449) < 1e-14)
    }

    @Test("ends of the scale, ties, and what has no area")
    func limits() {
        #expect(area([1, 2, 3, 4], [0, 0, 1, 1]) == 1)
        #expect(area([1, 2, 3, 4], [1, 1, 0, 0]) == 0)
        #expect(area([7, 7, 7], [1, 0, 1]) == 0.5)
        #expect(area([-.infinity, .infinity], [0, 1]) == 1)
        #expect(area([1, 2], [1, 1]) == nil)
        #expect(area([], []) == nil)
        #expect(area([1, .nan, 0], [0, 1, 1]) == nil)
    }

    /// A network that passes its input on.
    private struct Identity: MultiTaskNetwork {
        let columns: Int
        let taskCount = 2
        func predictions(
            for input: Tensor, tasks: Set<Int>, in context: ForwardContext
        ) throws(ComputeError) -> [Tensor?] {
            [try input.sliced(axis: 1, 0..<columns), try input.sliced(axis: 1, columns..<columns + 2)]
        }
    }

    @Test("an evaluation has it for binary targets and for two classes, without masked samples and over batches")
    func evaluation() throws {
        // Scores 4, 3, -2, 1 and 9; the last one is masked, or it would spoil the order.
        let dataset = try ArrayDataset(
            inputs: [4, 0, 1, 3, 0, 5, -2, 3, 0, 1, 0, 2, 9, 0, 0], inputShape: [3],
            targets: [
                .regression("binary", values: [1, 1, 0, 1, 0], columns: 1, mask: [1, 1, 1, 1, 0]),
                .classes("two", labels: [1, 1, 0, -100, 1], count: 2),
            ])
        let tasks = [LearningTask("binary", loss: .binaryCrossEntropy()), LearningTask("two", loss: .crossEntropy())]
        let scope = ParameterScope()
        _ = scope.parameter("trunk.unused", [1], initializer: .constant(0))
        let arena = try ParameterArena(scope, seed: 0, on: CPUDevice())
        let evaluation = Evaluation(network: Identity(columns: 1), tasks: tasks, arena: arena)
        for batchSize in [1, 2, 5] {
            let metrics = try evaluation(BatchLoader(dataset, batchSize: batchSize, order: .sequential))
            #expect(metrics["binary"]?["auc"] == 1)
            #expect(metrics["binary"]?["accuracy"] == 1)
            // Differences 1, 5, -3 and 0 of the logits; the fourth sample has no label.
            #expect(metrics["two"]?["auc"] == 1)
            #expect(metrics["two"]?["accuracy"] == 0.75)
        }
    }
}
