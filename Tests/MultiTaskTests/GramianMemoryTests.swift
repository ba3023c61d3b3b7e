import Compute
import MultiTask
import Networks
import Tensors
import TestDevices
import Testing

@Suite("Memory of the Gramian") struct GramianMemoryTests {
    /// Bytes at the peak of one step of the wide workload.
    private func peak(tasks: Int, on device: any Device) throws -> Int {
        let workload = try StandardWorkload.mlpWide.prepare(
            on: device, method: try Method(named: "pcgrad", seed: 0), tasks: tasks)
        try workload.takeStep()
        device.pool.resetPeak()
        try workload.takeStep()
        return device.pool.statistics.peakBytes
    }

    @Test("32 heads need at most half as much again as 2, and their deltas", arguments: TestDevice.available)
    func manyHeads(device: TestDevice) throws {
        let few = try peak(tasks: 2, on: device.make())
        let many = try peak(tasks: 32, on: device.make())
        let deltas = 4 * 32 * StandardWorkload.mlpWide.standardBatch * 3 * 1024
        #expect(2 * many <= 3 * few + 2 * deltas, "\(many) bytes with 32 heads, \(few) with 2")
    }

    @Test("rows stay within the memory that they were given, and the results are the same", arguments: TestDevice.available)
    func budget(device: TestDevice) throws {
        let device = try device.make()
        // More samples than inputs, so that the trunk's rows are formed.
        let scope = ParameterScope()
        let trunk = Dense(scope["trunk"], 96, 160, activation: .relu)
        let heads = (0..<3).map { Dense(scope["heads"]["\($0)"], 160, 2) }
        let arena = try ParameterArena(scope, seed: 3, on: device)
        let tape = Tape()
        let context = ForwardContext(arena, mode: .training, tape: tape)
        let input = try Tensor.normal([256, 96], random: RandomPosition(seed: 8, stream: 1), on: device)
        let features = try trunk(input, in: context)
        let seeds = try heads.enumerated().map { task, head in
            let targets = try Tensor.normal(
                [256, 2], random: RandomPosition(seed: UInt64(task), stream: 2), on: device)
            return Seed(try (head(features, in: context) - targets).squared().sum(), task: task)
        }
        let leaves = try tape.backward(from: seeds)
        let weight = try #require(leaves[trunk.weight.index]?.contributions.first?.gradient.outerProduct)
        #expect(weight.form == .direct && weight.favorsKeepingRows)

        /// Gramian, direction, and the bytes that were needed for them at one time.
        func results(memory: Int) throws -> (gramian: [Double], direction: [Float], bytes: Int) {
            let target = try Tensor.filled(with: 0, [arena.count], on: device)
            let before = device.pool.statistics.liveBytes
            device.pool.resetPeak()
            var gradients = TaskGradients(of: arena, tasks: [0, 1, 2], purpose: .gramian(memory: memory))
            for (leaf, gradient) in leaves { try gradients.add(gradient, of: leaf) }
            let bytes = device.pool.statistics.peakBytes - before
            let gramian = try gradients.gramian()
            try gradients.write(weights: [0.5, -1, 2], to: target)
            return (gramian.values, try target.floats(), bytes)
        }
        let rowBytes = 4 * 3 * weight.count
        let whole = try results(memory: 4 * rowBytes)
        for memory in [rowBytes / 2, 1] {
            let part = try results(memory: memory)
            // One channel at a time is the least there is.
            let least = 8192
            #expect(part.bytes <= whole.bytes - rowBytes + max(memory, least), "\(part.bytes) and \(whole.bytes) bytes")
            for index in 0..<9 {
                let scale = (whole.gramian[index / 3 * 4] * whole.gramian[index % 3 * 4]).squareRoot()
                #expect(abs(part.gramian[index] - whole.gramian[index]) <= 1e-6 * scale)
            }
            let scale = whole.direction.reduce(0) { max($0, abs($1)) }
            #expect(zip(part.direction, whole.direction).allSatisfy { abs($0 - $1) <= 1e-5 * scale })
        }
    }
}
