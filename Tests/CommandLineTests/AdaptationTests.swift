import Checkpoints
import Foundation
import Testing

/// A table whose answer follows from its numbers; the rows of the north have them on another scale.
private func csv(rows: Range<Int>) -> String {
    let records = rows.map { row in
        let (x, y) = (row * 37 % 101, row * 53 % 97)
        let isNorth = row % 3 == 0
        let shift = isNorth ? 40 : 0
        return "\(x + shift),\(y - shift),\(2 * x > y + 40 ? "yes" : "no"),\(isNorth ? "north" : "south")"
    }
    return (["x,y,good,region"] + records).joined(separator: "\n") + "\n"
}

private let configuration = """
    dataset:
      name: csv
      training: train.csv
      test: test.csv
      targets: [{column: good, kind: classes}, {column: region, kind: classes}]
      validation: 0.2
    trunk: {model: mlp, hidden: [12, 8]}
    tasks: [{name: good, loss: crossEntropy}]
    optimizer: {name: adam, learningRate: 0.02}
    epochs: 2
    batchSize: 32
    device: cpu
    """

@Suite("concord with adapters and adaptation")
struct AdaptationTests {
    private func folder() throws -> (TemporaryFolder, String) {
        let folder = try TemporaryFolder()
        _ = try folder.write(csv(rows: 0..<400), to: "train.csv")
        _ = try folder.write(csv(rows: 400..<600), to: "test.csv")
        return (folder, try folder.write(configuration, to: "run.yaml"))
    }

    private func log(_ folder: TemporaryFolder, _ run: String) throws -> [[String: Any]] {
        try jsonLines(try String(contentsOfFile: "\(folder.path)/\(run)/metrics.jsonl", encoding: .utf8))
    }

    @Test("a run adapts to the rows of another region, whose labels serve for the test alone")
    func adapts() throws {
        let (folder, file) = try folder()
        let adaptation = "adaptation={name: coral, weight: 2, domain: {task: region, target: [north]}}"
        let training = try Concord.run("train", file, "--output", "run", "--set", adaptation, in: folder)
        #expect(training.status == 0, "\(training.errors)")
        let lines = try log(folder, "run")
        let epoch = try #require(lines.last { $0["event"] as? String == "epoch" })
        let train = try #require(epoch["train"] as? [String: [String: Double]])
        #expect(train["domain"]?["loss"] != nil)
        let valid = try #require(epoch["valid"] as? [String: [String: Double]])
        #expect(valid["good"]?["accuracy"] != nil && valid["domain"] == nil)
        let test = try #require(lines.last?["test"] as? [String: [String: Double]])

        // Of the test file's rows 400 to 599, those that 3 divides are of the north.
        let evaluation = try Concord.run("evaluate", "run", in: folder)
        #expect(evaluation.status == 0 && evaluation.output.contains("66 samples"), "\(evaluation)")
        let metrics = try #require(
            try jsonLines(Concord.run("evaluate", "run", "--json", in: folder).output).first
                as? [String: [String: Double]])
        #expect(metrics["good"] == test["good"])
        let prediction = try Concord.run("predict", "run", "0..<2", in: folder)
        let first = try #require(try jsonLines(prediction.output).first?["predictions"] as? [String: Any])
        #expect(Array(first.keys) == ["good"])

        let unknown = try Concord.run(
            "train", file, "--output", "other", "--set",
            "adaptation={name: coral, domain: {task: region, target: [west]}}", in: folder)
        #expect(unknown.status != 0 && unknown.errors.contains("\"west\""), "\(unknown.errors)")
    }

    @Test("adapters are trained, written for peft and merged")
    func adapters() throws {
        let (folder, file) = try folder()
        let training = try Concord.run(
            "train", file, "--output", "run", "--set", "adapters={name: lora, rank: 2, alpha: 4}", in: folder)
        #expect(training.status == 0, "\(training.errors)")
        let model = try SafetensorsFile(path: "\(folder.path)/run/model.safetensors")

        let written = try Concord.run("adapter", "run", "peft", in: folder)
        #expect(written.status == 0, "\(written.errors)")
        let adapter = try SafetensorsFile(path: "\(folder.path)/peft/adapter_model.safetensors")
        #expect(
            adapter.tensors.map(\.name).sorted()
                == ["0", "1"].flatMap { layer in ["A", "B"].map { "base_model.model.\(layer).lora_\($0).weight" } })
        #expect(try adapter.tensor(named: "base_model.model.0.lora_A.weight").shape == [2, 2])

        let merged = try Concord.run("adapter", "run", "merged.safetensors", "--merge", in: folder)
        #expect(merged.status == 0, "\(merged.errors)")
        let network = try SafetensorsFile(path: "\(folder.path)/merged.safetensors")
        #expect(!network.tensors.contains { $0.name.hasPrefix("adapters.") })
        let (before, after) = (
            try model.floats(of: "trunk.1.weight"), try network.floats(of: "trunk.1.weight")
        )
        let a = try model.floats(of: "adapters.trunk.1.lora_A.weight")
        let b = try model.floats(of: "adapters.trunk.1.lora_B.weight")
        for index in before.indices {
            let (row, column) = (index / 8, index % 8)
            let update = 2 * (a[row * 2] * b[column] + a[row * 2 + 1] * b[8 + column])
            #expect(abs(after[index] - before[index] - update) < 1e-6)
        }

        let own = try Concord.run(
            "train", file, "--output", "own", "--set", "adapters={name: lora, rank: 2, perTask: true}", in: folder)
        #expect(own.status == 0, "\(own.errors)")
        #expect(try Concord.run("adapter", "own", "own-peft", in: folder).output.contains("own-peft/good"))
        #expect(try Concord.run("adapter", "own", "x", "--merge", in: folder).errors.contains("no task"))
        #expect(try Concord.run("adapter", "own", "x", "--merge", "--task", "good", in: folder).status == 0)

        _ = try Concord.run("train", file, "--output", "plain", in: folder)
        #expect(try Concord.run("adapter", "plain", "x", in: folder).errors.contains("has no adapters"))
    }

    @Test("stages of trunks are scored")
    func scores() throws {
        let (folder, file) = try folder()
        _ = try Concord.run("train", file, "--output", "run", in: folder)
        let result = try Concord.run("score", file, "run", "--samples", "200", "--json", in: folder)
        #expect(result.status == 0, "\(result.errors)")
        let lines = try jsonLines(result.output)
        let stages = lines.filter { $0["logME"] != nil }
        #expect(Set(stages.compactMap { $0["stage"] as? String }) == ["0", "1"])
        #expect(stages.count == 4 && stages.allSatisfy { $0["task"] as? String == "good" })
        let leep = lines.filter { $0["leep"] != nil }
        #expect(leep.count == 1 && (leep[0]["leep"] as? Double ?? 1) <= 0)
        // Training on the task makes the trunk's last stage better for it.
        func best(_ trunk: String) -> Double {
            stages.filter { $0["trunk"] as? String == trunk }.compactMap { $0["logME"] as? Double }.max() ?? 0
        }
        #expect(best("run") > best(file))
        let text = try Concord.run("score", file, in: folder)
        #expect(text.outputLines.first?.contains("LogME") == true && text.outputLines.count == 3)
        #expect(try Concord.run("score", file, "--samples", "1", in: folder).status == 64)
    }
}
