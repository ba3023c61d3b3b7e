import Compute
import Networks

/// Follows the values of an ONNX graph from input to output and makes a step of each node.
struct ONNXImporter {
    /// A value that depends on the input: its number, and its extents in the model's order without the samples.
    struct Activation {
        var slot: Int
        var shape: [Int]
    }

    private let file: ONNXFile
    private let scope: ParameterScope
    private(set) var steps: [ONNXNetwork.Step] = []
    private(set) var weights: [ONNXNetwork.Weight] = []
    private(set) var inputShape: [Int] = []
    private(set) var output = Activation(slot: 0, shape: [])
    private var activations: [String: Activation] = [:]

    init(file: ONNXFile, scope: ParameterScope) {
        self.file = file
        self.scope = scope
    }

    mutating func importGraph(sampleShape: [Int]?) throws(CheckpointError) {
        let graph = file.model.graph
        let constants = Set(file.tensors.map(\.name))
        let inputs = graph.input.filter { !constants.contains($0.name) }
        guard inputs.count == 1, graph.output.count == 1, let input = inputs.first, let result = graph.output.first else {
            throw unsupported("a graph of \(inputs.count) inputs and \(graph.output.count) outputs")
        }
        if let sampleShape { inputShape = sampleShape } else { inputShape = try declaredShape(of: input) }
        guard [1, 3].contains(inputShape.count), DataType.float32.byteCount(of: inputShape) ?? 0 > 0 else {
            throw unsupported("an input whose samples are \(inputShape)")
        }
        activations[input.name] = Activation(slot: 0, shape: inputShape)
        for node in try ordered(graph.node, after: constants.union(inputs.map(\.name))) {
            try importNode(node)
        }
        guard let output = activations[result.name] else {
            throw malformed("no node makes the output \"\(result.name)\" from the input")
        }
        self.output = output
    }

    private func declaredShape(of input: ONNXValueInfo) throws(CheckpointError) -> [Int] {
        let extents = input.type.tensorType.shape.dim.dropFirst().map { Int($0.dimValue) }
        guard !extents.isEmpty, !extents.contains(where: { $0 <= 0 }) else {
            throw unsupported("the input \"\(input.name)\" without fixed extents; give the shape of a sample")
        }
        return extents
    }

    /// The nodes in an order in which each follows those that it depends on.
    private func ordered(_ nodes: [ONNXNode], after known: Set<String>) throws(CheckpointError) -> [ONNXNode] {
        var makers: [String: Int] = [:]
        for (position, node) in nodes.enumerated() {
            for name in node.output where !name.isEmpty && makers.updateValue(position, forKey: name) != nil {
                throw malformed("two nodes make \"\(name)\"")
            }
        }
        var waiting = [Int](repeating: 0, count: nodes.count)
        var users = [[Int]](repeating: [], count: nodes.count)
        for (position, node) in nodes.enumerated() {
            for name in node.input where !name.isEmpty && !known.contains(name) {
                guard let maker = makers[name] else {
                    throw malformed("\(describe(node)) needs \"\(name)\", which nothing makes")
                }
                users[maker].append(position)
                waiting[position] += 1
            }
        }
        var order = nodes.indices.filter { waiting[$0] == 0 }
        var next = 0
        while next < order.count {
            for user in users[order[next]] {
                waiting[user] -= 1
                if waiting[user] == 0 { order.append(user) }
            }
            next += 1
        }
        if let stuck = nodes.indices.first(where: { waiting[$0] > 0 }) {
            throw malformed("the graph is cyclic: \(describe(nodes[stuck])) depends on its own result")
        }
        return order.map { nodes[$0] }
    }

    // MARK: Nodes

