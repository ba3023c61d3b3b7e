import Compute
import Foundation
import MultiTask
import Tensors
import TestDevices
import Testing

@Suite("Methods on rows of J")
struct JacobianMethodTests {
    static let names = ["trimmed-mean", "graddrop", "moco", "db-mtl", "excess-mtl", "sdmgrad", "modo"]

    @Test("device and host agree over several steps", arguments: TestDevice.available, names)
    func devicesAgree(device: TestDevice, name: String) throws {
        let device = try device.make()
        var sampler = MatrixSampler(seed: 1)
        // ExcessMTL takes the exponential of sums of 301 elements: a small factor keeps Float32's rounding of them small.
        let parameters = name == "excess-mtl" ? ["stepSize": "0.01"] : [:]
        var onHost = try Method(named: name, parameters: parameters, seed: 2)
        var onDevice = onHost
        var (hostMemory, deviceMemory) = (RowMemory<HostRows>(), RowMemory<DeviceRows>())
        // Gradients of successive batches have much in common.
        let common = sampler.normals(4, 301)
        // In the third step a task is absent.
        for tasks in [[0, 1, 2, 3], [0, 1, 2, 3], [0, 2, 3], [0, 1, 2, 3]] {
            let rows = tasks.map { task in common[task].map { Double(Float($0 + 0.5 * sampler.normal())) } }
            let step = StepContext(tasks: tasks, taskCount: 4, losses: tasks.map { 1 + Double($0) })
            let expected = try onHost.aggregate(HostRows(rows), memory: &hostMemory, in: step)
            let tensor = try Tensor(rows.flatMap { $0.map(Float.init) }, shape: [tasks.count, 301], on: device)
            let found = try onDevice.aggregate(DeviceRows(tensor), memory: &deviceMemory, in: step)
            let scale = norm(expected.direction[0]) / 301.0.squareRoot()
            for (found, expected) in zip(try found.direction.tensor.floats(), expected.direction[0]) {
                #expect(abs(Double(found) - expected) <= 2e-5 * max(scale, abs(expected)))
            }
            #expect((found.weights == nil) == (expected.weights == nil))
            for (found, expected) in zip(found.weights ?? [], expected.weights ?? []) {
                #expect(abs(found - expected) <= 1e-4 * max(1, abs(expected)))
            }
        }
    }

    @Test("GradDrop takes every element from gradients of one sign")
    func signs() throws {
        let rows = [[1.0, 1, -1, 0], [2, -3, -4, 0], [0.5, 4, -1, 0]]
        var seen: Set<[Double]> = []
        var aggregation = Aggregation(try Method(named: "graddrop", seed: 0))
        for _ in 0..<60 { seen.insert(try aggregation(rows).aggregate) }
        #expect(seen == [[3.5, 5, -6, 0], [3.5, -3, -6, 0]])
    }

    @Test("the trimmed mean leaves out extremes")
    func trims() throws {
        let rows = [[1.0, -9], [2, 4], [3, 5], [4, 6], [100, 7]]
        var one = Aggregation(try Method(named: "trimmed-mean", seed: 0))
        #expect(try one(rows).aggregate == [3, 5])
        var two = Aggregation(try Method(named: "trimmed-mean", parameters: ["trim": "2"], seed: 0))
        #expect(try two(rows).aggregate == [3, 5])
    }

    @Test("MoDo and SDMGrad keep weights on the simplex, and move them towards MGDA's", arguments: ["modo", "sdmgrad"])
    func twoBatches(name: String) throws {
        let rows = [[1.0, 0], [0, 3]]
        let parameters = name == "modo" ? ["gamma": "0.05", "rho": "0"] : ["lambda": "0", "learningRate": "0.3"]
        var aggregation = Aggregation(try Method(named: name, parameters: parameters, seed: 0))
        var weights: [Double] = []
        for _ in 0..<200 {
            weights = try #require(try aggregation(rows).weights)
            #expect(abs(weights.reduce(0, +) - 1) < 1e-12 && weights.allSatisfy { $0 >= 0 })
        }
        // The shortest vector of the hull has weights (0.9, 0.1).
        #expect(abs(weights[0] - 0.9) < 0.02)
    }

    @Test("ExcessMTL turns to the task whose gradients have not shrunk")
    func excess() throws {
        var aggregation = Aggregation(try Method(named: "excess-mtl", parameters: ["stepSize": "0.1"], seed: 0))
        _ = try aggregation([[1, 1], [1, -1]])
        var weights: [Double] = []
        for _ in 0..<60 { weights = try #require(try aggregation([[0.01, 0.01], [1, -1]]).weights) }
        #expect(weights[1] > 0.7)
    }
}
