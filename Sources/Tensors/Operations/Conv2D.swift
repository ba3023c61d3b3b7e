import Compute

extension Tensor {
    /// Two-dimensional convolution: `activation(x ∗ filter + bias)`.
    ///
    /// - Parameters:
    ///   - filter: `[height, width, in / groups, out]`; its first two extents are the window's.
    ///   - bias: `[out]`
    /// - Precondition: the input is `[batch, height, width, in]`.
    public func conv2D(
        filter: Tensor, bias: Tensor? = nil, window: Window2D, groups: Int = 1, activation: Activation = .none
    ) throws(ComputeError) -> Tensor {
        precondition(
            shape.rank == 4 && filter.shape.rank == 4 && shape[3] == filter.shape[2] * groups
                && filter.shape[0] == window.height && filter.shape[1] == window.width
                && (bias.map { $0.shape == [filter.shape[3]] } ?? true),
            "conv2D: input \(shape), filter \(filter.shape), \(groups) groups, bias \(bias.map { "\($0.shape)" } ?? "none")")
        let geometry = Conv2D(
            .forward, batch: shape[0], inputHeight: shape[1], inputWidth: shape[2], inputChannels: shape[3],
            outputChannels: filter.shape[3], window: window, groups: groups, bias: bias != nil, activation: activation)
        let result = try Tensor(
            uninitialized: [shape[0], geometry.outputHeight, geometry.outputWidth, filter.shape[3]], on: device)
        try device.encode(
            .conv2D(geometry), [storage, filter.storage, result.storage] + (bias.map { [$0.storage] } ?? []))
        return Tape.record(
            ConvolutionOperation(
                geometry: geometry, input: detached, filter: filter.detached,
                activation: ActivationGradient(activation, output: result)),
            inputs: [self, filter] + (bias.map { [$0] } ?? []), result: result)
    }
}

private struct ConvolutionOperation: DifferentiableOperation {
    let geometry: Conv2D
    let input: Tensor
    let filter: Tensor
    let activation: ActivationGradient

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        let deltas = try activation.deltas(cotangent)
        try step.accumulate(to: 0, on: input.device) { (gradient, accumulate) throws(ComputeError) in
            try input.device.encode(
                .conv2D(
                    Conv2D(
                        .dataGradient, batch: step.tasks * geometry.batch, inputHeight: geometry.inputHeight,
                        inputWidth: geometry.inputWidth, inputChannels: geometry.inputChannels,
                        outputChannels: geometry.outputChannels, window: geometry.window, groups: geometry.groups,
                        accumulate: accumulate)),
                [deltas.storage, filter.storage, gradient])
        }
        try step.add(
            ConvolutionGradient(geometry: geometry, input: input, deltas: deltas), to: 1, device: input.device)
        if step.inputCount > 2 {
            let channels = geometry.outputChannels
            let flat = deltas.reshaped([step.tasks, geometry.outputCount / max(channels, 1), channels])
            try step.add(BiasGradient(deltas: flat), to: 2, device: input.device)
        }
    }
}

/// The gradient of a convolution's filter with input and deltas apart.
struct ConvolutionGradient: ParameterGradient {
    let geometry: Conv2D
    let input: Tensor
    /// `[tasks, batch, height, width, out]`
    let deltas: Tensor

    var device: any Device { deltas.device }

    func writeRows(to destination: Operand, stride: Int, accumulate: Bool) throws(ComputeError) {
        let tasks = deltas.shape[0]
        let dense = stride == geometry.filterCount || tasks == 1
        let primitive = Primitive.conv2D(
            Conv2D(
                .weightGradient, batch: geometry.batch, inputHeight: geometry.inputHeight,
                inputWidth: geometry.inputWidth, inputChannels: geometry.inputChannels,
                outputChannels: geometry.outputChannels, window: geometry.window, groups: geometry.groups, tasks: tasks,
                accumulate: accumulate && dense))
        if dense {
            try input.device.encode(primitive, [input.storage, deltas.storage, destination])
        } else {
            let rows = try Tensor(uninitialized: [tasks, geometry.filterCount], on: input.device)
            try input.device.encode(primitive, [input.storage, deltas.storage, rows.storage])
            try DenseGradient(rows: rows).writeRows(to: destination, stride: stride, accumulate: accumulate)
        }
    }

