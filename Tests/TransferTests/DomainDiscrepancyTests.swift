import Compute
import Foundation
import MultiTask
import Networks
import Tensors
import TestDevices
import Testing
import Transfer

/// The definitions in Float64, as plain loops over both domains.
private enum Reference {
    static func split(_ x: [[Double]], _ domains: [Float], _ mask: [Float]?) -> ([[Double]], [[Double]]) {
        let counted = x.indices.filter { mask?[$0] != 0 }
        return (counted.filter { domains[$0] == 0 }.map { x[$0] }, counted.filter { domains[$0] == 1 }.map { x[$0] })
    }

    static func covariance(_ rows: [[Double]]) -> [[Double]] {
        let width = rows[0].count
        let mean = (0..<width).map { column in rows.reduce(0) { $0 + $1[column] } / Double(rows.count) }
        return (0..<width).map { i in
            (0..<width).map { j in
                rows.reduce(0) { $0 + ($1[i] - mean[i]) * ($1[j] - mean[j]) } / Double(rows.count - 1)
            }
        }
    }

    static func coral(_ source: [[Double]], _ target: [[Double]]) -> Double {
        let (a, b) = (covariance(source), covariance(target))
        let width = Double(a.count)
        var sum = 0.0
        for i in a.indices { for j in a.indices { sum += (a[i][j] - b[i][j]) * (a[i][j] - b[i][j]) } }
        return sum / (4 * width * width)
    }

    static func distance(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }

    /// The mean squared distance of different samples.
    static func bandwidth(_ rows: [[Double]]) -> Double {
        var sum = 0.0
        for a in rows { for b in rows { sum += distance(a, b) } }
        return sum / Double(rows.count * rows.count - rows.count)
    }

    static func mmd(_ source: [[Double]], _ target: [[Double]], bandwidth: Double, count: Int, ratio: Double) -> Double {
        func kernel(_ a: [Double], _ b: [Double]) -> Double {
            (0..<count).reduce(0) {
                $0 + exp(-distance(a, b) / (bandwidth * pow(ratio, Double($1 - count / 2)))) / Double(count)
            }
        }
        func mean(_ a: [[Double]], _ b: [[Double]]) -> Double {
            var sum = 0.0
            for x in a { for y in b { sum += kernel(x, y) } }
            return sum / Double(a.count * b.count)
        }
        return mean(source, source) + mean(target, target) - 2 * mean(source, target)
    }
}

@Suite("Discrepancies of domains")
struct DomainDiscrepancyTests {
    private static let domains: [Float] = [0, 1, 1, 0, 0, 1, 0, 1, 1]
    private static let masks: [[Float]?] = [nil, [1, 1, 0, 1, 1, 1, 0, 1, 1]]
    private static let losses: [DomainDiscrepancy] = [
        .correlation, .gaussianKernels(), .gaussianKernels(.init(count: 1, bandwidth: 1.5)),
        .gaussianKernels(.init(count: 4, ratio: 3)),
    ]

    /// - Parameter bandwidth: of the unmoved features, which derivatives take as a constant.
    private func reference(_ loss: DomainDiscrepancy, _ x: [[Double]], _ mask: [Float]?, around: [[Double]]) -> Double {
        let (source, target) = Reference.split(x, Self.domains, mask)
        switch loss {
        case .correlation: return Reference.coral(source, target)
        case .gaussianKernels(let kernels):
            let (a, b) = Reference.split(around, Self.domains, mask)
            return Reference.mmd(
                source, target, bandwidth: kernels.bandwidth.map(Double.init) ?? Reference.bandwidth(a + b),
                count: kernels.count, ratio: Double(kernels.ratio))
        }
    }