    private mutating func importNode(_ node: ONNXNode) throws(CheckpointError) {
        guard node.domain.isEmpty || node.domain == "ai.onnx" else {
            throw unsupported("\(describe(node)) of the domain \(node.domain)")
        }
        if node.opType == "Constant" { return }
        // Either of its inputs may be a constant.
        if node.opType == "Add" { return try importAdd(node) }
        let input = try activation(node, 0)
        switch node.opType {
        case "Identity", "Dropout": append(node, .identity, input, input.shape)
        case "Relu": append(node, .layer(ActivationLayer.relu), input, input.shape)
        case "Sigmoid": append(node, .layer(ActivationLayer.sigmoid), input, input.shape)
        case "Tanh": append(node, .layer(ActivationLayer.tanh), input, input.shape)
        case "LeakyRelu":
            let slope = node.float("alpha") ?? 0.01
            guard slope > 0 else { throw unsupported("\(describe(node)) of slope \(slope)") }
            append(node, .layer(ActivationLayer.leakyReLU(slope: slope)), input, input.shape)
        case "Clip": try importClip(node, input)
        case "Softmax":
            guard [-1, 1].contains(node.integer("axis") ?? -1), input.shape.count == 1 else {
                throw unsupported("\(describe(node)) over an axis that is not the last of vectors")
            }
            append(node, .softmax, input, input.shape)
        case "Flatten", "Reshape", "Squeeze": try importReshape(node, input)
        case "Gemm", "MatMul": try importLinear(node, input)
        case "Conv": try importConvolution(node, input)
        case "BatchNormalization": try importBatchNorm(node, input)
        case "MaxPool", "AveragePool": try importPool(node, input)
        case "GlobalAveragePool":
            guard input.shape.count == 3 else { throw unfit(node, input) }
            // The result keeps its axes of one position, which channels last makes a matter of names.
            append(node, .layer(GlobalAveragePool2D()), input, [input.shape[0]])
        default: throw unsupported("the operator \(describe(node))")
        }
    }

    private mutating func importClip(_ node: ONNXNode, _ input: Activation) throws(CheckpointError) {
        func bound(_ position: Int, _ name: String, _ standard: Float) throws(CheckpointError) -> Float {
            guard node.input.count > position, !node.input[position].isEmpty else { return node.float(name) ?? standard }
            let values = try file.floats(of: node.input[position])
            guard values.count == 1 else { throw malformed("\(describe(node)) has \(values.count) bounds in one") }
            return values[0]
        }
        let low = try bound(1, "min", -.greatestFiniteMagnitude)
        let high = try bound(2, "max", .greatestFiniteMagnitude)
        guard low <= high else { throw malformed("\(describe(node)) clips to \(low)…\(high)") }
        append(
            node, low == 0 && high == 6 ? .layer(ActivationLayer.relu6) : .clamp(low...high), input, input.shape)
    }

    private mutating func importAdd(_ node: ONNXNode) throws(CheckpointError) {
        guard node.input.count == 2 else { throw malformed("\(describe(node)) has \(node.input.count) inputs") }
        if let first = activations[node.input[0]], let second = activations[node.input[1]] {
            guard first.shape == second.shape else { throw unfit(node, second) }
            append(node, .add, first, and: second, first.shape)
            return
        }
        let constant = activations[node.input[0]] == nil ? node.input[0] : node.input[1]
        let input = try activation(node, activations[node.input[0]] == nil ? 1 : 0)
        let shape = try file.tensor(named: constant).shape
        // One number per feature; per channel, a model writes trailing axes of one position.
        guard let features = input.shape.first, shape.reduce(1, *) == features,
            shape.drop(while: { $0 == 1 }).dropFirst().count == (features == 1 ? 0 : input.shape.count - 1)
        else { throw unsupported("\(describe(node)) of a constant of shape \(shape)") }
        let part = part(of: node)
        let parameter = scope[part].parameter("bias", [features], initializer: .constant(0), decays: false)
        weight(part, "bias", constant, .reshaped)
        append(node, .addParameter(parameter), input, input.shape)
    }

    private mutating func importReshape(_ node: ONNXNode, _ input: Activation) throws(CheckpointError) {
        let count = input.shape.reduce(1, *)
        if node.opType == "Flatten" {
            guard node.integer("axis") ?? 1 == 1 else { throw unsupported("\(describe(node)) from another axis than 1") }
        } else if node.opType == "Reshape" {
            let shape = try node.input.count > 1 ? file.integers(of: node.input[1]) : []
            guard shape.count == 2, shape[0] <= 1, shape[1] == -1 || shape[1] == count, shape != [-1, -1] else {
                throw unsupported("\(describe(node)) to \(shape), expected one vector per sample")
            }
        }
        guard node.opType != "Squeeze" || input.shape.count == 1 else { throw unfit(node, input) }
        append(node, input.shape.count == 3 ? .flattenImage : .identity, input, [count])
    }

