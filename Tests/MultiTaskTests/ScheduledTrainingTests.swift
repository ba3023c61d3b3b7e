import Compute
import Datasets
import Foundation
import MultiTask
import Networks
import Optimizers
import Synchronization
import Tensors
import TestDevices
import Testing

/// What the steps and epochs of a run have reported, without times.
private final class Recorder {
    var losses: [[String: Double]] = []
    var epochs: [EpochReport] = []

    func record(_ event: TrainingEvent) {
        switch event {
        case .step(let report): losses.append(report.losses)
        case .epoch(let report): epochs.append(report)
        case .started, .checkpoint, .interrupted, .end: break
        }
    }

    var metrics: [[[String: [String: Double]]]] { epochs.map { [$0.train, $0.valid] } }
    var schedules: [EpochSchedule] { epochs.map(\.schedule) }
}

private func temporaryFolder() throws -> RunFolder {
    try RunFolder(NSTemporaryDirectory() + "concord-\(UUID().uuidString)")
}

private func settings(
    epochs: Int = 3, batchSize: Int = 8, seed: UInt64 = 5, rate: Double = 0.01, scheduling: Scheduling = .joint
) -> TrainingSettings {
    TrainingSettings(
        epochs: epochs, batchSize: batchSize, seed: seed, schedule: .constant(rate: rate), scheduling: scheduling)
}

private func weights(_ fixture: Fixture) throws -> [Float] {
    try fixture.arena.values.floats() + fixture.arena.statistics.floats()
}

/// The elements of a head.
private func head(_ task: String, of fixture: Fixture) throws -> [Float] {
    try fixture.arena.segments.filter { $0.group == "heads.\(task)" }
        .flatMap { try fixture.arena.view(of: $0, in: fixture.arena.values).floats() }
}

private let names = Fixture.tasks.map(\.name)

@Suite("Training under a schedule")
struct ScheduledTrainingTests {
    /// Two data sets of 50 and 21 samples: 7 batches of 8 and 5 batches of 5.
    private func sources() throws -> [TrainingSource] {
        [
            TrainingSource(
                training: try Fixture.dataset(), validation: try Fixture.dataset(samples: 13), tasks: ["color", "size"]),
            TrainingSource(
                training: try Fixture.dataset(samples: 21), validation: try Fixture.dataset(samples: 9), tasks: ["shape"],
                batchSize: 5),
        ]
    }

    private func run(
        _ device: any Device, _ scheduling: Scheduling, method: String, sources: [TrainingSource]? = nil, epochs: Int = 3
    ) throws -> (Recorder, Fixture) {
        let fixture = try Fixture(device, method: method)
        let recorder = Recorder()
        try Trainer(
            fixture.step, sources: try sources ?? self.sources(), settings: settings(epochs: epochs, scheduling: scheduling)
        ).run(observer: recorder.record)
        return (recorder, fixture)
    }

