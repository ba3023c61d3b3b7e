import Foundation
import Testing

/// A table whose two answers follow from its columns.
private func csv(rows: Range<Int>) -> String {
    let records = rows.map { row in
        let (size, age) = (row * 37 % 101, row * 53 % 97)
        return "\(size),\(age),\(size > 60 ? "yes" : "no"),\(age > 40 ? "old" : "new")"
    }
    return (["size,age,big,kind"] + records).joined(separator: "\n") + "\n"
}

private let configuration = """
    dataset:
      name: csv
      training: train.csv
      test: test.csv
      targets: [{column: big, kind: binary, positive: ["yes"]}, {column: kind, kind: classes}]
      validation: 0.2
    trunk: {model: mlp, hidden: [16, 8]}
    tasks: [{name: big, loss: bce}, {name: kind, loss: crossEntropy}]
    method: pcgrad
    optimizer: {name: adam, learningRate: 0.02}
    epochs: 4
    batchSize: 32
    device: cpu

    """

private func dataFolder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    _ = try folder.write(csv(rows: 0..<400), to: "train.csv")
    _ = try folder.write(csv(rows: 400..<500), to: "test.csv")
    return folder
}

@Suite("concord with transfer recipes")
struct TransferCommandTests {
    @Test("recipes train, are logged by phase, and evaluate to what the log says", arguments: [
        ("recipe: fine-tune\nema: 0.9", ["heads", "all", "all", "all"]),
        ("recipe: linear-probe", ["heads", "heads", "heads", "heads"]),
        ("recipe: gradual-unfreezing\naccumulate: 3",
            ["from heads", "from trunk.1", "from trunk.0", "from trunk.0"]),
        ("recipe: full\nlayerRates: {decay: 0.5}\nl2sp: {alpha: 0.1}", ["all", "all", "all", "all"]),
    ])
    func recipes(yaml: String, phases: [String]) throws {
        let folder = try dataFolder()
        let file = try folder.write(configuration + yaml, to: "table.yaml")
        let training = try Concord.run("train", file, "--output", "run", in: folder)
        #expect(training.status == 0, "\(training.errors)")
        let log = try jsonLines(try String(contentsOfFile: "\(folder.path)/run/metrics.jsonl", encoding: .utf8))
        #expect(log.filter { $0["event"] as? String == "epoch" }.compactMap { $0["phase"] as? String } == phases)
        let evaluation = try Concord.run("evaluate", "run", "--json", in: folder)
        let metrics = try #require(try jsonLines(evaluation.output).first as? [String: [String: Double]])
        let test = try #require(log.last?["test"] as? [String: [String: Double]])
        #expect(abs(try #require(metrics["big"]?["loss"]) - (try #require(test["big"]?["loss"]))) < 1e-5)
    }

    @Test("a student learns from a run's folder, and a missing teacher is named")
    func distillation() throws {
        let folder = try dataFolder()
        let teacher = try folder.write(configuration, to: "teacher.yaml")
        #expect(try Concord.run("train", teacher, "--output", "teacher", in: folder).status == 0)
        let yaml = configuration + "distillation: {teacher: teacher, temperature: 2}\n"
        let student = try folder.write(yaml, to: "student.yaml")
        let training = try Concord.run(
            "train", student, "--output", "run", "--set", "trunk.hidden=[4]", in: folder)
        #expect(training.status == 0, "\(training.errors)")
        let failure = try Concord.run(
            "train", student, "--output", "other", "--set", "distillation.teacher=nobody", in: folder)
        #expect(failure.status != 0)
        #expect(failure.errors.contains("nobody/config.yaml"))
    }

    @Test("find-rate writes a table and a plot, and suggests rates")
    func findRate() throws {
        let folder = try dataFolder()
        let file = try folder.write(configuration + "recipe: fine-tune\n", to: "table.yaml")
        let outcome = try Concord.run(
            "find-rate", file, "--lowest", "1e-5", "--highest", "1", "--steps", "50", "--json", in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try #require(try jsonLines(outcome.output).first)
        for name in ["steepest", "valley", "minimum"] {
            let rate = try #require(report[name] as? Double)
            #expect(rate >= 1e-6 && rate <= 1)
        }
        let table = try String(contentsOfFile: "\(folder.path)/find-rate.csv", encoding: .utf8).split(separator: "\n")
        #expect(table.first == "rate,loss,smoothed")
        #expect(table.count == 1 + (try #require(report["points"] as? Int)))
        #expect(try String(contentsOfFile: "\(folder.path)/find-rate.svg", encoding: .utf8).contains("<svg"))
        let failure = try Concord.run("find-rate", file, "--lowest", "2", "--highest", "1", in: folder)
        #expect(failure.status != 0)
    }
}