    private mutating func importLinear(_ node: ONNXNode, _ input: Activation) throws(CheckpointError) {
        let isGemm = node.opType == "Gemm"
        guard node.input.count >= 2, input.shape.count == 1 else { throw unfit(node, input) }
        guard !isGemm || (node.integer("transA") ?? 0 == 0 && node.float("alpha") ?? 1 == 1 && node.float("beta") ?? 1 == 1)
        else { throw unsupported("\(describe(node)) with transA, alpha or beta") }
        let shape = try file.tensor(named: node.input[1]).shape
        let transform: WeightTransform = isGemm && node.integer("transB") ?? 0 != 0 ? .linear : .same
        guard shape.count == 2, let layout = transform.shape(of: shape), layout[0] == input.shape[0], layout[1] > 0 else {
            throw unfit(node, input)
        }
        let bias = node.input.count > 2 && !node.input[2].isEmpty ? node.input[2] : nil
        let part = part(of: node)
        let layer = Linear(scope[part], inputs: layout[0], outputs: layout[1], bias: bias != nil)
        weight(part, "weight", node.input[1], transform)
        try biasWeight(part, bias, layout[1], node)
        append(node, .layer(layer), input, [layout[1]])
    }

    private mutating func importConvolution(_ node: ONNXNode, _ input: Activation) throws(CheckpointError) {
        guard node.input.count >= 2, input.shape.count == 3 else { throw unfit(node, input) }
        let shape = try file.tensor(named: node.input[1]).shape
        let groups = node.integer("group") ?? 1
        guard shape.count == 4, groups > 0, !shape.contains(0), shape[0] % groups == 0,
            shape[1].multipliedReportingOverflow(by: groups) == (input.shape[0], false)
        else { throw unfit(node, input) }
        let window = try window(node, size: [shape[2], shape[3]], input)
        let bias = node.input.count > 2 && !node.input[2].isEmpty ? node.input[2] : nil
        let part = part(of: node)
        let layer = Convolution2D(
            scope[part], inputs: input.shape[0], outputs: shape[0], window: window, groups: groups, bias: bias != nil)
        weight(part, "weight", node.input[1], .convolution)
        try biasWeight(part, bias, shape[0], node)
        append(
            node, .layer(layer), input,
            [shape[0], window.outputHeight(input.shape[1]), window.outputWidth(input.shape[2])])
    }

    private mutating func importBatchNorm(_ node: ONNXNode, _ input: Activation) throws(CheckpointError) {
        guard node.input.count == 5, let channels = input.shape.first else { throw unfit(node, input) }
        let part = part(of: node)
        // ONNX keeps this share of the old statistics, PyTorch and Concord take it of the new ones.
        let layer = BatchNorm(
            scope[part], channels: channels, momentum: 1 - (node.float("momentum") ?? 0.9),
            epsilon: node.float("epsilon") ?? 1e-5)
        for (position, name) in ["weight", "bias", "running_mean", "running_var"].enumerated() {
            guard try file.tensor(named: node.input[position + 1]).shape == [channels] else { throw unfit(node, input) }
            weight(part, name, node.input[position + 1], .same)
        }
        append(node, .layer(layer), input, input.shape)
    }

    private mutating func importPool(_ node: ONNXNode, _ input: Activation) throws(CheckpointError) {
        guard input.shape.count == 3, let size = node.integers("kernel_shape"), size.count == 2 else {
            throw unfit(node, input)
        }
        guard node.integer("ceil_mode") ?? 0 == 0 else { throw unsupported("\(describe(node)) with ceil_mode") }
        let window = try window(node, size: size, input)
        let layer: any Layer =
            node.opType == "MaxPool"
            ? MaxPool2D(window: window)
            : AveragePool2D(window: window, countsPadding: node.integer("count_include_pad") ?? 0 != 0)
        append(
            node, .layer(layer), input,
            [input.shape[0], window.outputHeight(input.shape[1]), window.outputWidth(input.shape[2])])
    }

