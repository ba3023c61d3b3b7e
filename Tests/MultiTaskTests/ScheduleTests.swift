import Foundation
import MultiTask
import Testing

@Suite("Task schedules")
struct ScheduleTests {
    static let tasks = ["color", "size", "shape"]
    /// Labelled samples of the tasks above.
    static let sizes = [1000, 100, 10]

    private func scheduling(
        _ name: String, _ parameters: [String: ScheduleParameter] = [:], stepsPerEpoch: Int? = nil
    ) throws -> Scheduling {
        try Scheduling(
            named: name, parameters: parameters, tasks: ScheduleTests.tasks, stepsPerEpoch: stepsPerEpoch)
    }

    private func chosen(
        _ scheduling: Scheduling, step: Int, epoch: Int = 1, epochs: Int = 1, tasks: [Int] = [0, 1, 2], seed: UInt64 = 3
    ) -> [Int] {
        scheduling.schedule.tasks(
            in: ScheduledStep(
                step: step, epoch: epoch, epochs: epochs, seed: seed, tasks: tasks,
                labelledSamples: ScheduleTests.sizes, keyMetrics: [nil, nil, nil]))
    }

    /// In how many of the first steps each task takes part.
    private func counts(_ scheduling: Scheduling, steps: Int, epoch: Int = 1, epochs: Int = 1) -> [Int] {
        var counts = [0, 0, 0]
        for step in 1...steps {
            for task in chosen(scheduling, step: step, epoch: epoch, epochs: epochs) { counts[task] += 1 }
        }
        return counts
    }

    @Test("joint holds all tasks that learn")
    func joint() {
        #expect(chosen(.joint, step: 1) == [0, 1, 2])
        #expect(chosen(.joint, step: 7, tasks: [0, 2]) == [0, 2])
    }

    @Test("round-robin takes turns", arguments: [(1, [[0], [1], [2], [0]]), (2, [[0, 1], [0, 2], [1, 2], [0, 1]])])
    func roundRobin(tasksPerStep: Int, expected: [[Int]]) throws {
        let schedule = try scheduling("round-robin", ["tasksPerStep": .number(Double(tasksPerStep))])
        #expect((1...4).map { chosen(schedule, step: $0) } == expected)
        #expect(counts(schedule, steps: 30) == Array(repeating: 10 * tasksPerStep, count: 3))
        #expect((1...3).map { chosen(schedule, step: $0, tasks: [1]) } == [[1], [1], [1]])
    }

    @Test("frequencies are exact in every period and evenly spread")
    func frequencies() throws {
        let schedule = try scheduling("frequencies", ["frequencies": .byTask(["color": 5, "shape": 2])])
        #expect(counts(schedule, steps: 8) == [5, 1, 2])
        #expect(counts(schedule, steps: 80) == [50, 10, 20])
        let order = (1...16).map { chosen(schedule, step: $0)[0] }
        #expect(Array(order[..<8]) == Array(order[8...]))
        let pair = try Scheduling(named: "frequencies", parameters: ["frequencies": .byTask(["a": 3])], tasks: ["a", "b"])
        let sequence = (1...4).map { pair.schedule.tasks(in: ScheduledStep(step: $0, tasks: [0, 1])) }
        #expect(sequence == [[0], [0], [1], [0]])
        // Without the first task the others keep their ratio.
        var rest = [0, 0, 0]
        for step in 1...9 { rest[chosen(schedule, step: step, tasks: [1, 2])[0]] += 1 }
        #expect(rest == [0, 3, 6])
    }

    @Test("intervals: every m-th step, and never an empty one")
    func intervals() throws {
        let schedule = try scheduling("intervals", ["intervals": .byTask(["size": 2, "shape": 5])])
        #expect((1...6).map { chosen(schedule, step: $0) } == [[0, 1, 2], [0], [0, 1], [0], [0, 1], [0, 2]])
        #expect(counts(schedule, steps: 100) == [100, 50, 20])
        #expect((1...6).map { chosen(schedule, step: $0, tasks: [1, 2]) } == [[1, 2], [1], [1], [1], [1], [2]])
    }

