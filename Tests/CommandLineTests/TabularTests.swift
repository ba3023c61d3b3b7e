import Foundation
import Testing

/// A table whose two answers follow from its columns.
private func csv(rows: Range<Int>, labelled: Bool = true) -> String {
    let header = "colour,size,note" + (labelled ? ",big,warm" : "")
    let records = rows.map { row in
        let colour = ["red", "blue", "orange", "green"][row * 7 % 4]
        let size = row * 37 % 101
        let fields = [colour, row % 9 == 4 ? "" : "\(size)", "\"a, \"\"b\"\"\""]
        return (fields + (labelled ? [size > 60 ? "yes" : "no", row * 7 % 4 % 2 == 0 ? "warm" : "cold"] : []))
            .joined(separator: ",")
    }
    return ([header] + records).joined(separator: "\n") + "\n"
}

private let configuration = """
    dataset:
      name: csv
      training: train.csv
      test: test.csv
      targets: [{column: big, kind: binary, positive: ["yes"]}, {column: warm, kind: classes}]
      validation: 0.2
    trunk: {model: mlp, hidden: [16]}
    tasks: [{name: big, loss: bce}, {name: warm, loss: crossEntropy}]
    method: pcgrad
    optimizer: {name: adam, learningRate: 0.02}
    epochs: 6
    batchSize: 32
    device: cpu
    """

@Suite("concord on tables")
struct TabularTests {
    @Test("train, evaluate and predict work on CSV files")
    func table() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(csv(rows: 0..<500), to: "train.csv")
        _ = try folder.write(csv(rows: 500..<700), to: "test.csv")
        let file = try folder.write(configuration, to: "table.yaml")
        let training = try Concord.run("train", file, "--output", "run", in: folder)
        #expect(training.status == 0, "\(training.errors)")
        #expect(training.output.contains("400 samples"))
        #expect(training.output.contains("valid auc"))
        #expect(training.output.contains("on the test split"))

        let log = try jsonLines(try String(contentsOfFile: "\(folder.path)/run/metrics.jsonl", encoding: .utf8))
        let test = try #require(log.last?["test"] as? [String: [String: Double]])
        #expect(try #require(test["big"]?["auc"]) > 0.9)
        #expect(try #require(test["warm"]?["accuracy"]) > 0.95)
        let evaluation = try Concord.run("evaluate", "run", "--json", in: folder)
        let metrics = try #require(try jsonLines(evaluation.output).first as? [String: [String: Double]])
        #expect(metrics["big"]?["auc"] == test["big"]?["auc"])

        // Without labels, and with a colour that the network has never seen.
        let others = csv(rows: 700..<703, labelled: false) + "violet,3,\"\"\n"
        _ = try folder.write(others, to: "others.csv")
        let prediction = try Concord.run("predict", "run", "others.csv", in: folder)
        #expect(prediction.status == 0, "\(prediction.errors)")
        let lines = try jsonLines(prediction.output)
        #expect(lines.compactMap { $0["input"] as? String } == (0..<4).map { "others.csv:\($0)" })
        for line in lines {
            let predictions = try #require(line["predictions"] as? [String: [String: Any]])
            let probability = try #require((predictions["big"]?["values"] as? [Double])?.first)
            #expect((0...1).contains(probability))
            #expect(["warm", "cold"].contains(predictions["warm"]?["name"] as? String))
        }
        for row in 0..<3 {
            let predictions = try #require(lines[row]["predictions"] as? [String: [String: Any]])
            let expected = (700 + row) * 7 % 4 % 2 == 0 ? "warm" : "cold"
            #expect(predictions["warm"]?["name"] as? String == expected)
        }

        // The test split by index is the file's row.
        let byIndex = try Concord.run("predict", "run", "0", in: folder)
        let byFile = try Concord.run("predict", "run", "test.csv", in: folder)
        let first = try #require(try jsonLines(byFile.output).first?["predictions"] as? NSDictionary)
        #expect(try jsonLines(byIndex.output).first?["predictions"] as? NSDictionary == first)
    }

    @Test("mistakes in tables are reported with the file, and nothing is trained")
    func mistakes() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("colour,big\nred,yes\nblue\n", to: "train.csv")
        let file = try folder.write(configuration, to: "table.yaml")
        let ragged = try Concord.run("train", file, "--output", "run", in: folder)
        #expect(ragged.status != 0)
        #expect(ragged.errors.contains("train.csv: line 3: found 1 fields, expected 2"))
        let census = try Concord.run(
            "train", file, "--output", "run", "--set", "dataset={name: census-income, folder: nowhere}", in: folder)
        #expect(census.errors.contains("nowhere/train.csv: no such file. Fetch the data with scripts/fetch-census.sh"))
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/run"))
    }
}