    func weighted(by weights: Tensor) throws(ComputeError) -> any ParameterGradient {
        ConvolutionGradient(geometry: geometry, input: input, deltas: try deltas.weightedRowSum(weights))
    }

    var outerProduct: OuterProduct? {
        let groups = geometry.groups
        return OuterProduct(
            tasks: deltas.shape[0], rows: positions, inputs: patchCount,
            outputs: geometry.outputChannels / groups, groups: groups, unfolds: !patchesAreInput)
    }

    /// Window positions in all samples.
    private var positions: Int { geometry.batch * geometry.outputHeight * geometry.outputWidth }

    /// Elements of a window in one group.
    private var patchCount: Int {
        geometry.window.height * geometry.window.width * (geometry.inputChannels / geometry.groups)
    }

    /// Whether every window is one pixel, and every pixel one window.
    private var patchesAreInput: Bool { geometry.groups == 1 && geometry.window == Window2D(size: 1) }

    func deltaForm() throws(ComputeError) -> InnerProductFactors {
        let (groups, tasks) = (geometry.groups, deltas.shape[0])
        let outputs = geometry.outputChannels / groups
        let patches = try patches()
        let similarities = try patches.matmul(patches, transposeOther: true)
        let left = try groupedDeltas()
        let right = try Tensor(uninitialized: left.shape, on: input.device)
        let block = positions * outputs
        for group in 0..<groups {
            try input.device.encode(
                .gemm(
                    GEMM(
                        rows: positions, columns: outputs, inner: positions, batch: tasks, strideA: 0,
                        strideB: groups * block, strideC: groups * block)),
                [
                    similarities.storage.advanced(by: group * positions * positions),
                    left.storage.advanced(by: group * block), right.storage.advanced(by: group * block),
                ])
        }
        return InnerProductFactors(left: left, right: right)
    }

    /// What every window sees: `[groups, positions, patch]`.
    private func patches() throws(ComputeError) -> Tensor {
        if patchesAreInput { return input.reshaped([1, positions, patchCount]) }
        let window = geometry.window
        let padded = try input.padded([
            (0, 0), (window.paddingTop, window.paddingBottom), (window.paddingLeft, window.paddingRight), (0, 0),
        ])
        let strides = padded.shape.strides
        let channels = geometry.inputChannels / geometry.groups
        let patches = try Tensor(
            uninitialized: [
                geometry.groups, geometry.batch, geometry.outputHeight, geometry.outputWidth, window.height,
                window.width, channels,
            ], on: input.device)
        try patches.copy(
            from: padded.storage,
            strides: [
                channels, strides[0], window.strideHeight * strides[1], window.strideWidth * strides[2],
                window.dilationHeight * strides[1], window.dilationWidth * strides[2], 1,
            ])
        return patches.reshaped([geometry.groups, positions, patchCount])
    }

    /// The deltas with the channels of a group together: `[tasks, groups, positions, channels]`.
    private func groupedDeltas() throws(ComputeError) -> Tensor {
        let (tasks, groups) = (deltas.shape[0], geometry.groups)
        let channels = geometry.outputChannels / groups
        if groups == 1 { return deltas.reshaped([tasks, 1, positions, channels]) }
        return try deltas.reshaped([tasks, positions, groups, channels]).transposed([0, 2, 1, 3])
    }

    func sliced(outputs: Range<Int>) throws(ComputeError) -> any ParameterGradient {
        precondition(geometry.groups == 1, "a slice of a grouped convolution's gradient")
        var geometry = geometry
        geometry.outputChannels = outputs.count
        return ConvolutionGradient(geometry: geometry, input: input, deltas: try deltas.sliced(axis: 4, outputs))
    }
}
