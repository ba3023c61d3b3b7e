/// An image of bytes, row by row, the channels of a pixel side by side.
public struct Bitmap: Hashable, Sendable {
    public let width: Int
    public let height: Int
    /// 1 for grey, 3 for red, green and blue.
    public let channels: Int
    public let bytes: [UInt8]

    /// - Precondition: the bytes fill the image.
    public init(width: Int, height: Int, channels: Int, bytes: [UInt8]) {
        precondition(
            width > 0 && height > 0 && (channels == 1 || channels == 3) && bytes.count == width * height * channels,
            "Bitmap: \(bytes.count) bytes for \(width)×\(height) pixels of \(channels) channels")
        self.width = width
        self.height = height
        self.channels = channels
        self.bytes = bytes
    }

    /// The same image in grey or in colours.
    ///
    /// Grey is repeated; colours become their luma by ITU-R BT.601, rounded as in Pillow.
    public func converted(toChannels count: Int) -> Bitmap {
        switch (channels, count) {
        case (1, 3):
            return Bitmap(width: width, height: height, channels: 3, bytes: bytes.flatMap { [$0, $0, $0] })
        case (3, 1):
            let grey = stride(from: 0, to: bytes.count, by: 3).map { pixel in
                let (red, green, blue) = (Int(bytes[pixel]), Int(bytes[pixel + 1]), Int(bytes[pixel + 2]))
                return UInt8((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16)
            }
            return Bitmap(width: width, height: height, channels: 1, bytes: grey)
        default:
            precondition(channels == count, "Bitmap: \(channels) channels cannot become \(count)")
            return self
        }
    }

    /// A part of the image.
    ///
    /// - Precondition: it lies inside and is not empty.
    public func cropped(_ box: PixelBox) -> Bitmap {
        precondition(
            box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height,
            "Bitmap: the part \(box) of \(width)×\(height) pixels")
        if box.width == width && box.height == height { return self }
        var part: [UInt8] = []
        part.reserveCapacity(box.width * box.height * channels)
        for y in box.y..<box.y + box.height {
            let start = (y * width + box.x) * channels
            part += bytes[start..<start + box.width * channels]
        }
        return Bitmap(width: box.width, height: box.height, channels: channels, bytes: part)
    }
}

/// A rectangle of pixels.
public struct PixelBox: Hashable, Sendable {
    public var x: Int
    public var y: Int
    public var width: Int
    public var height: Int

    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }
}