    /// Pearson's statistic of counts against probabilities. With two degrees of freedom it exceeds 13.8 once in 1000 seeds.
    private func chiSquare(_ counts: [Int], _ probabilities: [Double]) -> Double {
        let total = Double(counts.reduce(0, +))
        return zip(counts, probabilities).reduce(0) { sum, pair in
            let expected = total * pair.1
            return sum + (Double(pair.0) - expected) * (Double(pair.0) - expected) / expected
        }
    }

    private func probabilities(exponent: Double) -> [Double] {
        let weights = ScheduleTests.sizes.map { pow(Double($0), exponent) }
        return weights.map { $0 / weights.reduce(0, +) }
    }

    @Test(
        "sampling follows the sizes",
        arguments: [
            ("proportional", nil, 1), ("temperature", 1, 1), ("temperature", 3, 1 / 3), ("temperature", 1e9, 0),
        ] as [(String, Double?, Double)])
    func sampling(name: String, temperature: Double?, exponent: Double) throws {
        let schedule = try scheduling(name, temperature.map { ["temperature": .number($0)] } ?? [:])
        #expect(chiSquare(counts(schedule, steps: 20_000), probabilities(exponent: exponent)) < 13.8)
        // A wrong exponent would be noticed.
        #expect(chiSquare(counts(schedule, steps: 20_000), probabilities(exponent: exponent + 0.1)) > 50)
    }

    @Test("temperature 1 draws what proportional draws, and seeds differ")
    func limits() throws {
        let proportional = try scheduling("proportional")
        let temperature = try scheduling("temperature", ["temperature": .number(1)])
        #expect((1...200).allSatisfy { chosen(proportional, step: $0) == chosen(temperature, step: $0) })
        #expect((1...200).contains { chosen(proportional, step: $0, seed: 4) != chosen(proportional, step: $0) })
    }

    @Test("annealing goes from proportional to almost uniform", arguments: [(1, 1.0), (3, 0.6), (5, 0.2)])
    func annealing(epoch: Int, exponent: Double) throws {
        let schedule = try scheduling("annealed")
        let counts = self.counts(schedule, steps: 20_000, epoch: epoch, epochs: 5)
        #expect(chiSquare(counts, probabilities(exponent: exponent)) < 13.8)
        #expect(counts != self.counts(schedule, steps: 20_000, epoch: 2, epochs: 5))
    }

    @Test("several tasks are drawn without repetition, by successive draws")
    func subsets() throws {
        let schedule = try scheduling("temperature", ["temperature": .number(2), "tasksPerStep": .number(2)])
        let p = probabilities(exponent: 0.5)
        var left = [0, 0, 0]
        for step in 1...20_000 {
            let tasks = chosen(schedule, step: step)
            try #require(Set(tasks).count == 2 && tasks == tasks.sorted())
            left[3 - tasks[0] - tasks[1]] += 1
        }
        // Task i is left out if the two others are drawn, in either order.
        let expected = (0..<3).map { task in
            let (a, b) = (p[(task + 1) % 3], p[(task + 2) % 3])
            return a * b / (1 - a) + b * a / (1 - b)
        }
        #expect(chiSquare(left, expected) < 13.8)
    }

