import Foundation
import Images

/// A CSV file that lists image files with the labels of several tasks. Labels may be missing.
public struct ImageList: Sendable {
    public let path: String
    private let table: TextTable
    private let schema: TabularSchema
    private let column: String

    /// Reads the list, and no image.
    ///
    /// - Parameters:
    ///   - column: holds the files' paths, relative ones from the folder of the list.
    ///   - schema: says which columns hold the labels; other columns are ignored.
    /// - Throws: ``DatasetError`` where the file is no CSV file or lacks one of the columns.
    public init(path: String, column: String, schema: TabularSchema) throws(DatasetError) {
        self.path = path
        self.column = column
        self.schema = schema
        table = try schema.table(path: path)
        _ = try table.required(column)
    }

    /// The classes of the labels, stored with a network that learns from them.
    public func preprocessing() throws(DatasetError) -> TabularPreprocessing {
        try TabularPreprocessing(targetsOf: table, schema: schema)
    }

    /// The images with their labels.
    ///
    /// - Parameter labels: of the training list, whose classes count.
    /// - Throws: ``DatasetError`` where a label is unknown or an image is missing.
    public func dataset(
        labels: TabularPreprocessing, preprocessing: ImagePreprocessing, augmentation: ImageAugmentation? = nil,
        seed: UInt64 = 0
    ) throws -> ImageDataset {
        let names = try table.required(column)
        let folder = (path as NSString).deletingLastPathComponent
        let paths = names.values.map { name in
            name.hasPrefix("/") || folder.isEmpty ? name : "\(folder)/\(name)"
        }
        if let missing = paths.first(where: { !FileManager.default.fileExists(atPath: $0) }) {
            throw DatasetError.missingFile(
                path: missing, advice: "\(path) lists it; relative paths begin in the folder of the list.")
        }
        return try ImageDataset(
            .files(names.codes.map { paths[Int($0)] }), targets: try labels.targets(of: table),
            preprocessing: preprocessing, augmentation: augmentation, seed: seed)
    }
}
