/// How an image becomes larger or smaller.
///
/// Libraries agree on where the pixels lie (their centres at half-integers, the corners of both images on each other) and
/// differ in everything else; features of a pretrained network depend on it.
public struct ImageResize: Hashable, Sendable, Codable {
    public enum Filter: String, Hashable, Sendable, Codable, CaseIterable { case bilinear, bicubic }

    /// Whose arithmetic.
    public enum Convention: String, Hashable, Sendable, Codable, CaseIterable {
        /// `Image.resize`: the filter is as wide as the pixels of a smaller result, its bicubic one has a = -0.5. Rounded
        /// to bytes behind the columns and behind the rows, in fixed-point arithmetic. As in all versions before 13, the
        /// columns are always first; later ones may differ by 1 in high images.
        case pillow
        /// `torch.nn.functional.interpolate` with `align_corners=False`: without antialiasing the bicubic filter has
        /// a = -0.75 and the pixels at the border are repeated; with it the weights are Pillow's, without rounding.
        case torch
        /// `tf.image.resize` of TensorFlow 2: without antialiasing the bicubic filter has a = -0.5, is tabulated in steps
        /// of 1/1024, and counts no pixels outside; with it the weights are Pillow's, without rounding.
        case tensorFlow
    }

    public var filter: Filter
    public var convention: Convention
    /// Whether every pixel of a smaller result sees all pixels that it covers. Pillow always does that.
    public var antialias: Bool

    public init(_ filter: Filter, _ convention: Convention = .pillow, antialias: Bool = true) {
        self.filter = filter
        self.convention = convention
        self.antialias = antialias
    }

    /// The image with another size.
    ///
    /// - Returns: `[height, width, channels]` from 0 to 255; bicubic filters overshoot by some, but Pillow's.
    /// - Precondition: the size is positive.
    public func callAsFunction(_ image: Bitmap, width: Int, height: Int) -> [Float] {
        precondition(width > 0 && height > 0, "ImageResize: \(width)×\(height) pixels")
        let columns = ResizeWeights(self, from: image.width, to: width)
        let rows = ResizeWeights(self, from: image.height, to: height)
        let samples = image.channels
        if convention == .pillow {
            var bytes = image.bytes
            // What keeps its extent is not touched.
            if width != image.width {
                bytes = columns.applied(bytes, outer: image.height, inner: samples)
            }
            if height != image.height { bytes = rows.applied(bytes, outer: 1, inner: width * samples) }
            return bytes.map(Float.init)
        }
        var values = image.bytes.map(Float.init)
        if width != image.width { values = columns.applied(values, outer: image.height, inner: samples) }
        if height != image.height { values = rows.applied(values, outer: 1, inner: width * samples) }
        return values
    }
}
