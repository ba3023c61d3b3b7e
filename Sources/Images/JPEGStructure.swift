/// Checks a JPEG file before a decoder allocates anything for it: decoders paint what is missing grey instead of failing.
///
/// Source: ITU-T T.81, annex B.
enum JPEGStructure {
    private static let (marker, startOfImage, endOfImage, startOfScan): (UInt8, UInt8, UInt8, UInt8) =
        (0xFF, 0xD8, 0xD9, 0xDA)

    static func matches(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [marker, startOfImage, marker]) }

    /// Walks over the segments up to the first scan, and looks for the end of the image behind it.
    ///
    /// - Throws: for a file that ends early, or promises more pixels than ``Bitmap/largestImage``.
    static func check(_ bytes: [UInt8]) throws(ImageProblem) {
        var position = 2
        while true {
            // A marker may be preceded by any number of fill bytes.
            while position + 1 < bytes.count && bytes[position] == marker && bytes[position + 1] == marker {
                position += 1
            }
            guard position + 4 <= bytes.count else { throw truncated("the first scan") }
            guard bytes[position] == marker else {
                throw ImageProblem(.undecodable(reason: "there is no marker at byte \(position)"))
            }
            let kind = bytes[position + 1]
            let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
            guard length >= 2, position + 2 + length <= bytes.count else { throw truncated("a part of a segment") }
            if isFrame(kind) {
                guard length >= 7 else { throw truncated("a part of the header") }
                let (height, width) = (extent(bytes, at: position + 5), extent(bytes, at: position + 7))
                try Bitmap.checkSize(width: width, height: height)
            }
            position += 2 + length
            if kind == startOfScan { break }
        }
        var end = bytes.count - 2
        while end >= position && !(bytes[end] == marker && bytes[end + 1] == endOfImage) { end -= 1 }
        guard end >= position else { throw truncated("the end of the image") }
    }

    /// Start of frame, which holds the size: C0 to CF without the tables and extensions between.
    private static func isFrame(_ kind: UInt8) -> Bool {
        (0xC0...0xCF).contains(kind) && ![0xC4, 0xC8, 0xCC].contains(kind)
    }

    private static func extent(_ bytes: [UInt8], at position: Int) -> Int {
        Int(bytes[position]) << 8 | Int(bytes[position + 1])
    }

    private static func truncated(_ missing: String) -> ImageProblem {
        ImageProblem(.truncated(format: "JPEG", missing: missing))
    }
}
