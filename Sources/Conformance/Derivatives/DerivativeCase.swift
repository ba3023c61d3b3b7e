import Compute
import Tensors

/// A function of tensors whose derivative is checked.
///
/// The check needs no second implementation: with `L = Σ c∘f(x)` for random c, the derivative of L along a random
/// direction of ±1 is what the reverse walk's gradient says, and also what differences of f say. L is summed up in Float64.
public struct DerivativeCase: Sendable, CustomStringConvertible {
    /// Distance of the points at which differences are taken. A power of two, so that it adds no rounding of its own.
    private static let distance = 0x1p-6

    /// The operation's name, as that of its file in `Tensors/Operations`.
    public let operation: String
    /// What is special about the case.
    public let name: String
    private let inputs: [DerivativeInput]
    private let function: @Sendable ([Tensor]) throws -> Tensor

    public var description: String { "\(operation): \(name)" }

    init(
        _ operation: String, _ name: String, _ inputs: [DerivativeInput],
        _ function: @escaping @Sendable ([Tensor]) throws -> Tensor
    ) {
        self.operation = operation
        self.name = name
        self.inputs = inputs
        self.function = function
    }

    /// Compares the derivatives of several tasks, walked back together, with differences and with separate walks.
    public func run(on device: any Device, tasks: Int) throws -> DerivativeResult {
        let values = inputs.indices.map { inputs[$0].values(stream: "\(self).input.\($0)") }
        let tensors = try zip(values, inputs).map { try Tensor($0, shape: $1.shape, on: device) }
        let output = try function(tensors)
        let magnitudes = try output.floats().map(Double.init)
        let projections = (0..<tasks).map { task in
            DerivativeInput(output.shape, .signed(0.25...1)).values(stream: "\(self).projection.\(task)")
        }
        let stacked = try gradients(at: tensors, projections: projections, tasks: Array(0..<tasks))
        var result = DerivativeResult()

        for task in 0..<tasks {
            let separate = try gradients(at: tensors, projections: [projections[task]], tasks: [task])
            for (input, gradient) in separate.enumerated() {
                result.compare(stacked: stacked[input][task], separate: gradient[0])
            }
        }

        for (input, value) in values.enumerated() {
            let direction = DerivativeInput(inputs[input].shape, .signed(1...1)).values(stream: "\(self).direction.\(input)")
            /// f at so many distances along the direction.
            func output(at steps: Double) throws -> [Float] {
                var moved = tensors
                moved[input] = try Tensor(
                    zip(value, direction).map { $0 + $1 * Float(steps * DerivativeCase.distance) },
                    shape: inputs[input].shape, on: device)
                return try function(moved).floats()
            }
            let points = try (far: output(at: -2), near: output(at: -1), ahead: output(at: 1), farAhead: output(at: 2))
            // The central difference of fourth order.
            let slopes = magnitudes.indices.map { index in
                let inner = Double(points.ahead[index]) - Double(points.near[index])
                let outer = Double(points.farAhead[index]) - Double(points.far[index])
                return (8 * inner - outer) / (12 * DerivativeCase.distance)
            }
            for task in 0..<tasks {
                let projection = projections[task].map(Double.init)
                let terms = zip(stacked[input][task], direction).map { $0 * Double($1) }
                result.compare(
                    analytic: terms.reduce(0, +), numeric: zip(projection, slopes).reduce(0) { $0 + $1.0 * $1.1 },
                    derivativeNorm: terms.norm,
                    // Every point of f is off by a few roundings.
                    rounding: 16 * 0x1p-24 / DerivativeCase.distance * zip(projection, magnitudes).map { $0 * $1 }.norm)
            }
        }
        return result
    }

    /// The gradients of `Σ c∘f(x)` by every input, for every task its c.
    ///
    /// - Returns: by input, task and element.
    private func gradients(at tensors: [Tensor], projections: [[Float]], tasks: [Int]) throws -> [[[Double]]] {
        let tape = Tape()
        let watched = tensors.enumerated().map { tape.watch($1, as: $0) }
        let output = try function(watched)
        let seeds = try zip(projections, tasks).map { projection, task in
            Seed(try (output * Tensor(projection, shape: output.shape, on: output.device)).sum(), task: task)
        }
        let leaves = try tape.backward(from: seeds)
        return try tensors.enumerated().map { input, tensor in
            guard let leaf = leaves[input] else { return tasks.map { _ in Array(repeating: 0, count: tensor.count) } }
            let rows = try leaf.rows(for: tasks, columns: tensor.count, on: tensor.device).floats().map(Double.init)
            return tasks.indices.map { Array(rows[$0 * tensor.count..<($0 + 1) * tensor.count]) }
        }
    }
}

extension [Double] {
    fileprivate var norm: Double { reduce(0) { $0 + $1 * $1 }.squareRoot() }
}

extension LeafGradient {
    /// The gradients as a matrix with a row per task, 0 for tasks that do not reach the leaf.
    package func rows(for tasks: [Int], columns: Int, on device: any Device) throws(ComputeError) -> Tensor {
        let matrix = try Tensor.filled(with: 0, [tasks.count, columns], on: device)
        for contribution in contributions {
            let rows = try Tensor(uninitialized: [contribution.tasks.count, columns], on: device)
            try contribution.gradient.writeRows(to: rows.storage, stride: columns, accumulate: false)
            for (row, task) in contribution.tasks.enumerated() {
                guard let target = tasks.firstIndex(of: task) else { continue }
                try device.encode(
                    .stridedCopy(
                        StridedCopy(
                            extents: [columns], sourceStrides: [1], destinationStrides: [1], accumulates: true)),
                    [
                        rows.storage.advanced(by: row * columns), matrix.storage.advanced(by: target * columns),
                    ])
            }
        }
        return matrix
    }
}