    @Test("the log counts the steps of every task, and those left out have no loss")
    func counts() throws {
        let frequencies = try Scheduling(
            named: "frequencies", parameters: ["frequencies": .byTask(["color": 2])], tasks: names)
        let (recorder, _) = try run(try TestDevice.cpu.make(), frequencies, method: "ew")
        // 7 + 5 batches are an epoch of 12 steps, which 2 + 1 + 1 divide.
        #expect(recorder.losses.count == 36)
        for schedule in recorder.schedules {
            #expect(schedule.steps == ["color": 6, "size": 3, "shape": 3])
            #expect(schedule.finished.isEmpty)
        }
        #expect(recorder.losses.allSatisfy { $0.count == 1 })
        for epoch in recorder.epochs { #expect(Set(epoch.valid.keys) == Set(names)) }
    }

    @Test("a data set starts over when it is exhausted, and every pass sees every sample once")
    func passes() throws {
        /// Notes which samples were asked for.
        final class Log: Sendable {
            let samples = Mutex<[Int]>([])
        }
        struct Watched: Dataset {
            let base: ArrayDataset
            let log: Log
            var count: Int { base.count }
            var inputShape: Shape { base.inputShape }
            var tasks: [TaskDescription] { base.tasks }
            func batch(of indices: [Int]) -> Batch {
                log.samples.withLock { $0 += indices }
                return base.batch(of: indices)
            }
        }
        let log = Log()
        var sources = try sources()
        sources[1].training = Watched(base: try Fixture.dataset(samples: 21), log: log)
        // Joint: the larger data set has 7 batches, so the smaller one's 5 are gone through 1.4 times an epoch.
        let (recorder, _) = try run(try TestDevice.cpu.make(), .joint, method: "pcgrad", sources: sources, epochs: 5)
        #expect(recorder.losses.count == 35)
        // The first 21 are those of the search for labels, which stops after one batch; then come seven passes.
        let seen = log.samples.withLock { Array($0.dropFirst(21)) }
        #expect(seen.count >= 7 * 21)
        var orders: Set<[Int]> = []
        for pass in 0..<7 {
            let samples = Array(seen[pass * 21..<(pass + 1) * 21])
            #expect(samples.sorted() == Array(0..<21))
            orders.insert(samples)
        }
        #expect(orders.count == 7)
    }

    @Test("tasks of several data sets meet in one Gramian")
    func jointGramian() throws {
        let (recorder, _) = try run(try TestDevice.cpu.make(), .joint, method: "pcgrad", epochs: 1)
        #expect(recorder.losses.allSatisfy { $0.count == 3 })
        let balance = try #require(recorder.epochs.first?.balance)
        #expect(try #require(balance.cosine[0][2]) != 0)
        #expect(try #require(balance.cosine[1][2]) != 0)
        #expect(abs(try #require(balance.cosine[2][2]) - 1) < 1e-9)
    }

    @Test("gradients of several data sets in one step equal those of separate steps", arguments: TestDevice.available)
    func severalInputs(device: TestDevice) throws {
        // Without momentum and dropout a step is linear in the gradients: w - r·(g₁ + g₂).
        func model() throws -> (ParameterArena, TrainingStep) {
            let scope = ParameterScope()
            let trunk = Dense(scope["trunk"], 6, 5, activation: .relu)
            let heads = [Dense(scope["heads"]["color"], 5, 3), Dense(scope["heads"]["size"], 5, 2)]
            let arena = try ParameterArena(scope, seed: 3, on: try device.make())
            let step = try TrainingStep(
                network: HardSharing(trunk: trunk, heads: heads), tasks: Array(Fixture.tasks[..<2]), arena: arena,
                optimizer: try Optimizer(SGD(), for: arena), method: try Method(named: "pcgrad", seed: 1))
            return (arena, step)
        }
        let data = try Fixture.dataset()
        func batch(_ step: TrainingStep, _ samples: Range<Int>, _ task: Int) throws -> DeviceBatch {
            try DeviceBatch(data.batch(of: Array(samples)), tasks: step.tasks, including: [task], on: step.arena.device)
        }
        let start = try model().0.values.floats()
        var moves: [[Float]] = []
        for task in 0..<2 {
            let (arena, step) = try model()
            _ = try step([try batch(step, task == 0 ? 0..<8 : 8..<30, task)], step: 1, learningRate: 0.5)
            moves.append(zip(try arena.values.floats(), start).map { $0 - $1 })
        }
        let (arena, step) = try model()
        let outcome = try step(
            [try batch(step, 0..<8, 0), try batch(step, 8..<30, 1)], step: 1, learningRate: 0.5)
        #expect(outcome.labelWeights == [8, 22])
        let gramian = try #require(outcome.gramian)
        // PCGrad adds the gradients up where they do not conflict; else it projects each on the other's normal plane.
        let weights = outcome.weights.compactMap { $0 }
        let overlap = gramian[0, 1]
        let expected =
            overlap >= 0 ? [1.0, 1.0] : [1 - overlap / gramian[0, 0], 1 - overlap / gramian[1, 1]]
        #expect(zip(weights, expected).allSatisfy { abs($0 - $1) < 1e-9 })
        let after = try arena.values.floats()
        for segment in arena.segments {
            for element in segment.offset..<segment.offset + segment.shape.count {
                let isShared = segment.group == "trunk"
                let move = (0..<2).reduce(0.0) { $0 + Double(moves[$1][element]) * (isShared ? weights[$1] : 1) }
                #expect(abs(Double(after[element] - start[element]) - move) < 1e-5, "\(segment.name)")
            }
        }
    }

    @Test(
        "a run over two data sets resumes bit for bit under a random schedule", arguments: TestDevice.available,
        [1, 5, 12, 14, 23])
    func resumes(device: TestDevice, stopAfter: Int) throws {
        let scheduling = try Scheduling(
            named: "temperature", parameters: ["temperature": .number(3), "tasksPerStep": .number(2)], tasks: names,
            stepsPerEpoch: 9)
        func trainer(_ folder: RunFolder?) throws -> (Trainer, Fixture) {
            let tasks = Fixture.tasks.map { task in
                var task = task
                // Finishes in the first epochs, so that frozen and best heads are part of the state.
                if task.name == "size" { task.earlyStopping = EarlyStopping(patience: 1, minDelta: 9, restoresBest: true) }
                return task
            }
            let fixture = try Fixture(try device.make(), tasks: tasks)
            return (
                try Trainer(
                    fixture.step, sources: try sources(), settings: settings(epochs: 4, scheduling: scheduling),
                    folder: folder), fixture
            )
        }
        let uninterrupted = Recorder()
        let (reference, expected) = try trainer(nil)
        try reference.run(observer: uninterrupted.record)
        #expect(uninterrupted.schedules.last?.finished == ["size": 2])
        #expect(uninterrupted.schedules.last?.steps["size"] == 0)

        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        let recorder = Recorder()
        let (first, _) = try trainer(folder)
        #expect(try first.run(observer: recorder.record, shouldStop: { recorder.losses.count == stopAfter }) == nil)
        let (second, found) = try trainer(folder)
        try second.resume(from: folder)
        #expect(second.completedSteps == stopAfter)
        #expect(try second.run(observer: recorder.record) != nil)

        #expect(recorder.losses == uninterrupted.losses)
        #expect(recorder.metrics == uninterrupted.metrics)
        #expect(recorder.schedules == uninterrupted.schedules)
        #expect(try weights(found) == (try weights(expected)))
    }

    @Test("both devices choose the same tasks", .enabled(if: TestDevice.available.count > 1))
    func devicesChooseAlike() throws {
        let scheduling = try Scheduling(named: "annealed", tasks: names)
        let choices = try TestDevice.available.map { device in
            try run(try device.make(), scheduling, method: "ew").0.losses.map { Set($0.keys) }
        }
        #expect(choices[0] == choices[1])
        #expect(Set(choices[0]).count == 3)
    }

    @Test("a training state of another schedule is refused")
    func refusesOtherSchedule() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        func trainer(_ temperature: Double) throws -> Trainer {
            let scheduling = try Scheduling(
                named: "temperature", parameters: ["temperature": .number(temperature)], tasks: names, stepsPerEpoch: 40)
            return try Trainer(
                try Fixture(try TestDevice.cpu.make(), method: "ew").step, sources: try sources(),
                settings: settings(epochs: 1, scheduling: scheduling), folder: folder)
        }
        try trainer(2).run()
        #expect(throws: TrainingError.self) { try trainer(3).resume(from: folder) }
    }

