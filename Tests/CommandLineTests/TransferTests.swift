import Checkpoints
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

    @Test("a trunk starts from another run, and what does not fit is refused unless that is wanted")
    func weights() throws {
        let folder = try dataFolder()
        let first = try folder.write(configuration, to: "first.yaml")
        #expect(try Concord.run("train", first, "--output", "first", "--epochs", "1", in: folder).status == 0)
        // A rate that moves nothing shows where the trunk started.
        let yaml = configuration.replacingOccurrences(of: "0.02", with: "1.0e-30")
            + "recipe: {name: linear-probe}\nseed: 9\n"
        let second = try folder.write(yaml, to: "second.yaml")
        let weights = "trunk.weights=first/model.safetensors"
        let run = try Concord.run(
            "train", second, "--output", "second", "--epochs", "1", "--set", weights, in: folder)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("used 4 tensors; ignored 4"))
        let files = try ["first", "second"].map { try SafetensorsFile(path: "\(folder.path)/\($0)/model.safetensors") }
        for name in ["trunk.0.weight", "trunk.1.bias"] {
            #expect(try files[0].floats(of: name) == files[1].floats(of: name))
        }
        #expect(try files[0].floats(of: "heads.big.0.weight") != files[1].floats(of: "heads.big.0.weight"))

        let wider = ["train", second, "--epochs", "1", "--set", weights, "--set", "trunk.hidden=[16, 8, 4]"]
        let refused = try Concord.start(wider + ["--output", "third"], in: folder).outcome()
        #expect(refused.status != 0)
        #expect(refused.errors.contains("trunk.2.weight"))
        let partial = try Concord.start(
            wider + ["--output", "third", "--set", "trunk.partial=true"], in: folder).outcome()
        #expect(partial.status == 0, "\(partial.errors)")
        #expect(partial.output.contains("missing in the file: trunk.2.weight, trunk.2.bias"))
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
