import Compute

/// How the borders of an image are padded where that depends on the image's size.
public enum WindowPadding: Hashable, Sendable {
    /// As the window says.
    case explicit
    /// TensorFlow's `SAME`: `⌈extent / stride⌉` positions. What is missing for the last one is added, half of it, rounded
    /// down, in front and the rest behind, so that the sides may differ. The window's own padding is ignored.
    ///
    /// Source: https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
    case same
    /// As the window says, and as many more rows below and columns on the right as complete a last window that began
    /// inside of the image: PyTorch's `ceil_mode`.
    case ceiling

    /// A window with the padding that an image of this size gets.
    ///
    /// - Precondition: the dilation is 1 for ``ceiling``.
    func applied(to window: Window2D, height: Int, width: Int) -> Window2D {
        var result = window
        switch self {
        case .explicit: break
        case .same:
            (result.paddingTop, result.paddingBottom) = WindowPadding.same(
                height, size: window.dilationHeight * (window.height - 1) + 1, stride: window.strideHeight)
            (result.paddingLeft, result.paddingRight) = WindowPadding.same(
                width, size: window.dilationWidth * (window.width - 1) + 1, stride: window.strideWidth)
        case .ceiling:
            precondition(window.dilationHeight == 1 && window.dilationWidth == 1, "WindowPadding: a dilated window")
            result.paddingBottom += WindowPadding.missing(
                height + window.paddingTop, behind: window.paddingBottom, size: window.height,
                stride: window.strideHeight)
            result.paddingRight += WindowPadding.missing(
                width + window.paddingLeft, behind: window.paddingRight, size: window.width,
                stride: window.strideWidth)
        }
        return result
    }

    private static func same(_ extent: Int, size: Int, stride: Int) -> (before: Int, after: Int) {
        let total = max(((extent + stride - 1) / stride - 1) * stride + size - extent, 0)
        return (total / 2, total - total / 2)
    }

    /// What completes the last window.
    ///
    /// - Parameters:
    ///   - extent: with the padding in front.
    ///   - behind: the padding behind that there is already.
    private static func missing(_ extent: Int, behind: Int, size: Int, stride: Int) -> Int {
        let steps = (max(extent + behind - size, 0) + stride - 1) / stride
        // A window that would begin behind the image does not count.
        let last = min(steps, (extent - 1) / stride)
        return max(last * stride + size - extent - behind, 0)
    }
}