    @Test("dynamic priorities scale the losses from the second epoch on")
    func priorities() throws {
        let fixture = try Fixture(try TestDevice.cpu.make(), method: "ew")
        let data = try Fixture.dataset()
        let before = try fixture.arena.values.floats()
        let batch = try DeviceBatch(
            data.batch(of: Array(0..<8)), tasks: Fixture.tasks, priorities: [1, 0, 1], on: fixture.arena.device)
        _ = try fixture.step(batch, step: 1, learningRate: 0.01)
        let after = try fixture.arena.values.floats()
        for segment in fixture.arena.segments where segment.group == "heads.size" {
            let range = segment.offset..<segment.offset + segment.shape.count
            #expect(before[range] == after[range])
        }
        let scheduling = try Scheduling(named: "dynamic-priority", tasks: names)
        let device = try TestDevice.cpu.make()
        let plain = try run(device, .joint, method: "ew", epochs: 2).0
        let prioritized = try run(device, scheduling, method: "ew", epochs: 2).0
        #expect(plain.losses[..<7] == prioritized.losses[..<7])
        // The first step of the second epoch sees the same parameters, the next one other ones.
        #expect(plain.losses[7] == prioritized.losses[7])
        #expect(plain.losses[8] != prioritized.losses[8])
    }
}

