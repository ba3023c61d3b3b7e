import Concord

extension Primitive {
    /// The sizes in words, as measurements and profiles list them.
    var sizes: String {
        switch self {
        case .gemm(let product): product.sizes
        case .maskedGEMM(let product): product.sizes
        case .conv2D(let convolution): convolution.sizes
        case .reduction(let fold): "\(fold.function) of \(fold.outer)x\(fold.axis)x\(fold.inner) over \(fold.axis)"
        case .unary(let unary): "\(unary.function) of \(unary.count)"
        case .unaryGradient(let gradient): "\(gradient.function) of \(gradient.count)" + ofTasks(gradient.tasks)
        case .binary(let binary): "\(binary.function) of \(inWords(binary.extents))"
        case .softmax(let softmax): "\(softmax.rows)x\(softmax.columns)"
        case .batchNormStatistics(let statistics): "\(statistics.rows)x\(statistics.channels)"
        case .batchNormApply(let apply): "\(apply.rows)x\(apply.channels), \(apply.activation)"
        case .batchNormParameterGradient(let gradient):
            "\(gradient.rows)x\(gradient.channels)" + ofTasks(gradient.tasks)
        case .batchNormInputGradient(let gradient): "\(gradient.rows)x\(gradient.channels)" + ofTasks(gradient.tasks)
        case .layerNorm(let norm): "\(norm.rows)x\(norm.columns)"
        case .layerNormInputGradient(let gradient): "\(gradient.rows)x\(gradient.columns)" + ofTasks(gradient.tasks)
        case .layerNormParameterGradient(let gradient):
            "\(gradient.rows)x\(gradient.columns)" + ofTasks(gradient.tasks)
        case .attention(let attention): attention.sizes
        case .attentionGradient(let gradient): gradient.attention.sizes + ofTasks(gradient.tasks)
        case .stridedCopy(let copy): inWords(copy.extents) + (copy.accumulates ? ", added" : "")
        case .fill(let fill): "\(fill.count)"
        case .optimizerStep(let step): "\(step.count)"
        default: Quantity.bytes(description.bytesMoved)
        }
    }

    private func inWords(_ extents: Shape) -> String { extents.map(String.init).joined(separator: "x") }

    private func ofTasks(_ tasks: Int) -> String { tasks > 1 ? ", \(tasks) tasks" : "" }
}

extension GEMM {
    var sizes: String {
        "m=\(rows) n=\(columns) k=\(inner)" + (batch > 1 ? " batch=\(batch)" : "") + (accumulate ? ", added" : "")
    }
}

extension MaskedGEMM {
    var sizes: String { "m=\(rows) n=\(columns) k=\(inner), \(tasks) tasks" + (accumulate ? ", added" : "") }
}

extension Conv2D {
    var sizes: String {
        "\(batch)x\(inputHeight)x\(inputWidth)x\(inputChannels) to \(outputChannels), "
            + "\(window.height)x\(window.width)/\(window.strideHeight)" + (groups > 1 ? ", \(groups) groups" : "")
            + (tasks > 1 ? ", \(tasks) tasks" : "") + (accumulate ? ", added" : "")
    }
}

extension Attention {
    var sizes: String { "\(samples)x\(length), \(heads) heads of \(width)\(layout == .packed ? ", packed" : "")" }
}
