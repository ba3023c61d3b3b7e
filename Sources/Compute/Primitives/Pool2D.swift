/// Two-dimensional pooling over `[batch, height, width, channels]` and its derivatives.
///
/// Operands:
/// - `forward`, maximum: input, output, and the winners (Int32 `[output]`: `row * inputWidth + column` of the largest
///   element, the first one among equals). Padding never wins; NaN always does.
/// - `forward`, average: input, output. Padding is not counted unless ``countsPadding`` is set.
/// - `gradient`, maximum: deltas `[tasks, output]`, winners `[output]`, input gradients `[tasks, input]`.
/// - `gradient`, average: deltas `[tasks, output]`, input gradients `[tasks, input]`.
public struct Pool2D: PrimitiveDescription {
    public enum Kind: UInt8, Hashable, Sendable, CaseIterable { case maximum, average }
    public enum Pass: UInt8, Hashable, Sendable, CaseIterable { case forward, gradient }

    public var kind: Kind
    public var pass: Pass
    public var batch: Int
    public var inputHeight: Int
    public var inputWidth: Int
    public var channels: Int
    public var window: Window2D
    public var countsPadding: Bool
    public var tasks: Int

    public init(
        _ kind: Kind, _ pass: Pass, batch: Int, inputHeight: Int, inputWidth: Int, channels: Int, window: Window2D,
        countsPadding: Bool = false, tasks: Int = 1
    ) {
        precondition(
            window.paddingTop < window.height && window.paddingBottom < window.height
                && window.paddingLeft < window.width && window.paddingRight < window.width,
            "Pool2D: padding must be smaller than the window")
        precondition(window.dilationHeight == 1 && window.dilationWidth == 1, "Pool2D: dilation is not supported")
        self.kind = kind
        self.pass = pass
        self.batch = batch
        self.inputHeight = inputHeight
        self.inputWidth = inputWidth
        self.channels = channels
        self.window = window
        self.countsPadding = countsPadding
        self.tasks = tasks
    }

    public var outputHeight: Int { window.outputHeight(inputHeight) }
    public var outputWidth: Int { window.outputWidth(inputWidth) }
    public var inputCount: Int { batch * inputHeight * inputWidth * channels }
    public var outputCount: Int { batch * outputHeight * outputWidth * channels }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int {
        let values = pass == .forward ? inputCount + outputCount : tasks * (inputCount + outputCount)
        return 4 * (values + (kind == .maximum ? outputCount : 0))
    }
}