@Suite("Early stopping and learning rates of tasks")
struct TaskSettingsTests {
    private func tasks(_ change: (inout LearningTask) -> Void) -> [LearningTask] {
        Fixture.tasks.map { task in
            var task = task
            if task.name == "shape" { change(&task) }
            return task
        }
    }

    private func run(_ tasks: [LearningTask], epochs: Int = 5) throws -> (Recorder, Fixture, [[Float]]) {
        let fixture = try Fixture(try TestDevice.cpu.make(), tasks: tasks)
        let recorder = Recorder()
        var heads: [[Float]] = []
        try Trainer(
            fixture.step, training: try Fixture.dataset(), validation: try Fixture.dataset(samples: 13),
            settings: settings(epochs: epochs)
        ).run { event in
            recorder.record(event)
            if case .epoch = event { heads.append(try head("shape", of: fixture)) }
        }
        return (recorder, fixture, heads)
    }

    @Test("a task that does not improve finishes: no more losses, and its head keeps its bits")
    func freezes() throws {
        // An improvement by 9 never comes, so the first epoch stays the best.
        let (recorder, fixture, heads) = try run(tasks { $0.earlyStopping = EarlyStopping(patience: 2, minDelta: 9) })
        #expect(recorder.schedules.map { $0.finished["shape"] } == [nil, nil, 3, 3, 3])
        #expect(recorder.schedules.map { $0.steps["shape"] } == [7, 7, 7, 0, 0])
        #expect(recorder.losses[..<21].allSatisfy { $0["shape"] != nil })
        #expect(recorder.losses[21...].allSatisfy { $0["shape"] == nil && $0.count == 2 })
        #expect(recorder.epochs[4].train["shape"] == nil)
        // It is still measured, because the trunk goes on.
        #expect(recorder.epochs[4].valid["shape"] != nil)
        #expect(heads[1] != heads[2] && heads[2] == heads[3] && heads[3] == heads[4])
        #expect(try head("shape", of: fixture) == heads[2])
    }

    @Test("a frozen head goes back to its best epoch on request")
    func restores() throws {
        let stopping = EarlyStopping(patience: 2, minDelta: 9, restoresBest: true)
        let (_, fixture, heads) = try run(tasks { $0.earlyStopping = stopping })
        #expect(heads[0] != heads[2])
        #expect(heads[3] == heads[0])
        #expect(try head("shape", of: fixture) == heads[0])
    }

    @Test("a task that is only monitored is reported as finished and learns on")
    func monitors() throws {
        let stopping = EarlyStopping(patience: 2, minDelta: 9, action: .monitor)
        let (recorder, fixture, heads) = try run(tasks { $0.earlyStopping = stopping })
        #expect(recorder.schedules.map { $0.finished["shape"] } == [nil, nil, 3, 3, 3])
        #expect(recorder.schedules.allSatisfy { $0.steps["shape"] == 7 })
        #expect(heads[3] != heads[4])
        let (_, plain, _) = try run(Fixture.tasks)
        #expect(try weights(fixture) == (try weights(plain)))
    }

    @Test("a task that improves goes on, and a growing metric counts upwards")
    func improves() throws {
        for metric in ["loss", "accuracy"] {
            let patient = EarlyStopping(patience: 100, metric: metric)
            let (recorder, _, _) = try run(tasks { $0.earlyStopping = patient }, epochs: 3)
            #expect(recorder.schedules.last?.finished.isEmpty == true)
        }
        // The accuracy cannot grow by 2, nor the loss from its first value fall below itself by 9.
        let (recorder, _, _) = try run(
            tasks { $0.earlyStopping = EarlyStopping(patience: 1, minDelta: 2, metric: "accuracy") }, epochs: 3)
        #expect(recorder.schedules.last?.finished == ["shape": 2])
    }

