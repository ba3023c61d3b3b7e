import CStbImage
import Foundation

extension Bitmap {
    /// Files with more bytes are refused.
    public static let largestFile = 1 << 28
    /// Images with more pixels are refused.
    public static let largestImage = 1 << 26

    /// Decodes a JPEG or PNG file.
    ///
    /// Whatever a file claims, the memory is bounded by ``largestFile`` and four times ``largestImage``: the structure of
    /// a file and the size in its header are checked before anything is decoded. An opacity is dropped, and an orientation
    /// that the camera noted is ignored, as in Pillow's `open(path).convert("RGB")`. 16 bits per channel become 8.
    ///
    /// - Parameter channels: 1 for grey, 3 for colours; nil takes what the file has.
    /// - Throws: ``ImageError``, which names the file.
    public init(contentsOf path: String, channels: Int? = nil) throws(ImageError) {
        let content = try Bitmap.content(of: path)
        do throws(ImageProblem) {
            let decoded = try Bitmap.decode(content)
            self = channels.map { decoded.converted(toChannels: $0) } ?? decoded
        } catch {
            throw .invalidFile(path: path, problem: error.problem)
        }
    }

    private static func content(of path: String) throws(ImageError) -> Data {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .missingFile(path: path)
        }
        if isFolder.boolValue { throw .unreadableFile(path: path, reason: "it is a folder, expected an image") }
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            let content = try file.read(upToCount: largestFile + 1) ?? Data()
            if content.count > largestFile {
                throw ImageError.invalidFile(
                    path: path, problem: .tooLargeFile(bytes: content.count, limit: largestFile))
            }
            return content
        } catch let error as ImageError {
            throw error
        } catch {
            throw .unreadableFile(path: path, reason: error.localizedDescription)
        }
    }

    private static func decode(_ content: Data) throws(ImageProblem) -> Bitmap {
        if content.isEmpty { throw ImageProblem(.empty) }
        let bytes = [UInt8](content)
        if PNGStructure.matches(bytes) {
            try PNGStructure.check(bytes)
        } else if JPEGStructure.matches(bytes) {
            try JPEGStructure.check(bytes)
        } else {
            throw ImageProblem(.unknownFormat)
        }
        var (width, height, found): (Int32, Int32, Int32) = (0, 0, 0)
        let length = Int32(bytes.count)
        guard stbi_info_from_memory(bytes, length, &width, &height, &found) == 1 else {
            throw ImageProblem(.undecodable(reason: reason))
        }
        try checkSize(width: Int(width), height: Int(height))
        guard let pixels = stbi_load_from_memory(bytes, length, &width, &height, &found, 0) else {
            throw ImageProblem(.undecodable(reason: reason))
        }
        defer { stbi_image_free(pixels) }
        let (columns, rows, samples) = (Int(width), Int(height), Int(found))
        let decoded = UnsafeBufferPointer(start: pixels, count: columns * rows * samples)
        // Two and four channels are grey and colours with an opacity.
        let kept = samples < 3 ? 1 : 3
        guard kept < samples else {
            return Bitmap(width: columns, height: rows, channels: kept, bytes: Array(decoded))
        }
        var opaque: [UInt8] = []
        opaque.reserveCapacity(columns * rows * kept)
        for pixel in stride(from: 0, to: decoded.count, by: samples) { opaque += decoded[pixel..<pixel + kept] }
        return Bitmap(width: columns, height: rows, channels: kept, bytes: opaque)
    }

    static func checkSize(width: Int, height: Int) throws(ImageProblem) {
        let sides = 1...largestImage
        guard sides.contains(width), sides.contains(height), width * height <= largestImage else {
            throw ImageProblem(.tooManyPixels(width: width, height: height, limit: largestImage))
        }
    }

    private static var reason: String { stbi_failure_reason().map { String(cString: $0) } ?? "unknown" }
}

/// A problem of a file whose name is known one floor above.
struct ImageProblem: Error {
    let problem: ImageError.Problem
    init(_ problem: ImageError.Problem) { self.problem = problem }
}
