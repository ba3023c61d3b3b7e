import Checkpoints
import Compute
import Foundation
import MultiTask
import Networks
import Tensors
import TestDevices
import Testing
import Transfer

/// A trunk of two connected layers with adapters.
struct AdaptedMLP {
    let set: AdapterSet
    let trunk: MLP
    let arena: ParameterArena
    let input: Tensor

    init(
        _ method: AdapterMethod, targets: AdapterTargets = .allLinear, tasks: [String] = [], on device: any Device
    ) throws {
        set = try AdapterSet(method, targets: targets, tasks: tasks)
        let scope = ParameterScope()
        trunk = MLP(scope["trunk"].adapting(set), inputs: 6, hidden: [7, 5])
        try set.checkUse()
        arena = try ParameterArena(scope, seed: 1, on: device)
        input = try Tensor(numbers("input", count: 4 * 6), shape: [4, 6], on: device)
    }

    func output(task: Int? = nil, tape: Tape? = nil) throws -> Tensor {
        let context = ForwardContext(arena, mode: .evaluation, tape: tape)
        guard let task else { return try trunk(input, in: context) }
        return try context.running(task: task) { () throws(ComputeError) in try trunk(input, in: context) }.output
    }

    /// The same in Float64, with the update of both layers in the given scope.
    func reference(scope: String, scale: Double, rank: Int) throws -> [Double] {
        var x = Matrix(try input.floats(), 4, 6)
        for (layer, (inputs, outputs)) in [(6, 7), (7, 5)].enumerated() {
            let weight = Matrix(try arena.floats("trunk.\(layer).weight"), inputs, outputs)
            let a = Matrix(try arena.floats("\(scope).trunk.\(layer).lora_A.weight"), inputs, rank)
            let b = Matrix(try arena.floats("\(scope).trunk.\(layer).lora_B.weight"), rank, outputs)
            x = (x * (weight + scale * (a * b))).adding(try arena.floats("trunk.\(layer).bias")).relu
        }
        return x.values
    }
}

@Suite("Low-rank adapters")
struct LowRankAdapterTests {
    private let lowRank = AdapterMethod.lowRank(LowRankAdaptation(rank: 3, alpha: 6))

    @Test("a network begins as it would without adapters", arguments: TestDevice.available)
    func beginsAsBefore(device: TestDevice) throws {
        let adapted = try AdaptedMLP(lowRank, on: try device.make())
        let scope = ParameterScope()
        let plain = MLP(scope["trunk"], inputs: 6, hidden: [7, 5])
        let arena = try ParameterArena(scope, seed: 1, on: adapted.arena.device)
        let expected = try plain(adapted.input, in: ForwardContext(arena, mode: .evaluation)).floats()
        // The initial values belong to the names, so the weights are the same with and without adapters.
        #expect(try arena.floats("trunk.1.weight") == adapted.arena.floats("trunk.1.weight"))
        expectClose(try adapted.output().floats(), expected, within: 1e-6)
    }

    @Test("shared and own adapters compute (W + s·A·B)x as Float64 does", arguments: TestDevice.available)
    func forward(device: TestDevice) throws {
        let shared = try AdaptedMLP(lowRank, on: try device.make())
        try fill(shared.arena)
        #expect(try shared.arena.floats("adapters.trunk.1.lora_B.weight").allSatisfy { $0 != 0 })
        expectClose(
            try shared.output().floats(), try shared.reference(scope: "adapters", scale: 2, rank: 3), within: 1e-5)
        let own = try AdaptedMLP(lowRank, tasks: ["a", "b"], on: try device.make())
        try fill(own.arena)
        for (number, task) in ["a", "b"].enumerated() {
            expectClose(
                try own.output(task: number).floats(), try own.reference(scope: "tasks.\(task)", scale: 2, rank: 3),
                within: 1e-5, task)
        }
    }

