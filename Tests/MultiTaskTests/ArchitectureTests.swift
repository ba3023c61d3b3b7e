import Compute
import Foundation
import MultiTask
import Networks
import Tensors
import TestDevices
import Testing

@Suite("Architectures")
struct ArchitectureTests {
    /// All architectures, with options under which every term is large enough to be seen.
    static let all: [Architecture] = [
        .hardSharing, .crossStitch(), .mmoe(MMoE(experts: 3)), .cgc(CGC(experts: 2, taskExperts: 2)),
        .ple(PLE(experts: 2, taskExperts: 1)), .mtan,
        // Three experts: one number of two digits has no expert.
        .dselectK(DSelectK(experts: 3, selected: 2, gamma: 6, entropy: 0.3)),
        .learningToBranch(
            LearningToBranch(temperature: 3, finalTemperature: 0.5, annealingSteps: 10, straightThrough: false)),
        .softSharing(SoftSharing(strength: 0.2)),
    ]

    @Test("are known by name")
    func names() {
        #expect(
            Architecture.names == [
                "hard-sharing", "cross-stitch", "mmoe", "cgc", "ple", "mtan", "dselect-k", "learning-to-branch",
                "soft-sharing",
            ])
    }

    @Test("predictions and added losses agree with Float64", arguments: TestDevice.available)
    func forward(device: TestDevice) throws {
        let device = try device.make()
        let further: [Architecture] = [
            .learningToBranch(LearningToBranch(straightThrough: true)),
            // A narrow step: some digits have become exact.
            .dselectK(DSelectK(experts: 4, selected: 1, gamma: 1.5, entropy: 0.3)),
            .cgc(CGC(experts: 1, taskExperts: 0)), .ple(PLE(experts: 1, taskExperts: 2)),
        ]
        for architecture in ArchitectureTests.all + further {
            let fixture = try ArchitectureFixture(architecture, over: .mlp, on: device)
            try fixture.scatter()
            let expected = try ArchitectureReference(fixture)(architecture, seed: 5, step: 7)
            let context = fixture.context()
            let predictions = try fixture.network.predictions(for: fixture.batch.inputs, in: context)
            #expect(predictions.count == 3)
            for (found, expected) in zip(predictions, expected.predictions) {
                #expect(Array(found.shape) == [expected.count, expected[0].count])
                for (found, expected) in zip(try found.floats(), expected.flatMap { $0 }) {
                    #expect(abs(Double(found) - expected) <= 2e-5, "\(architecture)")
                }
            }
            for (task, expected) in expected.added.enumerated() {
                let added = context.auxiliaryLosses.filter { $0.task == task }
                #expect(added.count == (expected == 0 ? 0 : 1))
                let found = try added.reduce(0) { $0 + Double(try $1.loss.scalar()) }
                #expect(abs(found - expected) <= 1e-5 * max(1, expected), "\(architecture)")
            }
            let evaluation = ForwardContext(fixture.arena, mode: .evaluation)
            _ = try fixture.network.predictions(for: fixture.batch.inputs, in: evaluation)
            #expect(evaluation.auxiliaryLosses.isEmpty, "\(architecture)")
        }
    }

    @Test(
        "the predictions of some tasks are those of all", arguments: TestDevice.available,
        [ArchitectureFixture.TrunkKind.mlp, .smooth])
    func subset(device: TestDevice, trunk: ArchitectureFixture.TrunkKind) throws {
        let device = try device.make()
        for architecture in ArchitectureTests.all {
            let fixture = try ArchitectureFixture(architecture, over: trunk, on: device)
            let (network, input) = (fixture.network, fixture.batch.inputs)
            let evaluation = ForwardContext(fixture.arena, mode: .evaluation)
            let all = try network.predictions(for: input, in: evaluation).map { try $0.floats() }
            for tasks: Set<Int> in [[1], [0, 2]] {
                let some = try network.predictions(for: input, tasks: tasks, in: evaluation)
                #expect(some.count == 3)
                for (task, prediction) in some.enumerated() {
                    let expected = tasks.contains(task) ? all[task] : nil
                    #expect(try prediction?.floats() == expected, "\(architecture), task \(task) of \(tasks)")
                }
            }
        }
    }

    @Test("what belongs to tasks that are not asked for stands still")
    func absentTasks() throws {
        let fixture = try ArchitectureFixture(.mtan, over: .smooth, on: try TestDevice.cpu.make())
        let before = try fixture.arena.namedTensors.map { (name: $0.name, values: try $0.tensor.floats()) }
        _ = try fixture.network.predictions(for: fixture.batch.inputs, tasks: [1], in: fixture.context())
        for (before, after) in zip(before, fixture.arena.namedTensors) where before.name.hasSuffix("running_mean") {
            let isOfOtherTask = ["tasks.color", "tasks.shape"].contains(where: before.name.hasPrefix)
            #expect((try after.tensor.floats() == before.values) == isOfOtherTask, "\(before.name)")
        }
    }

    @Test(
        "derivatives, with the added losses, agree with differences", arguments: TestDevice.available,
        [ArchitectureFixture.TrunkKind.mlp, .smooth])
    func derivatives(device: TestDevice, trunk: ArchitectureFixture.TrunkKind) throws {
        let device = try device.make()
        for architecture in ArchitectureTests.all {
            let fixture = try ArchitectureFixture(architecture, over: trunk, on: device)
            try fixture.scatter()
            let start = try fixture.arena.values.floats()
            let gradients = try fixture.tasks.indices.map(fixture.gradient)
            for task in fixture.tasks.indices {
                let direction = direction(for: task, in: fixture, architecture)
                let slope = zip(gradients[task], direction).reduce(0) { $0 + $1.0 * $1.1 }
                /// What is minimised for the task, so many steps along the direction.
                func value(at steps: Double) throws -> Double {
                    try fixture.arena.values.overwrite(
                        with: zip(start, direction).map { Float(Double($0) + steps * 0x1p-6 * $1) })
                    return try fixture.losses()[task].reduce(0) { $0 + Double(try $1.scalar()) }
                }
                let inner = try value(at: 1) - value(at: -1)
                let outer = try value(at: 2) - value(at: -2)
                let difference = (8 * inner - outer) / 12 * 0x1p6
                try fixture.arena.values.overwrite(with: start)
                let norm = gradients[task].reduce(0) { $0 + $1 * $1 }.squareRoot()
                // The direction is a unit vector, so the norm is the scale of a slope. A loss is off by some roundings.
                #expect(
                    abs(slope - difference) <= 1e-3 * norm + 1e-4,
                    "\(architecture), task \(task): \(slope) instead of \(difference)")
            }
        }
    }

    /// A unit vector with components of equal size, of the parameters that the task's terms are differentiated by.
    private func direction(
        for task: Int, in fixture: ArchitectureFixture, _ architecture: Architecture
    ) -> [Double] {
        var direction = [Double](repeating: 0, count: fixture.arena.count)
        for segment in fixture.arena.segments {
            // Soft sharing takes the other tasks' trunks as constants.
            if case .softSharing = architecture, !segment.group.hasSuffix("." + fixture.tasks[task].name) { continue }
            let signs = ArchitectureFixture.uniform("direction.\(segment.name)", count: segment.shape.count)
            for (index, sign) in signs.enumerated() { direction[segment.offset + index] = sign < 0 ? -1 : 1 }
        }
        let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return direction.map { $0 / length }
    }

    /// Whether several losses reach a parameter, as the documentation of the architecture says.
    private func isShared(_ name: String, in architecture: Architecture) -> Bool {
        let prefixes: [String] =
            switch architecture {
            case .hardSharing: ["trunk."]
            case .crossStitch: ["trunks.", "stitches."]
            case .mmoe, .cgc, .dselectK: ["experts."]
            // Of two stages the tasks' experts of the first are mixed into what all tasks see.
            case .ple: ["experts.", "gates."] + ArchitectureFixture.tasks.map { "tasks.\($0.name).experts.0.0." }
            case .mtan: ["trunk.", "transitions."]
            case .learningToBranch: ["trunks.", "branches."]
            case .softSharing: []
            }
        return prefixes.contains(where: name.hasPrefix)
    }

    @Test(
        "what several losses reach is shared; Gramian and direction are those of separate walks",
        arguments: TestDevice.available)
    func sharing(device: TestDevice) throws {
        let device = try device.make()
        for architecture in ArchitectureTests.all {
            let fixture = try ArchitectureFixture(architecture, over: .mlp, on: device)
            try fixture.scatter()
            let shared = fixture.arena.segments.filter { isShared($0.name, in: architecture) }
            var gradients = try fixture.stackedGradients()
            #expect(gradients.sharedCount == shared.reduce(0) { $0 + $1.shape.count }, "\(architecture)")
            #expect(gradients.groups == Set(fixture.arena.segments.map(\.group)), "\(architecture)")
            let separate = try fixture.tasks.indices.map(fixture.gradient)
            let expected = SquareMatrix(
                gramianOf: separate.map { row in shared.flatMap { row[$0.offset..<$0.offset + $0.shape.count] } })
            let gramian = try gradients.gramian()
            for row in 0..<3 {
                for column in 0..<3 {
                    let scale = (expected[row, row] * expected[column, column]).squareRoot()
                    #expect(abs(gramian[row, column] - expected[row, column]) <= 1e-5 * scale, "\(architecture)")
                }
            }
            let weights = [0.5, -2, 1.25]
            let target = try Tensor.filled(with: 9, [fixture.arena.count], on: device)
            try gradients.write(weights: weights, to: target)
            let found = try target.floats()
            for segment in fixture.arena.segments {
                let isShared = isShared(segment.name, in: architecture)
                for index in segment.offset..<segment.offset + segment.shape.count {
                    let terms = (0..<3).map { (isShared ? weights[$0] : 1) * separate[$0][index] }
                    let scale = terms.reduce(1e-3) { $0 + abs($1) }
                    let difference = abs(Double(found[index]) - terms.reduce(0, +))
                    #expect(difference <= 1e-5 * scale, "\(architecture): \(segment.name)")
                }
            }
        }
    }

    @Test("soft sharing pulls the trunks by the gradient of the whole penalty")
    func wholePenalty() throws {
        let fixture = try ArchitectureFixture(
            .softSharing(SoftSharing(strength: 0.2)), over: .mlp, on: try TestDevice.cpu.make())
        try fixture.scatter()
        let tape = Tape()
        let context = fixture.context(tape: tape)
        _ = try fixture.network.predictions(for: fixture.batch.inputs, in: context)
        let seeds = context.auxiliaryLosses.map { Seed($0.loss, task: $0.task) }
        let target = try Tensor.filled(with: 0, [fixture.arena.count], on: fixture.arena.device)
        var gradients = try TaskGradients(walking: tape, from: seeds, of: fixture.arena, tasks: [0, 1, 2])
        try gradients.write(weights: [1, 1, 1], to: target)
        let (found, values) = (try target.floats(), try fixture.arena.values.floats())
        let trunks = fixture.tasks.map { task in
            fixture.arena.segments.filter { $0.name.hasPrefix("tasks.\(task.name).trunk") }
                .flatMap { $0.offset..<$0.offset + $0.shape.count }
        }
        #expect(trunks[0].count == 6 * 7 + 7 + 7 * 5 + 5)
        for task in 0..<3 {
            for element in trunks[task].indices {
                let own = Double(values[trunks[task][element]])
                let expected = 0.2 * (3 * own - trunks.reduce(0) { $0 + Double(values[$1[element]]) })
                #expect(abs(Double(found[trunks[task][element]]) - expected) <= 1e-6)
            }
        }
    }

    @Test("cross-stitch starts near one network per task", arguments: [1, 0.999] as [Float])
    func crossStitchStart(own: Float) throws {
        let fixture = try ArchitectureFixture(
            .crossStitch(CrossStitch(own: own)), over: .smooth, on: try TestDevice.cpu.make())
        let scope = ParameterScope()
        let separate = zip(ArchitectureFixture.tasks, ArchitectureFixture.outputs).map { task, outputs in
            HardSharing(
                trunk: SmoothTrunk(scope["trunks"][task.name], channels: 2),
                heads: [MLP(scope["heads"][task.name], inputs: 6, hidden: [], outputs: outputs)])
        }
        // Names and seed are those of the stitched network, and so are the values.
        let arena = try ParameterArena(scope, seed: 3, on: fixture.arena.device)
        let predictions = try fixture.network.predictions(for: fixture.batch.inputs, in: fixture.context())
        for (found, network) in zip(predictions, separate) {
            let context = ForwardContext(arena, mode: .training)
            let expected = try network.predictions(for: fixture.batch.inputs, in: context)[0].floats()
            for (found, expected) in zip(try found.floats(), expected) {
                #expect(abs(found - expected) <= (own == 1 ? 1e-6 : 1e-2))
            }
            #expect(try own == 1 || found.floats() != expected)
        }
    }

    @Test("stitches start with rows that sum to 1")
    func stitchesStart() throws {
        let device = try TestDevice.cpu.make()
        let fixture = try ArchitectureFixture(.crossStitch(), over: .mlp, on: device)
        let stitch = try #require(fixture.arena.namedTensors.first { $0.name == "stitches.1" }).tensor
        let expected: [Float] = [0.9, 0.05, 0.05, 0.05, 0.9, 0.05, 0.05, 0.05, 0.9]
        for (found, expected) in zip(try stitch.floats(), expected) { #expect(abs(found - expected) < 1e-6) }
        let single = try ArchitectureFixture(.crossStitch(), over: .mlp, tasks: 1, on: device)
        #expect(try #require(single.arena.namedTensors.first { $0.name == "stitches.1" }).tensor.floats() == [1])
    }

    @Test("parameters are named after what they belong to")
    func parameterNames() throws {
        let device = try TestDevice.cpu.make()
        func names(_ architecture: Architecture) throws -> [String] {
            let fixture = try ArchitectureFixture(architecture, over: .mlp, tasks: 2, on: device)
            return fixture.arena.namedTensors.map(\.name)
        }
        func layers(_ scopes: String...) -> [String] { scopes.flatMap { ["\($0).weight", "\($0).bias"] } }
        func norm(_ scope: String) -> [String] { layers(scope) + ["\(scope).running_mean", "\(scope).running_var"] }
        func trunks(_ scopes: String...) -> [String] { scopes.flatMap { layers("\($0).0", "\($0).1") } }
        let heads = layers("heads.color.0", "heads.size.0")
        let gates = layers("tasks.color.gate", "tasks.size.gate")
        let attention = ["color", "size"].flatMap { task in
            (0..<2).flatMap { stage in
                (1...2).flatMap { number in
                    let scope = "tasks.\(task).attention.\(stage)"
                    return ["\(scope).conv\(number).weight"] + norm("\(scope).bn\(number)")
                }
            }
        }
        let experts = trunks("experts.0", "experts.1")
        let taskExperts = trunks("tasks.color.experts.0", "tasks.size.experts.0")
        let expected: [(Architecture, [String])] = [
            (.hardSharing, trunks("trunk")),
            (.crossStitch(), trunks("trunks.color", "trunks.size") + ["stitches.0", "stitches.1"]),
            (.mmoe(MMoE(experts: 2)), experts + gates), (.cgc(), experts + taskExperts + gates),
            (
                .ple(),
                experts + taskExperts
                    + layers(
                        "gates.0", "tasks.color.gates.0", "tasks.color.gates.1", "tasks.size.gates.0",
                        "tasks.size.gates.1")
            ), (.mtan, trunks("trunk") + ["transitions.1.conv.weight"] + norm("transitions.1.bn") + attention),
            (
                .dselectK(DSelectK(experts: 2)),
                experts
                    + layers(
                        "tasks.color.gate.digits", "tasks.color.gate.selectors", "tasks.size.gate.digits",
                        "tasks.size.gate.selectors")
            ), (.learningToBranch(), trunks("trunks.color", "trunks.size") + ["branches.0", "branches.1"]),
            (.softSharing(), trunks("tasks.color.trunk", "tasks.size.trunk")),
        ]
        #expect(expected.map(\.0.name) == Architecture.names)
        for (architecture, expected) in expected {
            let found = try names(architecture)
            #expect(found.sorted() == (expected + heads).sorted(), "\(architecture)")
            #expect(Set(found).count == found.count)
        }
    }

    @Test(
        "train over every trunk, and everything learns", arguments: TestDevice.available,
        [ArchitectureFixture.TrunkKind.mlp, .plain, .lenet, .resnet18])
    func training(device: TestDevice, trunk: ArchitectureFixture.TrunkKind) throws {
        let device = try device.make()
        for architecture in Architecture.all {
            // Branches that nobody has taken in three steps would not move.
            let architecture =
                architecture.name == "learning-to-branch"
                ? .learningToBranch(LearningToBranch(straightThrough: false)) : architecture
            for method in ["sum", "pcgrad"] {
                let fixture = try ArchitectureFixture(architecture, over: trunk, tasks: 2, on: device)
                let before = try fixture.arena.namedTensors.map { try $0.tensor.floats() }
                let step = try fixture.trainingStep(method)
                for number in 1...3 {
                    let outcome = try step(fixture.batch, step: number, learningRate: 0.01)
                    #expect(outcome.losses.allSatisfy { $0?.isFinite ?? false })
                }
                for (before, (name, tensor)) in zip(before, fixture.arena.namedTensors) {
                    let after = try tensor.floats()
                    #expect(after.allSatisfy { $0.isFinite } && after != before, "\(architecture): \(name)")
                }
                let predictions = try fixture.network.predictions(
                    for: fixture.batch.inputs, in: ForwardContext(fixture.arena, mode: .evaluation))
                #expect(predictions.map(\.shape) == [[5, 3], [5, 2]])
            }
        }
    }

    @Test("added losses reach the optimizer, for every task that is there", arguments: ["sum", "pcgrad"])
    func trainsAddedLosses(method: String) throws {
        let device = try TestDevice.cpu.make()
        /// How far apart two tasks' trunks end, and how far that of the task between them goes.
        func distances(_ strength: Float, absent: String? = nil) throws -> (apart: Double, moved: Double) {
            let fixture = try ArchitectureFixture(
                .softSharing(SoftSharing(strength: strength)), over: .mlp, absent: absent, on: device)
            let step = try fixture.trainingStep(method)
            let before = try trunks(fixture)
            for number in 1...20 { _ = try step(fixture.batch, step: number, learningRate: 0.02) }
            let after = try trunks(fixture)
            return (squaredDistance(after[0], after[2]), squaredDistance(before[1], after[1]))
        }
        func trunks(_ fixture: ArchitectureFixture) throws -> [[Float]] {
            try fixture.tasks.map { task in
                try fixture.arena.namedTensors.filter { $0.name.hasPrefix("tasks.\(task.name).") }
                    .flatMap { try $0.tensor.floats() }
            }
        }
        func squaredDistance(_ left: [Float], _ right: [Float]) -> Double {
            zip(left, right).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
        }
        #expect(try distances(10).apart < 0.25 * distances(0).apart)
        #expect(try distances(10).moved > 0)
        // A task that is absent stays as it is, although its trunk is far from the others.
        #expect(try distances(10, absent: "size").moved == 0)
    }

    @Test("the temperature of branches falls to its end and stays there")
    func temperature() {
        let options = LearningToBranch(temperature: 8, finalTemperature: 0.5, annealingSteps: 4)
        #expect([0, 1, 2, 3, 4, 100].map(options.temperature(at:)) == [8, 4, 2, 1, 0.5, 0.5])
    }

    @Test("branches are drawn anew for every step, and the same for the same one", arguments: TestDevice.available)
    func branches(device: TestDevice) throws {
        let fixture = try ArchitectureFixture(.learningToBranch(), over: .mlp, on: try device.make())
        func predictions(_ step: Int) throws -> [Float] {
            try fixture.network.predictions(for: fixture.batch.inputs, in: fixture.context(step: step))
                .flatMap { try $0.floats() }
        }
        let steps = try (1...8).map(predictions)
        #expect(try (1...8).map(predictions) == steps)
        #expect(Set(steps).count > 1)
    }

    @Test("evaluation takes the likeliest branch")
    func likeliestBranch() throws {
        let fixture = try ArchitectureFixture(.learningToBranch(), over: .mlp, on: try TestDevice.cpu.make())
        for name in ["branches.0", "branches.1"] {
            // All tasks on the nodes of the second one.
            let logits = try #require(fixture.arena.namedTensors.first { $0.name == name }).tensor
            try logits.overwrite(with: [0, 1, 0.5, 0, 1, 0.5, -1, 0, -2])
        }
        let predictions = try fixture.network.predictions(
            for: fixture.batch.inputs, in: ForwardContext(fixture.arena, mode: .evaluation))
        let scope = ParameterScope()
        let separate = HardSharing(
            trunk: MLP(scope["trunks"]["size"], inputs: 6, hidden: [7, 5], activation: .tanh),
            heads: ArchitectureFixture.tasks.enumerated().map {
                MLP(scope["heads"][$1.name], inputs: 5, hidden: [], outputs: ArchitectureFixture.outputs[$0])
            })
        let arena = try ParameterArena(scope, seed: 3, on: fixture.arena.device)
        let expected = try separate.predictions(
            for: fixture.batch.inputs, in: ForwardContext(arena, mode: .evaluation))
        for (found, expected) in zip(predictions, expected) {
            for (found, expected) in zip(try found.floats(), try expected.floats()) {
                #expect(abs(found - expected) <= 1e-6)
            }
        }
    }
}