    @Test("values and derivatives agree with Float64", arguments: TestDevice.available, losses)
    func agrees(device: TestDevice, loss: DomainDiscrepancy) throws {
        let device = try device.make()
        let flat = numbers("features", count: 9 * 4).enumerated().map { $1 + 0.5 * Self.domains[$0 / 4] }
        let rows = (0..<9).map { row in (0..<4).map { Double(flat[row * 4 + $0]) } }
        let domains = try Tensor(Self.domains, shape: [9, 1], on: device)
        for mask in Self.masks {
            let tape = Tape()
            let features = tape.watch(try Tensor(flat, shape: [9, 4], on: device), as: 0)
            let value = try loss(features, domains: domains, mask: mask.map { try Tensor($0, shape: [9], on: device) })
            let expected = reference(loss, rows, mask, around: rows)
            #expect(expected > 1e-3)
            expectClose([try value.scalar()], [expected], within: 1e-5 * max(1, expected))

            let leaves = try tape.backward(from: [Seed(value, task: 0)])
            let gradient = try Tensor.filled(with: 0, [1, 36], on: device)
            for contribution in try #require(leaves[0]).contributions {
                try contribution.gradient.writeRows(to: gradient.storage, stride: 36, accumulate: true)
            }
            let differences = (0..<36).map { index in
                func moved(_ step: Double) -> Double {
                    var x = rows
                    x[index / 4][index % 4] += step
                    return reference(loss, x, mask, around: rows)
                }
                return (moved(1e-4) - moved(-1e-4)) / 2e-4
            }
            let scale = differences.map(abs).max() ?? 0
            expectClose(try gradient.floats(), differences, within: 1e-4 * scale, "\(loss)")
        }
    }

    @Test("equal features have no discrepancy, and neither has a batch of one domain", arguments: TestDevice.available, losses)
    func vanishes(device: TestDevice, loss: DomainDiscrepancy) throws {
        let device = try device.make()
        let half = numbers("half", count: 5 * 3)
        let same = try Tensor(half + half, shape: [10, 3], on: device)
        let domains = try Tensor([0, 0, 0, 0, 0, 1, 1, 1, 1, 1] as [Float], shape: [10, 1], on: device)
        expectClose([try loss(same, domains: domains, mask: nil).scalar()], [0.0], within: 1e-6)
        for domain in [Float(0), 1] {
            let alone = try Tensor([Float](repeating: domain, count: 10), shape: [10, 1], on: device)
            #expect(try loss(same, domains: alone, mask: nil).scalar() == 0)
        }
        // One sample of a domain has no covariance; the value stays finite.
        let single = try Tensor([1, 0, 0, 0, 0, 0, 0, 0, 0, 0] as [Float], shape: [10, 1], on: device)
        #expect(try loss(same, domains: single, mask: nil).scalar().isFinite)
    }

    @Test("a reversed gradient is the negative one, for every task", arguments: TestDevice.available)
    func reversal(device: TestDevice) throws {
        let device = try device.make()
        func gradient(_ reverses: Bool) throws -> [Float] {
            let tape = Tape()
            let x = tape.watch(try Tensor(numbers("x", count: 6), shape: [2, 3], on: device), as: 0)
            let y = reverses ? x.reversingGradient(factor: 0.25) : x
            #expect(try y.floats() == x.floats())
            let seeds = [Seed(try y.sumOfSquares(), task: 0), Seed(try y.exp().sum(), task: 1)]
            var rows = [Float](repeating: 0, count: 12)
            for contribution in try #require(tape.backward(from: seeds)[0]).contributions {
                let part = try Tensor(uninitialized: [contribution.tasks.count, 6], on: device)
                try contribution.gradient.writeRows(to: part.storage, stride: 6, accumulate: false)
                for (index, value) in try part.floats().enumerated() {
                    rows[6 * contribution.tasks[index / 6] + index % 6] += value
                }
            }
            return rows
        }
        #expect(try gradient(true) == gradient(false).map { -0.25 * $0 })
    }

    @Test("the reversal grows as in the paper")
    func ramp() {
        let layer = GradientReversalLayer(factor: 0.5, steps: 100)
        // 2 / (1 + exp(-10·p)) - 1 = tanh(5·p).
        for step in [1, 11, 51, 101, 200] {
            let progress = min(Double(step - 1) / 100, 1)
            #expect(abs(Double(layer.strength(at: step)) - 0.5 * tanh(5 * progress)) < 1e-6)
        }
        #expect(layer.strength(at: 0) == 0)
        #expect(GradientReversalLayer(factor: 0.5, steps: nil).strength(at: 0) == 0.5)
    }
}
