import Compute

extension Tensor {
    /// The product of matrices: `[…, m, k]·[…, k, n]`, either transposed on request.
    ///
    /// - Precondition: both are matrices, or both have the same leading axes (a batch of products).
    public func matmul(
        _ other: Tensor, transposeSelf: Bool = false, transposeOther: Bool = false
    ) throws(ComputeError) -> Tensor {
        let product = MatrixProduct(
            left: detached, right: other.detached, transposeLeft: transposeSelf, transposeRight: transposeOther)
        return Tape.record(product, inputs: [self, other], result: try product.forward())
    }

    /// A fully connected layer: `activation(x·weight + bias)` over the last axis.
    ///
    /// - Parameters:
    ///   - weight: `[in, out]`
    ///   - bias: `[out]`
    /// - Returns: the leading axes of the input and `out`.
    public func linear(
        weight: Tensor, bias: Tensor? = nil, activation: Activation = .none
    ) throws(ComputeError) -> Tensor {
        precondition(
            shape.rank >= 1 && weight.shape.rank == 2 && shape[shape.rank - 1] == weight.shape[0]
                && (bias.map { $0.shape == [weight.shape[1]] } ?? true),
            "linear: input \(shape), weight \(weight.shape), bias \(bias.map { "\($0.shape)" } ?? "none")")
        let (inner, columns) = (weight.shape[0], weight.shape[1])
        let rows = inner == 0 ? 0 : count / inner
        let result = try Tensor(uninitialized: Shape(shape.dropLast() + [columns]), on: device)
        try device.encode(
            .gemm(GEMM(rows: rows, columns: columns, inner: inner, bias: bias != nil, activation: activation)),
            [storage, weight.storage, result.storage] + (bias.map { [$0.storage] } ?? []))
        return Tape.record(
            LinearOperation(
                input: detached, weight: weight.detached,
                activation: ActivationGradient(activation, output: result)),
            inputs: [self, weight] + (bias.map { [$0] } ?? []), result: result)
    }
}

/// The derivative of a fused activation, which needs the layer's output alone.
struct ActivationGradient {
    let activation: Activation
    let output: Tensor?

    init(_ activation: Activation, output: Tensor) {
        self.activation = activation
        self.output = activation == .none ? nil : output.detached
    }

    /// The deltas in front of the activation.
    func deltas(_ cotangent: Tensor) throws(ComputeError) -> Tensor {
        guard let output else { return cotangent }
        return try output.unaryGradient(activation == .relu ? .relu : .relu6, cotangent: cotangent)
    }
}

private struct LinearOperation: DifferentiableOperation {
    let input: Tensor
    let weight: Tensor
    let activation: ActivationGradient

    /// A tile of fewer tasks would wait for memory more than it saves.
    private static let fewestMaskedTasks = 4
    /// Rows of all tasks that pay for copying the weights into panels.
    private static let fewestMaskedRows = 128

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        let (inner, columns) = (weight.shape[0], weight.shape[1])
        let rows = input.count / inner
        let deltas = try activation.deltas(cotangent).reshaped([step.tasks, rows, columns])
        try step.accumulate(to: 0, on: input.device) { (gradient, accumulate) throws(ComputeError) in
            let product = MaskedGEMM(
                tasks: step.tasks, rows: rows, columns: inner, inner: columns, accumulate: accumulate)
            if let mask = activation.output, step.tasks >= LinearOperation.fewestMaskedTasks,
                step.tasks * rows >= LinearOperation.fewestMaskedRows
            {
                let operands = [deltas.storage, weight.storage, gradient, mask.storage]
                try input.device.encode(.maskedGEMM(product), operands)
            } else {
                try input.device.encode(.gemm(product.dense), [deltas.storage, weight.storage, gradient])
            }
        }
        try step.add(LinearGradient(input: input.reshaped([rows, inner]), deltas: deltas), to: 1, device: input.device)
        if step.inputCount > 2 { try step.add(BiasGradient(deltas: deltas), to: 2, device: input.device) }
    }
}

/// The gradient of a fully connected layer's weight, `inputᵀ·deltas[k]`, with the factors apart.
struct LinearGradient: ParameterGradient {
    /// `[rows, in]`
    let input: Tensor
    /// `[tasks, rows, out]`
    let deltas: Tensor

    var device: any Device { deltas.device }

