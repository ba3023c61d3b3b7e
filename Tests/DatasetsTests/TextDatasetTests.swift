import Datasets
import Foundation
import Testing

@Suite struct TextDatasetTests {
    /// A folder with a vocabulary and a file of texts.
    private static func folder(_ bytes: [UInt8]) throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("texts-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "film", "\"", "a", "##s", "very"]
        try Data(vocabulary.joined(separator: "\n").utf8).write(to: folder.appendingPathComponent("vocab.txt"))
        try Data(bytes).write(to: folder.appendingPathComponent("texts.tsv"))
        return folder
    }

    private static func schema(_ folder: URL, plainQuotes: Bool = true) -> TextSchema {
        TextSchema(
            text: "text", vocabulary: folder.appendingPathComponent("vocab.txt").path, maximumLength: 6,
            hasPlainQuotes: plainQuotes,
            table: TabularSchema(
                format: CSVFormat(separator: UInt8(ascii: "\t")),
                targets: [
                    TabularSchema.Target(task: "score", column: "score", kind: .number),
                    TabularSchema.Target(task: "kind", column: "kind", kind: .classes),
                ]))
    }

    private static let texts = Array(
        "score\tkind\ttext\n1.5\tx\tgood film\n\ty\ta \"bad\" films\n-2\t\tvery very very very bad film\n".utf8)

    @Test("batches are as long as their longest text, labels may be missing")
    func batches() throws {
        let folder = try TextDatasetTests.folder(TextDatasetTests.texts)
        defer { try? FileManager.default.removeItem(at: folder) }
        let dataset = try TextDataset(
            path: folder.appendingPathComponent("texts.tsv").path, schema: TextDatasetTests.schema(folder))
        #expect(dataset.count == 3)
        #expect(dataset.inputShape == [6])
        #expect(dataset.repairedFields == 0)
        let batch = dataset.batch(of: [0, 1])
        // The second text is cut: a "bad" films [SEP] would have eight tokens.
        #expect(batch.inputs == HostTensor([2, 4, 6, 3, 0, 0, 2, 8, 7, 5, 7, 3] as [Int32], shape: [2, 6]))
        #expect(dataset.batch(of: [0]).inputs == HostTensor([2, 4, 6, 3] as [Int32], shape: [1, 4]))
        #expect(batch.targets["score"] == HostTensor([1.5, 0] as [Float], shape: [2, 1]))
        #expect(batch.masks["score"] == HostTensor([1, 0] as [Float], shape: [2]))
        #expect(dataset.batch(of: [2, 1]).targets["kind"] == HostTensor([ArrayDataset.Target.ignoredLabel, 1] as [Int32], shape: [2]))
        #expect(dataset.classes == ["kind": ["x", "y"]])
    }

    @Test("batches of two domains are padded to one length")
    func domains() throws {
        let folder = try TextDatasetTests.folder(TextDatasetTests.texts)
        defer { try? FileManager.default.removeItem(at: folder) }
        let dataset = try TextDataset(
            path: folder.appendingPathComponent("texts.tsv").path, schema: TextDatasetTests.schema(folder))
        let pair = try AdaptationDataset(source: Subset(of: dataset, [0]), target: Subset(of: dataset, [1]))
        let batch = try pair.batch(of: [0])
        #expect(batch.inputs == HostTensor([2, 4, 6, 3, 0, 0, 2, 8, 7, 5, 7, 3] as [Int32], shape: [2, 6]))
        #expect(batch.targets["domain"] == HostTensor([0, 1] as [Float], shape: [2, 1]))
        #expect(batch.masks["score"] == HostTensor([1, 0] as [Float], shape: [2]))
    }

    @Test("a file to be measured on has the classes of the training file")
    func classes() throws {
        let folder = try TextDatasetTests.folder(TextDatasetTests.texts)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("texts.tsv").path
        let schema = TextDatasetTests.schema(folder)
        let dataset = try TextDataset(path: path, schema: schema, classes: ["kind": ["z", "y", "x"]])
        #expect(dataset.batch(of: [0, 1]).targets["kind"] == HostTensor([2, 1] as [Int32], shape: [2]))
        #expect(throws: DatasetError.self) { try TextDataset(path: path, schema: schema, classes: ["kind": ["x"]]) }
    }

    @Test("invalid UTF-8 is counted and leaves no token; quotes follow the rules unless they are plain")
    func lenient() throws {
        var bytes = TextDatasetTests.texts
        bytes.insert(0xFF, at: bytes.count - 1)
        let folder = try TextDatasetTests.folder(bytes)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("texts.tsv").path
        let dataset = try TextDataset(path: path, schema: TextDatasetTests.schema(folder))
        #expect(dataset.repairedFields == 1)
        #expect(dataset.batch(of: [0]).inputs == HostTensor([2, 4, 6, 3] as [Int32], shape: [1, 4]))
        #expect(throws: DatasetError.invalidFile(path: path, problem: .misplacedQuote(line: 3, field: 3))) {
            try TextDataset(path: path, schema: TextDatasetTests.schema(folder, plainQuotes: false))
        }
    }
}
