import Foundation
import Images

/// A folder with a folder of JPEG and PNG files for every class: one task, `class`.
public struct ImageFolder: Sendable {
    /// The task's name.
    public static let task = "class"
    private static let extensions: Set<String> = ["jpeg", "jpg", "png"]

    /// The names of the classes, in alphabetic order.
    public let classes: [String]
    private let paths: [String]
    private let labels: [Int32]

    /// Lists the files in alphabetic order, and reads none.
    ///
    /// - Parameter classes: those of the training folder, of which some may be missing here; nil takes what is there.
    /// - Throws: ``DatasetError`` where the folder is missing, a class is unknown, or there are no images.
    public init(path: String, classes known: [String]? = nil) throws(DatasetError) {
        let found = try ImageFolder.entries(of: path).filter { ImageFolder.isFolder("\(path)/\($0)") }
        classes = known ?? found
        var (paths, labels): ([String], [Int32]) = ([], [])
        for name in found {
            guard let label = classes.firstIndex(of: name) else {
                throw .invalidFile(
                    path: path, problem: .unknownClass(column: "folder", value: name, record: 0, known: classes))
            }
            for file in try ImageFolder.entries(of: "\(path)/\(name)")
            where ImageFolder.extensions.contains((file as NSString).pathExtension.lowercased()) {
                paths.append("\(path)/\(name)/\(file)")
                labels.append(Int32(label))
            }
        }
        if paths.isEmpty { throw .missingFile(path: "\(path)/CLASS/*.jpg", advice: "Expected a folder per class.") }
        self.paths = paths
        self.labels = labels
    }

    /// The images with their classes.
    public func dataset(
        preprocessing: ImagePreprocessing, augmentation: ImageAugmentation? = nil, seed: UInt64 = 0
    ) throws -> ImageDataset {
        try ImageDataset(
            .files(paths), targets: [.classes(ImageFolder.task, labels: labels, count: classes.count, names: classes)],
            preprocessing: preprocessing, augmentation: augmentation, seed: seed)
    }

    private static func entries(of path: String) throws(DatasetError) -> [String] {
        guard isFolder(path) else { throw .missingFile(path: path, advice: "Expected a folder.") }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }.sorted()
        } catch {
            throw .unreadableFile(path: path, reason: error.localizedDescription)
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
