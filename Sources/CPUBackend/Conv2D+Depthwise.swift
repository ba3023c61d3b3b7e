import CPUKernels
import Compute

// One filter per channel, row by row: the fast way for the usual windows.

extension Conv2D {
    /// Whether the forward pass, or the data gradient, runs row by row: from five taps in a row on, that outweighs the
    /// less regular way through memory.
    var hasDepthwiseRows: Bool {
        let isDepthwise = groups == inputChannels && groups == outputChannels && groups > 1
        let windows = window.strideWidth == 1 ? [5, 7] : window.strideWidth == 2 ? [5] : []
        return isDepthwise && groups.isMultiple(of: 16) && window.dilationWidth == 1 && windows.contains(window.width)
            && (pass == .forward || (window.strideWidth == 1 && window.strideHeight == 1))
    }
}

extension CPUDevice {
    /// Computes every target pixel from the source pixels under its window: the data gradient is a correlation of the
    /// deltas with the filter back to front.
    func gatherDepthwiseRows(
        _ convolution: Conv2D, _ source: UnsafePointer<Float>, _ filter: UnsafePointer<Float>,
        _ target: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?
    ) {
        let window = convolution.window
        let flipped = convolution.pass == .dataGradient
        let input = (height: convolution.inputHeight, width: convolution.inputWidth)
        let output = (height: convolution.outputHeight, width: convolution.outputWidth)
        let (from, to) = flipped ? (output, input) : (input, output)
        let top = flipped ? (window.height - 1) * window.dilationHeight - window.paddingTop : window.paddingTop
        let left = flipped ? window.width - 1 - window.paddingLeft : window.paddingLeft
        let work = concord_depthwise(
            source: source, filter: filter, bias: bias, target: target, source_height: from.height,
            source_width: from.width, target_height: to.height, target_width: to.width,
            channels: convolution.inputChannels, window_height: window.height, window_width: window.width,
            stride_height: window.strideHeight, stride_width: window.strideWidth,
            dilation_height: window.dilationHeight, padding_top: top, padding_left: left, flipped: flipped ? 1 : 0,
            accumulate: convolution.accumulate ? 1 : 0, activation: convolution.activation.kernel)
        workers.rows(
            convolution.batch * to.height, columns: to.width * convolution.inputChannels, cost: window.height
        ) { rows in
            var work = work
            concord_depthwise_gather(&work, rows.lowerBound, rows.upperBound)
        }
    }
}
