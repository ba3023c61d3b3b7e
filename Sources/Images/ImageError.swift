/// Why an image cannot be used.
public enum ImageError: Error, Equatable, Sendable {
    case missingFile(path: String)
    /// The system did not let the file be read.
    case unreadableFile(path: String, reason: String)
    case invalidFile(path: String, problem: Problem)
    /// A value of a preprocessing or an augmentation makes no sense.
    case invalidSetting(name: String, found: String, expected: String)

    /// What is wrong with a file's content.
    public enum Problem: Equatable, Sendable {
        case empty
        case tooLargeFile(bytes: Int, limit: Int)
        /// Neither a JPEG nor a PNG file, by its first bytes.
        case unknownFormat
        /// The header gives more pixels than are decoded.
        case tooManyPixels(width: Int, height: Int, limit: Int)
        case truncated(format: String, missing: String)
        /// The pixels of a PNG file decompress to more than its header says.
        case tooMuchData(limit: Int)
        /// What the decoder found.
        case undecodable(reason: String)
    }
}

extension ImageError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missingFile(let path): "\(path): no such file. Check the path."
        case .unreadableFile(let path, let reason): "\(path): cannot be read: \(reason)"
        case .invalidFile(let path, let problem): "\(path): \(problem)"
        case .invalidSetting(let name, let found, let expected): "\(name) is \(found), expected \(expected)"
        }
    }
}

extension ImageError.Problem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "the file is empty, expected a JPEG or PNG image"
        case .tooLargeFile(let bytes, let limit): "has \(bytes) bytes, expected at most \(limit)"
        case .unknownFormat: "is neither a JPEG nor a PNG image by its first bytes; convert it"
        case .tooManyPixels(let width, let height, let limit):
            "the header gives \(width)×\(height) pixels, expected at least one and at most \(limit) in all"
        case .truncated(let format, let missing): "the \(format) image ends early: \(missing) is missing; fetch it again"
        case .tooMuchData(let limit):
            "the pixels decompress to more than the \(limit) bytes that the header calls for; the file is damaged"
        case .undecodable(let reason): "cannot be decoded: \(reason)"
        }
    }
}