    @Test("gradients follow from that of the merged weight", arguments: TestDevice.available)
    func gradients(device: TestDevice) throws {
        // With W' = W + s·A·B the chain rule gives dA = s·dW'·Bᵀ and dB = s·Aᵀ·dW'.
        let network = try AdaptedMLP(lowRank, on: try device.make())
        try fill(network.arena)
        func gradients() throws -> (names: [String], gradients: [String: [Float]]) {
            let tape = Tape()
            let loss = try network.output(tape: tape).sumOfSquares()
            let target = try Tensor.filled(with: 0, [network.arena.count], on: network.arena.device)
            var gradients = try TaskGradients(
                walking: tape, from: [Seed(loss, task: 0)], of: network.arena, tasks: [0])
            try gradients.write(weights: [1], to: target)
            var values: [String: [Float]] = [:]
            for segment in network.arena.segments {
                values[segment.name] = try network.arena.view(of: segment, in: target).floats()
            }
            return (network.arena.segments.map(\.name), values)
        }
        let (_, adapted) = try gradients()
        try AdapterSet.merge([network.set], in: network.arena)
        let (_, merged) = try gradients()
        for (layer, (inputs, outputs)) in [(6, 7), (7, 5)].enumerated() {
            let weight = Matrix(try #require(merged["trunk.\(layer).weight"]), inputs, outputs)
            let a = Matrix(try network.arena.floats("adapters.trunk.\(layer).lora_A.weight"), inputs, 3)
            let b = Matrix(try network.arena.floats("adapters.trunk.\(layer).lora_B.weight"), 3, outputs)
            let (first, second) = (2 * (weight * b.transposed), 2 * (a.transposed * weight))
            let scale = (first.values + second.values).map(abs).max() ?? 0
            #expect(scale > 0.1)
            expectClose(
                try #require(adapted["adapters.trunk.\(layer).lora_A.weight"]), first.values, within: 1e-5 * scale)
            expectClose(
                try #require(adapted["adapters.trunk.\(layer).lora_B.weight"]), second.values, within: 1e-5 * scale)
        }
        // While they are merged, adapters take no part.
        #expect(merged["adapters.trunk.0.lora_A.weight"]?.allSatisfy { $0 == 0 } == true)
    }

    @Test("merged equals unmerged to 1e-5, and unmerging brings the weights back", arguments: TestDevice.available)
    func merging(device: TestDevice) throws {
        for tasks in [[], ["a", "b"]] {
            let network = try AdaptedMLP(lowRank, tasks: tasks, on: try device.make())
            try fill(network.arena)
            let task = tasks.isEmpty ? nil : 1
            let expected = try network.output(task: task).floats()
            let weights = try network.arena.floats("trunk.0.weight")

            // A checkpoint without adapters gives the same in a network without adapters.
            let path = temporaryPath() + ".safetensors"
            defer { try? FileManager.default.removeItem(atPath: path) }
            try SafetensorsFile.write(
                try AdapterSet.mergedTensors([network.set], task: task, in: network.arena), metadata: [:], to: path)
            let scope = ParameterScope()
            let plain = MLP(scope["trunk"], inputs: 6, hidden: [7, 5])
            let arena = try ParameterArena(scope, seed: 9, on: network.arena.device)
            try NetworkCheckpoint.read(path, into: arena)
            expectClose(
                try plain(network.input, in: ForwardContext(arena, mode: .evaluation)).floats(), expected, within: 1e-5)

            try AdapterSet.merge([network.set], task: task, in: network.arena)
            #expect(try network.arena.floats("trunk.0.weight") != weights)
            expectClose(try network.output(task: task).floats(), expected, within: 1e-5)
            #expect(throws: AdapterError.self) {
                try AdapterSet.merge([network.set], task: task, in: network.arena)
            }
            try AdapterSet.unmerge([network.set], task: task, in: network.arena)
            expectClose(try network.arena.floats("trunk.0.weight"), weights, within: 1e-6)
            expectClose(try network.output(task: task).floats(), expected, within: 1e-5)
            #expect(throws: AdapterError.self) {
                try AdapterSet.unmerge([network.set], task: task, in: network.arena)
            }
        }
        let own = try AdaptedMLP(lowRank, tasks: ["a"], on: try device.make())
        #expect(throws: AdapterError.self) { try AdapterSet.merge([own.set], in: own.arena) }
    }

    @Test("dropout thins the update in training alone, and is the same in the same step")
    func dropout() throws {
        let network = try AdaptedMLP(
            .lowRank(LowRankAdaptation(rank: 3, alpha: 6, dropout: 0.5)), on: try TestDevice.cpu.make())
        try fill(network.arena)
        func output(_ mode: ForwardContext.Mode, step: Int) throws -> [Float] {
            try network.trunk(network.input, in: ForwardContext(network.arena, mode: mode, seed: 1, step: step)).floats()
        }
        expectClose(
            try output(.evaluation, step: 1), try network.reference(scope: "adapters", scale: 2, rank: 3), within: 1e-5)
        #expect(try output(.training, step: 1) == output(.training, step: 1))
        #expect(try output(.training, step: 1) != output(.training, step: 2))
        #expect(try output(.training, step: 1) != output(.evaluation, step: 1))
    }

    @Test("convolutions are updated by a filter of the whole window", arguments: TestDevice.available)
    func convolution(device: TestDevice) throws {
        let device = try device.make()
        let set = try AdapterSet(lowRank, targets: .names(["conv"]))
        let scope = ParameterScope()
        let layer = Convolution2D(
            scope["trunk"].adapting(set)["conv"], inputs: 2, outputs: 5,
            window: Window2D(size: 3, stride: 2, padding: 1), activation: .relu)
        let arena = try ParameterArena(scope, seed: 1, on: device)
        try fill(arena)
        #expect(arena.segments.map(\.shape) == [[3, 3, 2, 5], [5], [3, 3, 2, 3], [3, 5]])
        let input = try Tensor(numbers("images", count: 2 * 5 * 6 * 2), shape: [2, 5, 6, 2], on: device)
        func output() throws -> [Float] { try layer(input, in: ForwardContext(arena, mode: .evaluation)).floats() }
        let adapted = try output()
        try AdapterSet.merge([set], in: arena)
        // The merged filter is the reference: convolutions themselves are checked elsewhere.
        expectClose(adapted, try output(), within: 1e-5)
        let a = Matrix(try arena.floats("adapters.trunk.conv.lora_A.weight"), 18, 3)
        let b = Matrix(try arena.floats("adapters.trunk.conv.lora_B.weight"), 3, 5)
        let weight = Matrix(numbers("trunk.conv.weight", count: 90), 18, 5)
        expectClose(try arena.floats("trunk.conv.weight"), (weight + 2 * (a * b)).values, within: 1e-6)
    }

    @Test("targets are chosen as peft chooses them")
    func targets() throws {
        let paths = ["layer.0.query", "layer.0.key", "layer.1.query", "my_query"]
        func matches(_ targets: AdapterTargets) -> [Bool] { paths.map { targets.match($0) } }
        #expect(matches(.names(["query"])) == [true, false, true, false])
        #expect(matches(.names(["layer.0.key"])) == [false, true, false, false])
        #expect(matches(.pattern(#".*\.1\..*"#)) == [false, false, true, false])
        #expect(matches(.pattern("query")) == [false, false, false, false])
        #expect(matches(.pattern("layer.0.query|my_query")) == [true, false, false, true])
        #expect(matches(.allLinear) == [true, true, true, true])
        #expect(!AdapterTargets.allLinear.match("conv", .convolution))

        #expect(throws: ModelError.self) { try AdapterSet(lowRank, targets: .pattern("(")) }
        #expect(throws: ModelError.self) { try AdapterSet(lowRank, targets: .names([])) }
        #expect(throws: ModelError.self) { try AdapterSet(.lowRank(LowRankAdaptation(rank: 0))) }
        #expect(throws: ModelError.self) { try AdapterSet(.bottleneck(BottleneckAdaptation(size: 0))) }
        do {
            _ = try AdaptedMLP(lowRank, targets: .names(["query"]), on: try TestDevice.cpu.make())
            Issue.record("targets that match nothing were accepted")
        } catch let error as ModelError {
            #expect(error.description.contains("some of 0, 1"), "\(error)")
        }
    }

    @Test("bottleneck adapters compute what Float64 does, and begin close to the identity", arguments: TestDevice.available)
    func bottleneck(device: TestDevice) throws {
        let network = try AdaptedMLP(
            .bottleneck(BottleneckAdaptation(size: 3)), targets: .names(["1"]), on: try device.make())
        func reference() throws -> (hidden: Matrix, output: Matrix) {
            var x = Matrix(try network.input.floats(), 4, 6)
            for (layer, (inputs, outputs)) in [(6, 7), (7, 5)].enumerated() {
                let weight = Matrix(try network.arena.floats("trunk.\(layer).weight"), inputs, outputs)
                x = (x * weight).adding(try network.arena.floats("trunk.\(layer).bias")).relu
            }
            let prefix = "adapters.trunk.1.adapter"
            let down = Matrix(try network.arena.floats("\(prefix).down.weight"), 5, 3)
            let up = Matrix(try network.arena.floats("\(prefix).up.weight"), 3, 5)
            let narrow = (x * down).adding(try network.arena.floats("\(prefix).down.bias")).relu
            return (x, x + (narrow * up).adding(try network.arena.floats("\(prefix).up.bias")))
        }
        let initial = try reference()
        expectClose(try network.output().floats(), initial.hidden.values, within: 1e-3)
        try fill(network.arena)
        expectClose(try network.output().floats(), try reference().output.values, within: 1e-5)
        #expect(throws: AdapterError.self) { try AdapterSet.merge([network.set], in: network.arena) }
    }
}