    @Test("a run whose tasks are all finished ends")
    func ends() throws {
        let all = Fixture.tasks.map { task in
            var task = task
            task.earlyStopping = EarlyStopping(patience: 1, minDelta: 9)
            return task
        }
        let fixture = try Fixture(try TestDevice.cpu.make(), tasks: all)
        let summary = try #require(
            try Trainer(
                fixture.step, training: try Fixture.dataset(), validation: try Fixture.dataset(samples: 13),
                settings: settings(epochs: 50)
            ).run())
        #expect(summary.epochs == 2 && summary.steps == 14)
    }

    @Test("a metric that is not measured is an error that lists those that are")
    func unknownMetric() throws {
        let error = #expect(throws: TrainingError.self) {
            _ = try run(tasks { $0.earlyStopping = EarlyStopping(patience: 1, metric: "meanAbsoluteError") })
        }
        #expect(
            error?.description
                == "earlyStopping.metric of task \"shape\" is \"meanAbsoluteError\", "
                + "expected one that is measured: accuracy, loss")
    }

    @Test("a task's learning rate scales the step of its head and of nothing else", arguments: TestDevice.available)
    func learningRate(device: TestDevice) throws {
        func step(_ tasks: [LearningTask], rate: Float) throws -> (before: [Float], after: [Float], arena: ParameterArena) {
            let fixture = try Fixture(try device.make(), tasks: tasks)
            let before = try fixture.arena.values.floats()
            let batch = try Fixture.dataset().batch(of: Array(0..<8))
            _ = try fixture.step(
                try DeviceBatch(batch, tasks: tasks, on: fixture.arena.device), step: 1, learningRate: rate)
            return (before, try fixture.arena.values.floats(), fixture.arena)
        }
        let plain = try step(Fixture.tasks, rate: 0.01)
        let quarter = try step(Fixture.tasks, rate: 0.0025)
        let scaled = try step(tasks { $0.learningRateFactor = 0.25 }, rate: 0.01)
        for segment in plain.arena.segments {
            let range = segment.offset..<segment.offset + segment.shape.count
            let expected = segment.group == "heads.shape" ? quarter.after : plain.after
            #expect(scaled.after[range] == expected[range], "\(segment.name)")
            #expect(plain.after[range] != plain.before[range], "\(segment.name)")
        }
    }
}

@Suite("Bad schedules and labels")
struct RunSetupTests {
    private func message(
        _ scheduling: Scheduling = .joint, method: String = "ew", tasks: [LearningTask] = Fixture.tasks,
        sources: [TrainingSource]? = nil, epochs: Int = 1
    ) -> String {
        do {
            let fixture = try Fixture(try TestDevice.cpu.make(), tasks: tasks, method: method)
            let sources = try sources ?? [TrainingSource(training: try Fixture.dataset(), tasks: tasks.map(\.name))]
            _ = try Trainer(
                fixture.step, sources: sources, settings: settings(epochs: epochs, scheduling: scheduling))
            return "accepted"
        } catch { return "\(error)" }
    }

