import Compute
import Datasets
import Foundation
import Testing

@Suite("Tables")
struct TabularDatasetTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ text: String, to name: String = "table.csv") throws -> String {
        try folder.write(Array(text.utf8), to: name)
    }

    private static let schema = TabularSchema(
        categorical: ["code"], logarithmic: ["amount"], ignored: ["weight"],
        targets: [
            .init(task: "rich", column: "income", kind: .binary(positive: ["high"])),
            .init(task: "group", column: "group", kind: .classes),
            .init(task: "height", column: "height", kind: .number),
        ])

    private static let text = """
        colour,code,size,amount,weight,income,group,height
        red,1,2,0,9.5,high,a,1.5
        blue,2,4,-1,9.5,low,b,?
        red,1,?,3,9.5,?,a,2
        green,7,600,5,x,low,?,-1

        """

    private func floats(_ words: ArraySlice<Int32>) -> [Float] { words.map { Float(bitPattern: UInt32(bitPattern: $0)) } }

    /// By hand from the definitions: `size` has the mean 3 and the deviation 1 over the first three rows, the logarithms
    /// of `amount` are 0, -log 2 and log 4.
    @Test("everything is fitted on the training rows alone")
    func fits() throws {
        let file = try TabularFile(path: write(TabularDatasetTests.text), schema: TabularDatasetTests.schema)
        #expect(file.count == 4)
        let preprocessing = try file.preprocessing(fittedOn: [0, 1, 2])
        // colour: unknown, red, blue; code: unknown, 1, 2; size with an indicator; amount.
        #expect(preprocessing.layout == TabularLayout(categories: 2, vocabulary: 6, numbers: 3))
        let dataset = try file.dataset(preprocessing)
        #expect(dataset.inputShape == [5])
        #expect(dataset.tabularLayout == preprocessing.layout)
        let batch = dataset.batch(of: [0, 1, 2, 3])
        let words = try #require(batch.inputs.ints)
        #expect((0..<4).map { Array(words[$0 * 5..<$0 * 5 + 2]) } == [[1, 4], [2, 5], [1, 4], [0, 3]])
        let logarithms = [0, -log(2.0), log(4.0), log(6.0)]
        let mean = (logarithms[1] + logarithms[2]) / 3
        let deviation = (logarithms[..<3].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3).squareRoot()
        for (row, expected) in ([[-1, 0], [1, 0], [0, 1], [597, 0]] as [[Float]]).enumerated() {
            let numbers = floats(words[row * 5 + 2..<row * 5 + 5])
            #expect(Array(numbers[..<2]) == expected)
            #expect(abs(Double(numbers[2]) - (logarithms[row] - mean) / deviation) < 1e-6)
        }
    }

    @Test("targets, with a mask or an ignored label where one is missing")
    func targets() throws {
        let file = try TabularFile(path: write(TabularDatasetTests.text), schema: TabularDatasetTests.schema)
        let dataset = try file.dataset(try file.preprocessing(fittedOn: [0, 1, 2, 3]))
        #expect(
            dataset.tasks == [
                TaskDescription(name: "rich", kind: .regression(columns: 1)),
                TaskDescription(name: "group", kind: .classes(count: 2, names: ["a", "b"])),
                TaskDescription(name: "height", kind: .regression(columns: 1)),
            ])
        let batch = dataset.batch(of: [3, 2, 1, 0])
        #expect(batch.targets["rich"] == HostTensor([0, 0, 0, 1] as [Float], shape: [4, 1]))
        #expect(batch.masks["rich"]?.floats == [1, 0, 1, 1])
        #expect(batch.targets["group"] == HostTensor([-100, 0, 1, 0] as [Int32], shape: [4]))
        #expect(batch.masks["group"] == nil)
        #expect(batch.targets["height"]?.floats == [-1, 2, 0, 1.5])
        #expect(batch.masks["height"]?.floats == [1, 1, 0, 1])
    }

    @Test("stored preprocessing reads another file as in training, with or without targets, in any order of columns")
    func stored() throws {
        let file = try TabularFile(path: write(TabularDatasetTests.text), schema: TabularDatasetTests.schema)
        let fitted = try file.preprocessing(fittedOn: [0, 1, 2])
        let stored = try JSONDecoder().decode(TabularPreprocessing.self, from: try JSONEncoder().encode(fitted))
        #expect(stored == fitted)
        let other = try write("amount,size,colour,code\n-1,4,blue,2\n", to: "other.csv")
        let row = try TabularDataset(path: other, preprocessing: stored, needsTargets: false)
        #expect(row.tasks.isEmpty)
        #expect(row.batch(of: [0]).inputs == (try file.dataset(fitted)).batch(of: [1]).inputs)
        #expect(throws: (any Error).self) { try TabularDataset(path: other, preprocessing: stored) }
    }

    @Test("files without a header, with all columns or without those of the targets")
    func headerless() throws {
        let schema = TabularSchema(
            columns: ["size", "label", "colour"], targets: [.init(task: "label", column: "label", kind: .classes)])
        let file = try TabularFile(path: write("1,yes,red\n3,no,blue\n"), schema: schema)
        let preprocessing = try file.preprocessing(fittedOn: [0, 1])
        let expected = try file.dataset(preprocessing).batch(of: [0, 1]).inputs
        #expect(expected.ints.map { floats([$0[1], $0[3]]) } == [-1, 1])
        let unlabelled = try write("1,red\n3,blue\n", to: "unlabelled.csv")
        let dataset = try TabularDataset(path: unlabelled, preprocessing: preprocessing, needsTargets: false)
        #expect(dataset.batch(of: [0, 1]).inputs == expected)
        let wrong = try write("1,yes,red,4\n", to: "wrong.csv")
        let error = #expect(throws: DatasetError.self) {
            try TabularDataset(path: wrong, preprocessing: preprocessing, needsTargets: false)
        }
        #expect(error?.description == "\(wrong): has 4 columns, expected 3, or 2 without those of the targets; is it the right file?")
    }

    @Test(
        "what does not fit is named",
        arguments: [
            ("a,b\n", TabularSchema(targets: []), "there are no records"),
            ("", TabularSchema(targets: []), "there are no records"),
            ("a,a\n1,2\n", TabularSchema(targets: []), "two columns are named \"a\""),
            ("a,b\n1,x\n2,3\n", TabularSchema(numeric: ["b"], targets: []), "record 1, column \"b\": found \"x\""),
            ("a,b\n1,2\n", TabularSchema(categorical: ["c"], targets: []), "there is no column \"c\""),
            ("a,income\n1,2\n", TabularSchema(targets: [.init(task: "x", column: "incom", kind: .number)]),
             "did you mean \"income\"?"),
            ("a\n1\n", TabularSchema(ignored: ["a"], targets: []), "expected at least one input"),
        ])
    func problems(text: String, schema: TabularSchema, message: String) throws {
        let path = try write(text)
        let error = #expect(throws: DatasetError.self) {
            let file = try TabularFile(path: path, schema: schema)
            _ = try file.dataset(try file.preprocessing(fittedOn: Array(0..<file.count)))
        }
        #expect(error?.description.hasPrefix(path) == true)
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    @Test("a class that the training file does not have is an error with its record")
    func unknownClass() throws {
        let schema = TabularSchema(targets: [.init(task: "label", column: "label", kind: .classes)])
        let file = try TabularFile(path: write("x,label\n1,yes\n2,no\n"), schema: schema)
        let preprocessing = try file.preprocessing(fittedOn: [0, 1])
        let path = try write("x,label\n1,yes\n2,maybe\n", to: "test.csv")
        #expect(
            throws: DatasetError.invalidFile(
                path: path,
                problem: .unknownClass(column: "label", value: "maybe", record: 2, known: ["yes", "no"]))
        ) { try TabularDataset(path: path, preprocessing: preprocessing) }
    }
}

