import Foundation
import FoundationXML
import Testing

/// The elements and texts of an SVG file, if it is well formed.
private final class SVGReader: NSObject, XMLParserDelegate {
    var counts: [String: Int] = [:]
    var texts: [String] = []
    private var text = ""

    static func read(_ path: String) throws -> SVGReader {
        let reader = SVGReader()
        let parser = XMLParser(data: try Data(contentsOf: URL(fileURLWithPath: path)))
        parser.delegate = reader
        #expect(parser.parse(), "\(String(describing: parser.parserError))")
        return reader
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        counts[name, default: 0] += 1
        text = ""
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        if name == "text" || name == "title" { texts.append(text) }
    }
}

@Suite("concord interference")
struct InterferenceTests {
    private func epoch(_ number: Int, _ balance: String?) -> String {
        let losses = #"{"a":{"loss":1}}"#
        return #"{"event":"epoch","epoch":\#(number),"step":\#(number * 10),"seconds":1,"train":\#(losses),"valid":{}"#
            + (balance.map { ",\"balance\":\($0)" } ?? "") + "}"
    }

    private func balance(_ ab: Double, _ ac: Double, _ bc: Double, rate: Double) -> String {
        #"{"tasks":["a","b & c","<d>"],"weights":[1,2,null],"gradientNorms":[0.5,2,3],"conflictRate":\#(rate),"#
            + #""cosine":[[1,\#(ab),\#(ac)],[\#(ab),1,\#(bc)],[\#(ac),\#(bc),1]]}"#
    }

    private func folder(_ lines: [String]) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: "\(folder.path)/run", withIntermediateDirectories: false)
        _ = try folder.write(lines.map { $0 + "\n" }.joined(), to: "run/metrics.jsonl")
        return folder
    }

    @Test("prints cosines, conflicts and groups, and draws the pairs")
    func report() throws {
        let step = #"{"event":"step","step":1,"epoch":1,"learningRate":0.1,"train":{"a":{"loss":1}}}"#
        let folder = try folder([
            step, epoch(1, balance(0.5, -0.25, -0.5, rate: 0.75)), step, epoch(2, balance(0.25, -0.75, 0, rate: 0.5)),
        ])
        let outcome = try Concord.run("interference", "run", "--json", in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try #require(try jsonLines(outcome.output).first)
        #expect(report["tasks"] as? [String] == ["a", "b & c", "<d>"])
        #expect(report["epochs"] as? [Int] == [1, 2])
        #expect(report["conflictRate"] as? [Double] == [0.75, 0.5])
        let cosine = try #require(report["cosine"] as? [String: [[Double]]])
        #expect(cosine["first"]?[0] == [1, 0.5, -0.25])
        #expect(cosine["last"]?[0] == [1, 0.25, -0.75])
        #expect(cosine["mean"] == [[1, 0.375, -0.5], [0.375, 1, -0.25], [-0.5, -0.25, 1]])
        #expect(report["groups"] as? [[String]] == [["a", "b & c"], ["<d>"]])
        // (0.375 + 0.375 + 0)/3
        #expect(abs(try #require(report["groupingScore"] as? Double) - 0.25) < 1e-12)

        let plot = try SVGReader.read("\(folder.path)/run/interference.svg")
        #expect(plot.counts["polyline"] == 4)
        #expect(plot.counts["circle"] == 8)
        for name in ["a – b & c", "a – <d>", "b & c – <d>", "conflict rate", "epoch", "mean cosine"] {
            #expect(plot.texts.contains(name), "\(name)")
        }

        let text = try Concord.run("interference", "run", "--output", "plot.svg", in: folder)
        #expect(text.status == 0)
        #expect(text.outputLines.contains("a       1.000   0.375  -0.500"))
        #expect(text.outputLines.contains("    2           50 %         -0.750  a, <d>"))
        #expect(text.output.contains("train together\n  a, b & c\n  <d>\n"))
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/plot.svg"))
    }

    @Test("says what is missing")
    func mistakes() throws {
        let good = epoch(1, balance(0, 0, 0, rate: 0))
        func errors(_ lines: [String]) throws -> String {
            let outcome = try Concord.run("interference", "run", in: try folder(lines))
            #expect(outcome.status == 1)
            return outcome.errors
        }
        let empty = try TemporaryFolder()
        #expect(try Concord.run("interference", "none", in: empty).errors == "Error: none: no such folder\n")
        #expect(
            try Concord.run("interference", empty.path).errors
                == "Error: \(empty.path): not the folder of a run, it has no metrics.jsonl\n")
        #expect(
            try errors([good, "{", good])
                == "Error: run/metrics.jsonl: line 2: not an object as a metrics log has it\n")
        #expect(
            try errors([epoch(1, "{}")]) == "Error: run/metrics.jsonl: line 1: \"tasks\" is missing\n")
        let short = #"{"tasks":["a","b"],"weights":[1,1],"gradientNorms":[1],"conflictRate":0,"cosine":[[1,0],[0,1]]}"#
        #expect(try errors([epoch(1, short)]).contains("line 1: the numbers of the balance do not fit its 2 tasks"))
        #expect(try errors([]) == "Error: run/metrics.jsonl: no epoch is complete yet\n")
        let none = try errors([epoch(1, nil)])
        #expect(none.contains("looks at no gradients") && none.contains("pcgrad") && !none.contains("famo"))
        let one = #"{"tasks":["a"],"weights":[1],"gradientNorms":[1],"conflictRate":0,"cosine":[[1]]}"#
        #expect(try errors([epoch(1, one)]).contains("only the task \"a\"; interference takes two"))
    }
}
