/// A window that slides over the two spatial axes of an image.
public struct Window2D: Hashable, Sendable {
    public var height: Int
    public var width: Int
    public var strideHeight: Int
    public var strideWidth: Int
    public var dilationHeight: Int
    public var dilationWidth: Int
    public var paddingTop: Int
    public var paddingBottom: Int
    public var paddingLeft: Int
    public var paddingRight: Int

    public init(
        height: Int, width: Int, strideHeight: Int = 1, strideWidth: Int = 1, dilationHeight: Int = 1,
        dilationWidth: Int = 1, paddingTop: Int = 0, paddingBottom: Int = 0, paddingLeft: Int = 0, paddingRight: Int = 0
    ) {
        precondition(
            height > 0 && width > 0 && strideHeight > 0 && strideWidth > 0 && dilationHeight > 0 && dilationWidth > 0,
            "Window2D: size, stride and dilation must be positive")
        precondition(
            paddingTop >= 0 && paddingBottom >= 0 && paddingLeft >= 0 && paddingRight >= 0,
            "Window2D: negative padding")
        self.height = height
        self.width = width
        self.strideHeight = strideHeight
        self.strideWidth = strideWidth
        self.dilationHeight = dilationHeight
        self.dilationWidth = dilationWidth
        self.paddingTop = paddingTop
        self.paddingBottom = paddingBottom
        self.paddingLeft = paddingLeft
        self.paddingRight = paddingRight
    }

    /// A square window with the same stride, dilation and padding on both axes.
    public init(size: Int, stride: Int = 1, dilation: Int = 1, padding: Int = 0) {
        self.init(
            height: size, width: size, strideHeight: stride, strideWidth: stride, dilationHeight: dilation,
            dilationWidth: dilation, paddingTop: padding, paddingBottom: padding, paddingLeft: padding,
            paddingRight: padding)
    }

    /// Number of window positions along the height of an image of `height` rows, as in PyTorch.
    ///
    /// - Precondition: the window fits at least once.
    public func outputHeight(_ inputHeight: Int) -> Int {
        let span = inputHeight + paddingTop + paddingBottom - (dilationHeight * (height - 1) + 1)
        precondition(span >= 0, "a window of height \(height) does not fit into \(inputHeight) rows and its padding")
        return span / strideHeight + 1
    }

    /// Number of window positions along the width.
    public func outputWidth(_ inputWidth: Int) -> Int {
        let span = inputWidth + paddingLeft + paddingRight - (dilationWidth * (width - 1) + 1)
        precondition(span >= 0, "a window of width \(width) does not fit into \(inputWidth) columns and its padding")
        return span / strideWidth + 1
    }
}

/// Two-dimensional convolution (as in deep learning: without flipping the filter) and its derivatives.
///
/// Images are `[batch, height, width, channels]`, filters
/// `[height, width, inputChannels / groups, outputChannels]`; output channel `o` belongs to group
/// `o / (outputChannels / groups)`.
///
/// Operands:
/// - `forward`: input, filter, output, and a bias of `outputChannels` elements if ``bias`` is set.
/// - `dataGradient`: deltas (shaped like the output), filter, input gradient. Stacked deltas are a larger batch.
/// - `weightGradient`: input, deltas `[tasks, output]`, filter gradients `[tasks, filter]`.
public struct Conv2D: PrimitiveDescription {
    public enum Pass: UInt8, Hashable, Sendable, CaseIterable { case forward, dataGradient, weightGradient }

    public var pass: Pass
    public var batch: Int
    public var inputHeight: Int
    public var inputWidth: Int
    public var inputChannels: Int
    public var outputChannels: Int
    public var window: Window2D
    public var groups: Int
    /// Number of stacked deltas over one input; only the weight gradient uses it.
    public var tasks: Int
    /// Adds to the result instead of overwriting it; only for gradients.
    public var accumulate: Bool
    public var bias: Bool
    public var activation: Activation

    public init(
        _ pass: Pass, batch: Int, inputHeight: Int, inputWidth: Int, inputChannels: Int, outputChannels: Int,
        window: Window2D, groups: Int = 1, tasks: Int = 1, accumulate: Bool = false, bias: Bool = false,
        activation: Activation = .none
    ) {
        precondition(
            groups > 0 && inputChannels % groups == 0 && outputChannels % groups == 0,
            "Conv2D: \(groups) groups do not divide \(inputChannels) input and \(outputChannels) output channels")
        precondition(pass == .forward || (!bias && activation == .none), "Conv2D: bias and activation are forward only")
        precondition(pass != .forward || !accumulate, "Conv2D: only gradients accumulate")
        precondition(pass == .weightGradient || tasks == 1, "Conv2D: fold tasks into the batch of this pass")
        self.pass = pass
        self.batch = batch
        self.inputHeight = inputHeight
        self.inputWidth = inputWidth
        self.inputChannels = inputChannels
        self.outputChannels = outputChannels
        self.window = window
        self.groups = groups
        self.tasks = tasks
        self.accumulate = accumulate
        self.bias = bias
        self.activation = activation
    }

    public var outputHeight: Int { window.outputHeight(inputHeight) }
    public var outputWidth: Int { window.outputWidth(inputWidth) }
    public var inputCount: Int { batch * inputHeight * inputWidth * inputChannels }
    public var outputCount: Int { batch * outputHeight * outputWidth * outputChannels }
    public var filterCount: Int { window.height * window.width * (inputChannels / groups) * outputChannels }

    public var floatingPointOperations: Int {
        2 * tasks * outputCount * window.height * window.width * (inputChannels / groups)
    }
    public var bytesMoved: Int {
        switch pass {
        case .forward, .dataGradient: 4 * (inputCount + outputCount + filterCount)
        case .weightGradient: 4 * (inputCount + tasks * (outputCount + filterCount))
        }
    }
}