    func writeRows(to destination: Operand, stride: Int, accumulate: Bool) throws(ComputeError) {
        let (tasks, rows, columns) = (deltas.shape[0], deltas.shape[1], deltas.shape[2])
        try deltas.device.encode(
            .gemm(
                GEMM(
                    rows: input.shape[1], columns: columns, inner: rows, transposeA: true, batch: tasks, strideA: 0,
                    strideB: rows * columns, strideC: stride, accumulate: accumulate)),
            [input.storage, deltas.storage, destination])
    }

    func weighted(by weights: Tensor) throws(ComputeError) -> any ParameterGradient {
        LinearGradient(input: input, deltas: try deltas.weightedRowSum(weights))
    }

    var outerProduct: OuterProduct? {
        OuterProduct(tasks: deltas.shape[0], rows: input.shape[0], inputs: input.shape[1], outputs: deltas.shape[2])
    }

    func deltaForm() throws(ComputeError) -> InnerProductFactors {
        let (tasks, rows, columns) = (deltas.shape[0], deltas.shape[1], deltas.shape[2])
        let similarities = try input.matmul(input, transposeOther: true)
        let products = try Tensor(uninitialized: deltas.shape, on: deltas.device)
        try deltas.device.encode(
            .gemm(GEMM(rows: rows, columns: columns, inner: rows, batch: tasks, strideA: 0)),
            [similarities.storage, deltas.storage, products.storage])
        return InnerProductFactors(left: deltas, right: products)
    }

    func sliced(outputs: Range<Int>) throws(ComputeError) -> any ParameterGradient {
        LinearGradient(input: input, deltas: try deltas.sliced(axis: 2, outputs))
    }
}

private struct MatrixProduct: DifferentiableOperation {
    let left: Tensor
    let right: Tensor
    let transposeLeft: Bool
    let transposeRight: Bool

    private func matrix(_ shape: Shape, transposed: Bool) -> (rows: Int, columns: Int) {
        let (rows, columns) = (shape[shape.rank - 2], shape[shape.rank - 1])
        return transposed ? (columns, rows) : (rows, columns)
    }

    func forward() throws(ComputeError) -> Tensor {
        precondition(
            left.shape.rank >= 2 && left.shape.dropLast(2).elementsEqual(right.shape.dropLast(2))
                && matrix(left.shape, transposed: transposeLeft).columns
                    == matrix(right.shape, transposed: transposeRight).rows,
            "matmul: \(left.shape)\(transposeLeft ? "ᵀ" : "") by \(right.shape)\(transposeRight ? "ᵀ" : "")")
        let (rows, inner) = matrix(left.shape, transposed: transposeLeft)
        let columns = matrix(right.shape, transposed: transposeRight).columns
        let result = try Tensor(uninitialized: Shape(left.shape.dropLast(2) + [rows, columns]), on: left.device)
        try left.device.encode(
            .gemm(
                GEMM(
                    rows: rows, columns: columns, inner: inner, transposeA: transposeLeft, transposeB: transposeRight,
                    batch: left.shape.dropLast(2).reduce(1, *))),
            [left.storage, right.storage, result.storage])
        return result
    }

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        // With C = A·B: dA = dC·Bᵀ and dB = Aᵀ·dC; a transposed operand takes the transposed product.
        if step.needs(0) {
            step.add(
                try perTask(cotangent, shape: left.shape) { (delta: Tensor) throws(ComputeError) in
                    transposeLeft
                        ? try right.matmul(delta, transposeSelf: transposeRight, transposeOther: true)
                        : try delta.matmul(right, transposeOther: !transposeRight)
                }, to: 0)
        }
        if step.needs(1) {
            step.add(
                try perTask(cotangent, shape: right.shape) { (delta: Tensor) throws(ComputeError) in
                    transposeRight
                        ? try delta.matmul(left, transposeSelf: true, transposeOther: transposeLeft)
                        : try left.matmul(delta, transposeSelf: !transposeLeft)
                }, to: 1)
        }
    }

    private func perTask(
        _ cotangent: Tensor, shape: Shape, gradient: (Tensor) throws(ComputeError) -> Tensor
    ) throws(ComputeError) -> Tensor {
        if cotangent.shape[0] == 1 {
            return try gradient(cotangent.reshaped(Shape(cotangent.shape.dropFirst()))).reshaped(shape.prepending(1))
        }
        var parts: [Tensor] = []
        for task in 0..<cotangent.shape[0] {
            parts.append(try gradient(cotangent.row(task)).reshaped(shape.prepending(1)))
        }
        return try Tensor.concatenate(parts, axis: 0)
    }
}