    @Test("a task that never has its turn")
    func neverScheduled() throws {
        let rare = try Scheduling(
            named: "frequencies", parameters: ["frequencies": .byTask(["color": 100, "size": 100])], tasks: names)
        // 7 steps an epoch; the third task's turn is the 101st of 201 steps.
        #expect(
            message(rare, epochs: 2)
                == "scheduling \"frequencies\": task \"shape\" takes part in none of the 14 steps of the run; give it a higher "
                + "frequency, or the run more steps")
        #expect(message(rare, epochs: 29) == "accepted")
    }

    @Test("a method that weighs tasks needs steps with several of them")
    func nothingToWeigh() throws {
        let one = try Scheduling(named: "round-robin", tasks: names)
        let two = try Scheduling(named: "round-robin", parameters: ["tasksPerStep": .number(2)], tasks: names)
        #expect(message(one, method: "pcgrad").hasPrefix("scheduling \"round-robin\" gives every step a single task"))
        #expect(message(two, method: "pcgrad") == "accepted")
        #expect(message(one, method: "ew") == "accepted")
    }

    @Test("sources that do not fit the tasks")
    func badSources() throws {
        let data = try Fixture.dataset()
        func source(_ tasks: String...) -> TrainingSource { TrainingSource(training: data, tasks: tasks) }
        #expect(
            message(sources: [source("color", "size")])
                == "the number of sources of task \"shape\" is 0, expected 1")
        #expect(message(sources: [source("color", "size", "shape"), source("size")]).contains("task \"size\" is 2"))
        #expect(message(sources: [source("color", "size", "shape", "weight")]).contains("\"weight\""))
    }

    @Test("task settings that make no sense")
    func badTaskSettings() {
        func changed(_ change: (inout LearningTask) -> Void) -> String {
            var tasks = Fixture.tasks
            change(&tasks[1])
            return message(tasks: tasks)
        }
        #expect(changed { $0.learningRateFactor = 0 } == "learningRate of task \"size\" is 0.0, expected a number above 0")
        #expect(changed { $0.earlyStopping = EarlyStopping(patience: 0) }.contains("earlyStopping.patience of task \"size\""))
        #expect(
            changed { $0.earlyStopping = EarlyStopping(patience: 1, minDelta: -1) }
                .contains("earlyStopping.minDelta of task \"size\""))
    }

    @Test("a task without any label is found before training")
    func noLabels() throws {
        let inputs = [Float](repeating: 0.5, count: 6 * 6)
        func dataset(_ mask: [Float]?, labels: [Int32] = [0, 1, 2, 0, 1, 2]) throws -> ArrayDataset {
            try ArrayDataset(
                inputs: inputs, inputShape: [6],
                targets: [.classes("color", labels: labels, count: 3, mask: mask)])
        }
        let task = [Fixture.tasks[0]]
        func check(_ data: ArrayDataset) -> String {
            message(tasks: task, sources: [TrainingSource(training: data, tasks: ["color"])])
        }
        let expected =
            "task \"color\": none of the 6 training samples has a label; check the labels and masks of its data, "
            + "or leave the task out"
        #expect(check(try dataset([0, 0, 0, 0, 0, 0])) == expected)
        #expect(check(try dataset(nil, labels: Array(repeating: -100, count: 6))) == expected)
        #expect(check(try dataset([0, 0, 0, 0, 0, 0.5])) == "accepted")
    }

    @Test("proportional sampling counts labelled samples")
    func labelledSamples() throws {
        // 40 of 50 samples have no size: with the labels of 10 samples it is drawn as often as a data set of 10.
        let base = try Fixture.dataset()
        struct Masked: Dataset {
            let base: ArrayDataset
            var count: Int { base.count }
            var inputShape: Shape { base.inputShape }
            var tasks: [TaskDescription] { base.tasks }
            func batch(of indices: [Int]) -> Batch {
                var batch = base.batch(of: indices)
                batch.masks["size"] = HostTensor(indices.map { Float($0 < 10 ? 1 : 0) }, shape: [indices.count])
                return batch
            }
        }
        let recorder = Recorder()
        let fixture = try Fixture(try TestDevice.cpu.make(), method: "ew")
        let source = TrainingSource(training: Masked(base: base), tasks: names)
        let proportional = try Scheduling(named: "proportional", tasks: names, stepsPerEpoch: 300)
        try Trainer(
            fixture.step, sources: [source], settings: settings(epochs: 1, batchSize: 25, scheduling: proportional)
        ).run(observer: recorder.record)
        let steps = try #require(recorder.schedules.first?.steps)
        let size = try #require(steps["size"])
        // Four standard deviations of a binomial distribution; in equal shares it would be 100.
        let share = 10.0 / 110
        let deviation = (300 * share * (1 - share)).squareRoot()
        #expect(abs(Double(size) - 300 * share) < 4 * deviation)
    }
}
