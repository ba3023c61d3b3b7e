import Compute
import Datasets
import Foundation
import Testing

@Suite("CSV files")
struct CSVReaderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func records(_ path: String, _ format: CSVFormat = CSVFormat()) throws -> [[String]] {
        var reader = try CSVReader(path: path, format: format)
        var records: [[String]] = []
        while try reader.next() { records.append(reader.ends.indices.map { reader.text(of: $0) }) }
        return records
    }

    private func records(text: String, _ format: CSVFormat = CSVFormat()) throws -> [[String]] {
        try records(folder.write(Array(text.utf8)), format)
    }

    @Test(
        "fields and records",
        arguments: [
            ("a,b\nc,d\n", [["a", "b"], ["c", "d"]]),
            ("a,b\r\nc,d\r\n", [["a", "b"], ["c", "d"]]),
            ("a,b\nc,d", [["a", "b"], ["c", "d"]]),
            ("a,,\n,,b\n", [["a", "", ""], ["", "", "b"]]),
            (",", [["", ""]]),
            ("\"a,b\",\"c\nd\"\n", [["a,b", "c\nd"]]),
            ("\"a\r\nb\",c\r\n", [["a\r\nb", "c"]]),
            ("\"say \"\"hi\"\"\",\"\"\n", [["say \"hi\"", ""]]),
            ("\"\"\"\"", [["\""]]),
            ("\n\na\n\r\nb\n\n", [["a"], ["b"]]),
            (" a , b", [[" a ", " b"]]),
            ("\u{FEFF}a,ü€😀\n", [["a", "ü€😀"]]),
            ("", []),
        ] as [(String, [[String]])])
    func reads(text: String, expected: [[String]]) throws {
        #expect(try records(text: text) == expected)
    }

    @Test("spaces are trimmed where the format says so, but not inside of quotes")
    func trims() throws {
        let format = CSVFormat(trimsSpaces: true)
        #expect(try records(text: " a ,\tb c \n \" d \" , \n", format) == [["a", "b c"], [" d ", ""]])
        #expect(try records(text: "a\t b\t\n", CSVFormat(separator: 9, trimsSpaces: true)) == [["a", "b", ""]])
    }

    @Test("another separator")
    func separator() throws {
        #expect(try records(text: "a;b,c\n", CSVFormat(separator: UInt8(ascii: ";"))) == [["a", "b,c"]])
    }

    @Test("what was written reads back over the borders of blocks, plain and compressed", arguments: [false, true])
    func long(compressed: Bool) throws {
        var generator = Philox(seed: 4, stream: "csv")
        let alphabet = ["a", "b", ",", "\"", "\n", "\r\n", "é", " ", "😀", ""]
        let expected = (0..<40_000).map { row in
            // The first field keeps a record from being an empty line.
            ["r\(row)"] + (0..<4).map { _ in
                (0..<generator.integer(below: 5)).map { _ in alphabet[generator.integer(below: alphabet.count)] }.joined()
            }
        }
        let text = expected.map { record in
            record.map { field in
                field.contains { ",\"\n\r\r\n".contains($0) }
                    ? "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : field
            }.joined(separator: ",") + "\r\n"
        }.joined()
        #expect(text.utf8.count > 1 << 19)
        let bytes = Array(text.utf8)
        #expect(try records(folder.write(compressed ? gzip(bytes) : bytes)) == expected)
    }

    @Test(
        "what is wrong is named with its line",
        arguments: [
            ("a,b\nc\n", .raggedRecord(line: 2, found: 1, expected: 2)),
            ("a,b\n\"x\ny\",c\nd,e,f\n", .raggedRecord(line: 4, found: 3, expected: 2)),
            ("a\n\"b\nc\n", .unclosedQuote(line: 2)),
            ("a,b\"c\n", .misplacedQuote(line: 1, field: 2)),
            ("a\n\"b\"c\n", .misplacedQuote(line: 2, field: 1)),
            ("a\rb\n", .misplacedQuote(line: 1, field: 1)),
        ] as [(String, DatasetError.FileProblem)])
    func problems(text: String, problem: DatasetError.FileProblem) throws {
        let path = try folder.write(Array(text.utf8))
        #expect(throws: DatasetError.invalidFile(path: path, problem: problem)) { try records(path) }
    }

    @Test("bytes that are not UTF-8 are named, also where a character is cut by a separator")
    func encoding() throws {
        for bytes: [UInt8] in [[0x61, 0x2C, 0xFF], [0x61, 0xC3, 0x2C, 0xA9]] {
            let path = try folder.write([0x78, 0x2C, 0x79, 0x0A] + bytes + [0x0A])
            let field = bytes[1] == 0x2C ? 2 : 1
            #expect(throws: DatasetError.invalidFile(path: path, problem: .notUTF8(line: 2, field: field))) {
                try records(path)
            }
        }
    }
}