    /// Size, stride, dilation and padding; every extent is bounded by the input's, so that nothing overflows.
    private func window(
        _ node: ONNXNode, size: [Int], _ input: Activation
    ) throws(CheckpointError) -> Window2D {
        let limit = 1 << 16
        let strides = node.integers("strides") ?? [1, 1]
        let dilations = node.integers("dilations") ?? [1, 1]
        guard (node.integers("kernel_shape") ?? size) == size, strides.count == 2, dilations.count == 2,
            (size + strides + dilations).allSatisfy({ 1..<limit ~= $0 })
        else { throw unfit(node, input) }
        let spans = [dilations[0] * (size[0] - 1) + 1, dilations[1] * (size[1] - 1) + 1]
        var pads = node.integers("pads") ?? [0, 0, 0, 0]
        let automatic = node.text("auto_pad") ?? "NOTSET"
        switch automatic {
        case "NOTSET": break
        case "VALID": pads = [0, 0, 0, 0]
        case "SAME_UPPER", "SAME_LOWER":
            let totals = (0..<2).map { axis in
                let positions = (input.shape[axis + 1] + strides[axis] - 1) / strides[axis]
                return max((positions - 1) * strides[axis] + spans[axis] - input.shape[axis + 1], 0)
            }
            let smaller = totals.map { $0 / 2 }
            let larger = zip(totals, smaller).map { $0 - $1 }
            pads = automatic == "SAME_UPPER" ? smaller + larger : larger + smaller
        default: throw unsupported("\(describe(node)) with auto_pad \(automatic)")
        }
        guard pads.count == 4, pads.allSatisfy({ 0..<limit ~= $0 }),
            input.shape[1] + pads[0] + pads[2] >= spans[0], input.shape[2] + pads[1] + pads[3] >= spans[1],
            // No window of a pool may lie in the padding alone.
            node.opType == "Conv" || zip(pads, spans + spans).allSatisfy(<)
        else { throw unfit(node, input) }
        return Window2D(
            height: size[0], width: size[1], strideHeight: strides[0], strideWidth: strides[1], dilationHeight: dilations[0],
            dilationWidth: dilations[1], paddingTop: pads[0], paddingBottom: pads[2], paddingLeft: pads[1],
            paddingRight: pads[3])
    }

    // MARK: Bookkeeping

    private func activation(_ node: ONNXNode, _ position: Int) throws(CheckpointError) -> Activation {
        guard node.input.count > position, let activation = activations[node.input[position]] else {
            throw unsupported("\(describe(node)) of constants alone")
        }
        return activation
    }

    private mutating func append(
        _ node: ONNXNode, _ operation: ONNXNetwork.Operation, _ input: Activation, and other: Activation? = nil,
        _ shape: [Int]
    ) {
        steps.append(ONNXNetwork.Step(inputs: [input.slot] + (other.map { [$0.slot] } ?? []), operation: operation))
        if let name = node.output.first { activations[name] = Activation(slot: steps.count, shape: shape) }
    }

    /// The name of a node's layer: its operator and the number of the step.
    private func part(of node: ONNXNode) -> String { node.opType.lowercased() + String(steps.count) }

    private mutating func weight(_ part: String, _ name: String, _ source: String, _ transform: WeightTransform) {
        let path = scope[part].path + "." + name
        weights.append(ONNXNetwork.Weight(target: path, source: source, transform: transform))
    }

    private mutating func biasWeight(
        _ part: String, _ bias: String?, _ count: Int, _ node: ONNXNode
    ) throws(CheckpointError) {
        guard let bias else { return }
        let shape = try file.tensor(named: bias).shape
        guard shape == [count] else {
            throw unsupported("\(describe(node)) with a bias of shape \(shape), expected [\(count)]")
        }
        weight(part, "bias", bias, .same)
    }

    private func describe(_ node: ONNXNode) -> String {
        let name = node.name.isEmpty ? node.output.first ?? "" : node.name
        return "\(node.opType) (node \"\(name)\")"
    }

    private func unfit(_ node: ONNXNode, _ input: Activation) -> CheckpointError {
        malformed("\(describe(node)) does not fit samples of \(input.shape)")
    }

    private func unsupported(_ found: String) -> CheckpointError {
        .unsupported(path: file.path, format: ONNXFile.format, found: found)
    }

    private func malformed(_ problem: String) -> CheckpointError {
        .malformed(path: file.path, format: ONNXFile.format, problem: problem)
    }
}

extension ONNXNode {
    private func attribute(_ name: String) -> ONNXAttribute? { attribute.first { $0.name == name } }

    fileprivate func float(_ name: String) -> Float? { attribute(name)?.f }
    fileprivate func integer(_ name: String) -> Int? { attribute(name).map { Int($0.i) } }
    fileprivate func integers(_ name: String) -> [Int]? { attribute(name).map { $0.ints.map { Int($0) } } }
    fileprivate func text(_ name: String) -> String? { attribute(name).map { String(decoding: $0.s, as: UTF8.self) } }
}
