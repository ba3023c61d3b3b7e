import Compute

/// What can be wrong with data that comes from outside.
public enum DatasetError: Error, Equatable, Sendable {
    case missingFile(path: String, advice: String)
    /// The system did not let the file be read.
    case unreadableFile(path: String, reason: String)
    case invalidFile(path: String, problem: FileProblem)
    case duplicateTask(name: String)
    /// The input values do not make a whole number of samples.
    case partialSample(values: Int, perSample: Int)
    /// A task has more or fewer labels, target values … than the samples need.
    case wrongCount(what: String, task: String, found: Int, expected: Int)
    case labelOutOfRange(task: String, sample: Int, label: Int, classes: Int)
    /// A number that cannot be trained on: not finite, or a negative weight.
    case unusableValue(what: String, task: String?, sample: Int, value: String)
    /// A vocabulary lacks a token that every text needs.
    case missingToken(token: String, tokens: Int)
    case emptyDataset
    /// A setting of the loading of batches is outside what makes sense.
    case invalidSetting(name: String, found: Int, expected: String)

    /// What is wrong with a file's content.
    public enum FileProblem: Equatable, Sendable {
        case empty
        case wrongMagic(found: UInt32, expected: UInt32)
        /// An extent in the header is zero.
        case noElements(dimensions: [Int])
        /// The header promises more elements than can be addressed.
        case tooLarge(dimensions: [Int], limit: Int)
        case truncated(found: Int, expected: Int)
        /// There is more after the `expected` bytes of the content.
        case trailingBytes(expected: Int)
        case truncatedGzip(decompressed: Int)
        case corruptGzip(reason: String)
        case wrongDimensions(found: [Int], expected: [Int])
        case labelOutOfRange(index: Int, label: Int, classes: Int)
        /// Lines and fields of text files count from 1.
        case raggedRecord(line: Int, found: Int, expected: Int)
        case unclosedQuote(line: Int)
        /// A quote inside of a field that does not begin with one, or more behind the closing one.
        case misplacedQuote(line: Int, field: Int)
        case notUTF8(line: Int, field: Int)
        case noRecords
        case unknownColumn(name: String, known: [String])
        case wrongColumnCount(found: Int, expected: String)
        case duplicateColumn(name: String)
        /// A value of a numeric column is no number.
        case notANumber(column: String, value: String, record: Int)
        case unknownClass(column: String, value: String, record: Int, known: [String])
        /// All columns are ignored or belong to targets.
        case noInputColumns
    }
}

extension DatasetError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missingFile(let path, let advice):
            "\(path): no such file. \(advice)"
        case .unreadableFile(let path, let reason):
            "\(path): cannot be read: \(reason)"
        case .invalidFile(let path, let problem):
            "\(path): \(problem)"
        case .duplicateTask(let name):
            "two tasks are named \"\(name)\"; every task needs a name of its own"
        case .partialSample(let values, let perSample):
            "found \(values) input values, expected a multiple of \(perSample), the size of a sample; check the input shape"
        case .wrongCount(let what, let task, let found, let expected):
            "task \"\(task)\": found \(found) \(what), expected \(expected)"
        case .labelOutOfRange(let task, let sample, let label, let classes):
            "task \"\(task)\": label \(label) of sample \(sample) is outside 0..<\(classes), the task has \(classes) "
                + "classes; correct the label or the number of classes"
        case .unusableValue(let what, let task, let sample, let value):
            "\(task.map { "task \"\($0)\": " } ?? "")\(what) of sample \(sample) is \(value); replace it or leave the sample out"
        case .missingToken(let token, let tokens):
            "the vocabulary of \(tokens) tokens has no \(token); expected that of an uncased BERT, one token a line"
        case .emptyDataset:
            "the dataset has no samples; check what was read into it"
        case .invalidSetting(let name, let found, let expected):
            "\(name) is \(found), expected \(expected)"
        }
    }
}

extension DatasetError.FileProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty:
            "the file is empty; fetch it again"
        case .wrongMagic(let found, let expected):
            "starts with \(Self.hexadecimal(found)), expected \(Self.hexadecimal(expected)) (IDX file of unsigned bytes, "
                + "axes: \(expected & 0xFF)); is it the right file?"
        case .noElements(let dimensions):
            "the header gives the extents \(dimensions), expected all of them above zero; fetch the file again"
        case .tooLarge(let dimensions, let limit):
            "the header gives the extents \(dimensions), expected at most \(limit) elements; fetch the file again"
        case .truncated(let found, let expected):
            "ends after \(found) bytes, expected \(expected); fetch the file again"
        case .trailingBytes(let expected):
            "goes on after the \(expected) bytes of its content, expected its end there; fetch the file again"
        case .truncatedGzip(let decompressed):
            "the gzip stream ends early, after \(decompressed) decompressed bytes; fetch the file again"
        case .corruptGzip(let reason):
            "the gzip stream is damaged: \(reason); fetch the file again"
        case .wrongDimensions(let found, let expected):
            "has the extents \(found), expected \(expected); is it the right file?"
        case .labelOutOfRange(let index, let label, let classes):
            "label \(label) at index \(index) is outside 0..<\(classes), expected \(classes) classes; is it the right file?"
        case .raggedRecord(let line, let found, let expected):
            "line \(line): found \(found) fields, expected \(expected) as in the first record"
        case .unclosedQuote(let line):
            "line \(line): the quote that opens here is never closed, expected a second one"
        case .misplacedQuote(let line, let field):
            "line \(line), field \(field): found a quote or a line break inside of the field, expected the whole field "
                + "in quotes and quotes in it doubled"
        case .notUTF8(let line, let field):
            "line \(line), field \(field): the bytes are not text in UTF-8; convert the file"
        case .noRecords:
            "there are no records in it, expected at least one"
        case .unknownColumn(let name, let known):
            "there is no column \"\(name)\"\(Self.suggestion(name, known)) It has: \(known.joined(separator: ", "))."
        case .wrongColumnCount(let found, let expected):
            "has \(found) columns, expected \(expected); is it the right file?"
        case .duplicateColumn(let name):
            "two columns are named \"\(name)\", expected a name of its own for each"
        case .unknownClass(let column, let value, let record, let known):
            "record \(record), column \"\(column)\": found the class \"\(value)\", expected one of those in the "
                + "training file: \(known.joined(separator: ", "))"
        case .noInputColumns:
            "all columns are ignored or belong to targets, expected at least one input"
        case .notANumber(let column, let value, let record):
            "record \(record), column \"\(column)\": found \"\(value)\", expected a number; make the column "
                + "categorical, or list the value as missing"
        }
    }

    private static func suggestion(_ name: String, _ known: [String]) -> String {
        name.nearest(among: known).map { "; did you mean \"\($0)\"?" } ?? "."
    }

    private static func hexadecimal(_ number: UInt32) -> String {
        let digits = String(number, radix: 16)
        return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
