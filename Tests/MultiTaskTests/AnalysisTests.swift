import Foundation
import MultiTask
import Testing

@Suite("Relative performance")
struct RelativePerformanceTests {
    @Test("Δp is the mean over tasks and Δm over metrics, with signs by what is better")
    func bothMeans() throws {
        let baseline: TaskMetrics = [
            "classes": ["loss": 1, "accuracy": 0.5, "auc": 0.8], "number": ["loss": 2, "meanAbsoluteError": 0.4],
        ]
        let metrics: TaskMetrics = [
            "classes": ["loss": 9, "accuracy": 0.55, "auc": 0.76], "number": ["loss": 9, "meanAbsoluteError": 0.3],
        ]
        // Changes: +10 % and -5 %, both higher is better, and -25 % of an error, so +25 %.
        let relative = try #require(RelativePerformance(of: metrics, against: baseline))
        #expect(abs(relative.taskMean - 13.75) < 1e-9)
        #expect(abs(relative.metricMean - -10) < 1e-9)
        #expect(abs(try #require(relative.byTask["classes"]) - 2.5) < 1e-9)
        #expect(abs(try #require(relative.byTask["number"]) - 25) < 1e-9)
    }

    @Test("the two means disagree where tasks have different numbers of metrics")
    func disagreement() throws {
        let errors = (0..<5).map { "error\($0)" }
        let baseline: TaskMetrics = [
            "one": ["accuracy": 0.5], "five": Dictionary(uniqueKeysWithValues: errors.map { ($0, 2.0) }),
        ]
        let metrics: TaskMetrics = [
            "one": ["accuracy": 0.56], "five": Dictionary(uniqueKeysWithValues: errors.map { ($0, 2.1) }),
        ]
        let relative = try #require(RelativePerformance(of: metrics, against: baseline))
        #expect(abs(relative.taskMean - (12.0 - 5) / 2) < 1e-9)
        #expect(abs(relative.metricMean - (25.0 - 12) / 6) < 1e-9)
        let same = try #require(RelativePerformance(of: baseline, against: baseline))
        #expect(same.taskMean == 0 && same.metricMean == 0)
    }

    @Test(
        "is undefined without a counterpart, a metric or a baseline above zero",
        arguments: [
            (["a": ["accuracy": 0.5]], ["a": ["accuracy": 0.0]]), (["a": ["accuracy": 0.5]], ["a": ["auc": 0.5]]),
            (["a": ["accuracy": 0.5]], ["a": ["accuracy": 0.5], "b": ["accuracy": 0.5]]),
            (["a": ["loss": 0.5]], ["a": ["loss": 0.5]]), ([:], [:]),
        ] as [(TaskMetrics, TaskMetrics)])
    func undefined(metrics: TaskMetrics, baseline: TaskMetrics) {
        #expect(RelativePerformance(of: metrics, against: baseline) == nil)
    }

    @Test("the deviation is that of a sample")
    func statistics() throws {
        let three = try #require(SampleStatistics([1, 2, 4]))
        #expect(abs(three.mean - 7.0 / 3) < 1e-12)
        #expect(abs(try #require(three.standardDeviation) - (7.0 / 3).squareRoot()) < 1e-12)
        #expect(SampleStatistics([5])?.standardDeviation == nil)
        #expect(SampleStatistics([]) == nil)
    }
}

@Suite("Task grouping")
struct TaskGroupingTests {
    /// Tasks of a block agree, others conflict.
    private func blocks(_ labels: [Int], within: Double, across: Double) -> SquareMatrix {
        SquareMatrix(labels.map { row in labels.map { $0 == row ? within : across } })
    }

    @Test("finds blocks, by comparing everything and by joining", arguments: [2, 5])
    func findsBlocks(perBlock: Int) {
        let labels = (0..<3 * perBlock).map { $0 % 3 }
        let grouping = TaskGrouping(for: blocks(labels, within: 0.75, across: -0.5))
        #expect(grouping.isExact == (perBlock == 2))
        #expect(grouping.groups == (0..<3).map { block in labels.indices.filter { labels[$0] == block } })
        #expect(abs(grouping.score - 0.75) < 1e-12)
    }

    @Test("agreement keeps all together, conflict all apart", arguments: [4, 12])
    func extremes(tasks: Int) {
        let together = TaskGrouping(for: blocks(Array(repeating: 0, count: tasks), within: 0.25, across: 0))
        #expect(together.groups == [Array(0..<tasks)])
        let apart = TaskGrouping(for: blocks(Array(0..<tasks), within: 1, across: -0.25))
        #expect(apart.groups == (0..<tasks).map { [$0] })
        #expect(apart.score == 0)
    }

    @Test("a task that would dilute a group stays out of it, although it agrees")
    func dilution() {
        // Together: (0.5 + 0.5 + 0.1)/3; two and one: (0.9 + 0.9 + 0)/3.
        let grouping = TaskGrouping(for: SquareMatrix([[1, 0.9, 0.1], [0.9, 1, 0.1], [0.1, 0.1, 1]]))
        #expect(grouping.groups == [[0, 1], [2]])
        #expect(abs(grouping.score - 0.6) < 1e-12)
    }

    @Test("no assignment of tasks to groups scores higher", arguments: 0..<5)
    func exhaustive(seed: Int) {
        let size = 5
        var state = UInt64(seed) &* 2_862_933_555_777_941_757 &+ 3_037_000_493
        var affinity = SquareMatrix(size: size)
        for row in 0..<size {
            for column in 0..<row {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let value = Double(state >> 40) / Double(1 << 23) - 1
                affinity[row, column] = value
                affinity[column, row] = value
            }
        }
        // All 5⁵ assignments, scored task by task.
        var best = -Double.infinity
        for code in 0..<3125 {
            var rest = code
            let labels = (0..<size).map { _ in
                defer { rest /= size }
                return rest % size
            }
            let values = labels.indices.map { task -> Double in
                let mates = labels.indices.filter { $0 != task && labels[$0] == labels[task] }
                return mates.isEmpty ? 0 : mates.reduce(0) { $0 + affinity[task, $1] } / Double(mates.count)
            }
            best = max(best, values.reduce(0, +) / Double(size))
        }
        #expect(abs(TaskGrouping(for: affinity).score - best) < 1e-12)
    }

    @Test("is defined without tasks and for one")
    func small() {
        #expect(TaskGrouping(for: SquareMatrix(size: 0)).groups == [])
        #expect(TaskGrouping(for: SquareMatrix(size: 1)).groups == [[0]])
    }
}
