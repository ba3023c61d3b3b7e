import Compute
import Networks
import Optimizers
import Tensors
import TestDevices
import Testing

@Suite struct OptimizerTests {
    /// An arena with one parameter in each of some scopes, as the recorded trajectories start.
    private func makeArena(_ names: [String], decays: Bool = true, on device: any Device) throws -> ParameterArena {
        let scope = ParameterScope()
        for name in names {
            _ = scope[name].parameter(
                "weight", [Fixture.parameterCount], initializer: .constant(0), decays: decays)
        }
        let arena = try ParameterArena(scope, seed: 0, on: device)
        for index in names.indices { try write(Fixture.start, to: arena.values, at: index, of: arena) }
        return arena
    }

    private func write(_ values: [Float], to tensor: Tensor, at index: Int, of arena: ParameterArena) throws {
        let target = tensor.storage.advanced(by: arena.segments[index].offset)
        try values.withUnsafeBytes { try arena.device.upload($0, to: target) }
    }

    private func values(_ index: Int, of arena: ParameterArena) throws -> [Float] {
        try arena.view(of: arena.segments[index], in: arena.values).floats()
    }

    private func expectClose(_ found: [Float], _ expected: [Float], steps: Int, _ what: String) {
        // Every step adds a few roundings of values around 1.
        let bound = 0x1p-22 * Float(steps + 1)
        for (found, expected) in zip(found, expected) {
            #expect(abs(found - expected) <= bound, "\(what): \(found), expected \(expected)")
        }
    }

    static let rules: [(String, any OptimizerRule)] = [
        ("sgd", SGD()),
        ("sgdDecay", SGD(weightDecay: 0.05)),
        ("momentum", SGD(momentum: 0.9, weightDecay: 0.05)),
        ("nesterov", SGD(momentum: 0.9, nesterov: true, weightDecay: 0.05)),
        ("adam", Adam()),
        ("adamDecay", Adam(beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.05)),
        ("adamw", AdamW(weightDecay: 0.05)),
    ]

    @Test("moves as PyTorch's", arguments: TestDevice.available, rules)
    func trajectory(device: TestDevice, rule: (String, any OptimizerRule)) throws {
        let expected = try #require(try Fixture.load().trajectories[rule.0])
        let arena = try makeArena(["trunk"], on: device.make())
        let optimizer = try Optimizer(rule.1, for: arena)
        let gradients = try Tensor.filled(with: 0, [arena.count], on: arena.device)
        for (step, expected) in expected.enumerated() {
            try write(Fixture.gradient(step: step), to: gradients, at: 0, of: arena)
            try optimizer.step(gradients: gradients, learningRate: 0.1)
            expectClose(try values(0, of: arena), expected, steps: step, "step \(step)")
        }
        #expect(optimizer.stepCounts == [expected.count])
    }

    @Test("clips as clip_grad_norm_", arguments: TestDevice.available)
    func clipping(device: TestDevice) throws {
        let expected = try #require(try Fixture.load().trajectories["sgdClipped"])
        let arena = try makeArena(["trunk"], on: device.make())
        let optimizer = try Optimizer(SGD(), for: arena)
        let gradients = try Tensor.filled(with: 0, [arena.count], on: arena.device)
        for (step, expected) in expected.enumerated() {
            try write(Fixture.gradient(step: step), to: gradients, at: 0, of: arena)
            try optimizer.step(gradients: gradients, learningRate: 0.1, clippingNorm: 1.5)
            expectClose(try values(0, of: arena), expected, steps: step, "step \(step)")
        }
    }

    @Test("clips the norm over all groups that take part", arguments: TestDevice.available)
    func clippingSeveralGroups(device: TestDevice) throws {
        let arena = try makeArena(["trunk", "heads.left", "heads.right"], on: device.make())
        let optimizer = try Optimizer(SGD(), for: arena)
        let gradients = try Tensor.filled(with: 0, [arena.count], on: arena.device)
        let parts = (0..<3).map { Fixture.gradient(step: $0) }
        for index in 0..<3 { try write(parts[index], to: gradients, at: index, of: arena) }
        try optimizer.step(
            gradients: gradients, learningRate: 1, groups: ["trunk", "heads.right"], clippingNorm: 0.5)
        let norm = (parts[0] + parts[2]).reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        for index in [0, 2] {
            let expected = zip(Fixture.start, parts[index]).map { $0 - Float(0.5 / (norm + 1e-6)) * $1 }
            expectClose(try values(index, of: arena), expected, steps: 0, "group \(index)")
        }
        #expect(try values(1, of: arena) == Fixture.start)
    }

    @Test("a group without gradients neither moves nor ages", arguments: TestDevice.available)
    func absentGroup(device: TestDevice) throws {
        let fixture = try Fixture.load()
        let always = try #require(fixture.trajectories["adam"])
        let sometimes = try #require(fixture.trajectories["adamAbsent"])
        let arena = try makeArena(["trunk", "heads.left"], on: device.make())
        let optimizer = try Optimizer(Adam(), for: arena)
        let gradients = try Tensor.filled(with: 0, [arena.count], on: arena.device)
        for step in always.indices {
            let isAbsent = [0, 3, 4, 11].contains(step)
            try write(Fixture.gradient(step: step), to: gradients, at: 0, of: arena)
            try write(
                isAbsent ? Array(repeating: .nan, count: Fixture.parameterCount) : Fixture.gradient(step: step),
                to: gradients, at: 1, of: arena)
            try optimizer.step(
                gradients: gradients, learningRate: 0.1, groups: isAbsent ? ["trunk"] : ["trunk", "heads.left"])
            expectClose(try values(0, of: arena), always[step], steps: step, "trunk, step \(step)")
            expectClose(try values(1, of: arena), sometimes[step], steps: step, "head, step \(step)")
        }
        #expect(optimizer.stepCounts == [20, 16])
    }