@Suite("Validation samples")
struct ValidationSplitTests {
    @Test("every sample is in one part, and the same seed gives the same parts", arguments: [0, 0.1, 0.35, 0.9])
    func parts(share: Double) throws {
        let split = try ValidationSplit(of: 1001, share: share, seed: 3)
        #expect(split.validation.count == Int((1001 * share).rounded()))
        #expect((split.training + split.validation).sorted() == Array(0..<1001))
        #expect(try ValidationSplit(of: 1001, share: share, seed: 3) == split)
        if share > 0 { #expect(try ValidationSplit(of: 1001, share: share, seed: 4) != split) }
    }

    @Test("a share that leaves nothing is refused")
    func refused() {
        #expect(throws: DatasetError.self) { try ValidationSplit(of: 10, share: 0.99, seed: 0) }
        #expect(throws: DatasetError.self) { try ValidationSplit(of: 10, share: 0.01, seed: 0) }
    }

    @Test("a subset has the samples of its indices")
    func subset() throws {
        let base = try ArrayDataset(
            inputs: [0, 1, 2, 3], inputShape: [1], targets: [.classes("parity", labels: [0, 1, 0, 1], count: 2)])
        let subset = Subset(of: base, [3, 0])
        #expect(subset.count == 2)
        #expect(try subset.batch(of: [1, 0, 0]) == base.batch(of: [0, 3, 3]))
    }
}

private let assets = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent(CensusIncome.defaultFolder).path

@Suite(
    "Census-Income",
    .enabled(if: FileManager.default.fileExists(atPath: assets), "needs the data: scripts/fetch-census.sh"))
struct CensusIncomeTests {
    /// The numbers of rows are those of the repository's description; the others were counted with Python's csv module.
    @Test("the whole data are read")
    func reads() throws {
        let file = try TabularFile(path: "\(assets)/\(CensusIncome.trainingFile)", schema: CensusIncome.schema)
        #expect(file.count == 199_523)
        let preprocessing = try file.preprocessing(fittedOn: Array(0..<file.count))
        #expect(preprocessing.layout.categories == 32)
        #expect(preprocessing.layout.numbers == 7)
        #expect(try positives(of: try file.dataset(preprocessing)) == ["income": 12_382, "neverMarried": 86_485])
        let test = try TabularDataset(
            path: "\(assets)/\(CensusIncome.testFile)", preprocessing: preprocessing)
        #expect(test.count == 99_762)
        #expect(try positives(of: test) == ["income": 6_186, "neverMarried": 43_143])
    }

    private func positives(of dataset: TabularDataset) throws -> [String: Int] {
        try dataset.batch(of: Array(0..<dataset.count)).targets.mapValues { target in
            try #require(target.floats).count { $0 == 1 }
        }
    }
}