    @Test("dynamic priorities are those of the paper", arguments: [0.0, 1, 2])
    func priorities(gamma: Double) throws {
        let schedule = try scheduling(
            "dynamic-priority", ["gamma": .number(gamma), "smoothing": .number(0.25)]).schedule
        let step = ScheduledStep(step: 9, tasks: [0, 1, 2], keyMetrics: [nil, 0.75, 0])
        #expect(schedule.tasks(in: step) == [0, 1, 2])
        #expect(schedule.priority(of: 0, in: step) == 1)
        #expect(abs(schedule.priority(of: 1, in: step) - -pow(0.25, gamma) * log(0.75)) < 1e-12)
        #expect(abs(schedule.priority(of: 2, in: step) - -pow(0.99, gamma) * log(0.01)) < 1e-12)
        #expect(schedule.keyMetric(0.5, after: nil) == 0.5)
        #expect(schedule.keyMetric(0.5, after: 0.9) == 0.25 * 0.9 + 0.75 * 0.5)
        #expect(KeyMetric.value(of: ["loss": 2, "accuracy": 0.25]) == 0.25)
        #expect(KeyMetric.value(of: ["loss": 2]) == exp(-2))
        #expect(KeyMetric.value(of: [:]) == nil)
    }

    @Test("an epoch is one pass over the data")
    func epochs() throws {
        #expect(Scheduling.joint.stepsPerEpoch(batches: [7, 20, 3], tasks: 3) == 20)
        #expect(try scheduling("round-robin").stepsPerEpoch(batches: [7, 20, 3], tasks: 3) == 30)
        #expect(try scheduling("round-robin").stepsPerEpoch(batches: [7], tasks: 3) == 7)
        let pairs = try scheduling("proportional", ["tasksPerStep": .number(2)])
        #expect(pairs.stepsPerEpoch(batches: [7, 20, 4], tasks: 3) == 16)
        #expect(pairs.stepsPerEpoch(batches: [7], tasks: 3) == 7)
        #expect(try scheduling("intervals").stepsPerEpoch(batches: [7, 20], tasks: 3) == 20)
        #expect(try scheduling("proportional", stepsPerEpoch: 5).stepsPerEpoch(batches: [7, 20], tasks: 3) == 5)
    }

    @Test("bad schedules are refused")
    func refusals() {
        func message(_ name: String, _ parameters: [String: ScheduleParameter] = [:], stepsPerEpoch: Int? = nil) -> String {
            do {
                _ = try scheduling(name, parameters, stepsPerEpoch: stepsPerEpoch)
                return "accepted"
            } catch { return "\(error)" }
        }
        #expect(
            message("round-robbin").hasPrefix("unknown task schedule \"round-robbin\"; did you mean \"round-robin\"? Known: joint, "))
        #expect(
            message("round-robin", ["temperature": .number(2)])
                == "scheduling \"round-robin\": unknown parameter \"temperature\"; Known: tasksPerStep")
        #expect(message("joint", ["tasksPerStep": .number(2)]) == "scheduling \"joint\": unknown parameter \"tasksPerStep\"; it has none")
        #expect(
            message("frequencies", ["frequencies": .byTask(["colour": 2])])
                == "scheduling \"frequencies\": frequencies: unknown task \"colour\"; did you mean \"color\"? Known: color, size, shape")
        for bad in [0, -1, 1.5, 1001, .infinity, .nan] {
            #expect(
                message("frequencies", ["frequencies": .byTask(["size": bad])]).hasPrefix(
                    "scheduling \"frequencies\": frequencies.size is "), "\(bad)")
        }
        #expect(message("frequencies", ["frequencies": .number(2)]).contains("expected an integer from 1 to 1000 by task"))
        #expect(
            message("intervals", ["intervals": .byTask(["color": 2, "size": 3, "shape": 2])])
                == "scheduling \"intervals\": intervals is 2 as the shortest, expected an interval of 1 for at least one task")
        #expect(message("temperature", ["temperature": .number(0)]).contains("temperature is 0, expected a number above 0"))
        #expect(message("temperature", ["temperature": .byTask([:])]).contains("values by task"))
        #expect(message("annealed", ["finalExponent": .number(1.5)]).contains("expected a number from 0 to 1"))
        #expect(message("proportional", ["tasksPerStep": .number(4)]).contains("expected an integer from 1 to 3"))
        #expect(message("dynamic-priority", ["smoothing": .number(1)]).contains("smoothing is 1"))
        #expect(message("joint", stepsPerEpoch: 0).contains("stepsPerEpoch is 0"))
    }
}