    @Test("weight decay leaves out what declares none", arguments: TestDevice.available)
    func withoutDecay(device: TestDevice) throws {
        let fixture = try Fixture.load()
        let arena = try makeArena(["trunk"], decays: false, on: device.make())
        let optimizer = try Optimizer(SGD(weightDecay: 0.05), for: arena)
        let gradients = try Tensor.filled(with: 0, [arena.count], on: arena.device)
        try write(Fixture.gradient(step: 0), to: gradients, at: 0, of: arena)
        try optimizer.step(gradients: gradients, learningRate: 0.1)
        let expected = try #require(fixture.trajectories["sgd"]?.first)
        expectClose(try values(0, of: arena), expected, steps: 0, "without decay")
    }

    @Test("groups have learning rates of their own", arguments: TestDevice.available)
    func multipliers(device: TestDevice) throws {
        let arena = try makeArena(["trunk", "heads.left"], on: device.make())
        let optimizer = try Optimizer(SGD(), for: arena)
        optimizer.setLearningRateMultiplier(0.25, ofGroup: "trunk")
        let gradients = try Tensor.filled(with: 1, [arena.count], on: arena.device)
        try optimizer.step(gradients: gradients, learningRate: 0.5)
        #expect(try values(0, of: arena) == Fixture.start.map { $0 - 0.125 })
        #expect(try values(1, of: arena) == Fixture.start.map { $0 - 0.5 })
    }

    @Test("groups are updated in one launch while they are treated alike", arguments: TestDevice.available)
    func alikeGroups(device: TestDevice) throws {
        let arena = try makeArena(["trunk", "heads.left"], on: device.make())
        let optimizer = try Optimizer(Adam(), for: arena)
        var values = [Float](repeating: 0, count: arena.count)
        for segment in arena.segments {
            for index in 0..<segment.shape.count { values[segment.offset + index] = 1 }
        }
        let gradients = try Tensor(values, shape: [arena.count], on: arena.device)
        func launches(groups: Set<String>? = nil) throws -> Int {
            let before = arena.device.launches
            try optimizer.step(gradients: gradients, learningRate: 0.5, groups: groups)
            return arena.device.launches - before
        }
        #expect(try launches() == 1)
        // Adam's first step is the learning rate; what lies between the groups stays 0.
        let after = try arena.values.floats()
        for (index, value) in values.enumerated() where value == 0 { #expect(after[index] == 0) }
        for number in arena.segments.indices {
            #expect(zip(try self.values(number, of: arena), Fixture.start).allSatisfy { abs($0 - ($1 - 0.5)) < 1e-6 })
        }
        // From now on the numbers of their steps differ.
        #expect(try launches(groups: ["trunk"]) == 1)
        #expect(try launches() == 2)
    }

    @Test("frozen parameters stay, and a step is one launch per run of alike ones", arguments: TestDevice.available)
    func frozen(device: TestDevice) throws {
        let device = try device.make()
        let scope = ParameterScope()
        for name in ["a", "b", "c", "d"] {
            _ = scope["trunk"][name].parameter("weight", [3, 5], initializer: .constant(1))
            _ = scope["trunk"][name].parameter("bias", [5], initializer: .constant(1), decays: false)
        }
        let arena = try ParameterArena(scope, seed: 0, on: device)
        let optimizer = try Optimizer(SGD(weightDecay: 0.5), for: arena)
        let gradients = try Tensor.filled(with: 1, [arena.count], on: device)
        var launches = device.launches
        try optimizer.step(gradients: gradients, learningRate: 0.5)
        #expect(device.launches - launches == 2)
        arena.freeze(prefixes: ["trunk.b"])
        launches = device.launches
        try optimizer.step(gradients: gradients, learningRate: 0.5)
        #expect(device.launches - launches == 4)
        for segment in arena.segments {
            // With decay: 1 - 0.5·(1 + 0.5·1) = 0.25, then 0.25 - 0.5·(1 + 0.125) = -0.3125.
            let expected: Float =
                segment.decays
                ? (segment.name.contains(".b.") ? 0.25 : -0.3125) : (segment.name.contains(".b.") ? 0.5 : 0)
            #expect(
                try arena.view(of: segment, in: arena.values).floats().allSatisfy { $0 == expected },
                "\(segment.name)")
        }
    }

    @Test("goes on from saved states as if it had not stopped", arguments: TestDevice.available)
    func resuming(device: TestDevice) throws {
        let device = try device.make()
        let arena = try makeArena(["trunk"], on: device)
        var optimizer = try Optimizer(Adam(), for: arena)
        let gradients = try Tensor.filled(with: 0, [arena.count], on: device)
        let expected = try #require(try Fixture.load().trajectories["adam"])
        for (step, expected) in expected.enumerated() {
            if step == 7 {
                let resumed = try Optimizer(Adam(), for: arena)
                #expect(resumed.states.map(\.name) == ["firstMoment", "secondMoment"])
                for (old, new) in zip(optimizer.states, resumed.states) {
                    try old.tensor.floats().withUnsafeBytes { try device.upload($0, to: new.tensor.storage) }
                }
                resumed.stepCounts = optimizer.stepCounts
                optimizer = resumed
            }
            try write(Fixture.gradient(step: step), to: gradients, at: 0, of: arena)
            try optimizer.step(gradients: gradients, learningRate: 0.1)
            expectClose(try values(0, of: arena), expected, steps: step, "step \(step)")
        }
    }
}
