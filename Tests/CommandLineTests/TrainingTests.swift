import Checkpoints
import Foundation
import Testing

/// A quick problem: five epochs of 64 steps.
private let configuration = """
    dataset: {name: multi-fashion, trainingSamples: 1024, testSamples: 256}
    trunk: {model: mlp, hidden: [256]}
    tasks:
      - {name: topLeft, loss: crossEntropy}
      - {name: bottomRight, loss: crossEntropy}
    method: pcgrad
    optimizer: {name: adam, learningRate: 1.0e-3}
    epochs: 5
    batchSize: 16
    seed: 3
    device: cpu
    checkpointInterval: 10
    """
private let stepsPerEpoch = 64

/// A complete run that was never interrupted, made once for all tests.
private struct FinishedRun {
    let folder: TemporaryFolder
    let outcome: Outcome
    var path: String { "\(folder.path)/run" }

    static let shared = Result { () throws -> FinishedRun in
        let folder = try TemporaryFolder()
        let file = try folder.write(configuration, to: "quick.yaml")
        return FinishedRun(folder: folder, outcome: try Concord.run("train", file, "--output", "run", in: folder))
    }

    /// A copy that a test may change.
    func copy() throws -> (folder: TemporaryFolder, path: String) {
        let copy = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: path, toPath: "\(copy.path)/run")
        return (copy, "\(copy.path)/run")
    }
}

/// The lines of a metrics log without the times, which differ from run to run.
private func metrics(of run: String) throws -> [String] {
    try jsonLines(try String(contentsOfFile: "\(run)/metrics.jsonl", encoding: .utf8)).map { line in
        var line = line
        line["seconds"] = nil
        return String(
            decoding: try JSONSerialization.data(withJSONObject: line, options: .sortedKeys), as: UTF8.self)
    }
}

private func bytes(of path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

/// Number of lines that a log has so far.
private func lineCount(of path: String) -> Int {
    guard let data = try? bytes(of: path) else { return 0 }
    return data.count { $0 == UInt8(ascii: "\n") }
}

private let isDatasetInstalled = FileManager.default.fileExists(
    atPath: "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz")

@Suite(
    "concord train",
    .enabled(if: isDatasetInstalled, "needs Fashion-MNIST: apt-get install dataset-fashion-mnist"))
struct TrainingTests {
    @Test("writes a log, checkpoints, its configuration and the best model")
    func results() throws {
        let run = try FinishedRun.shared.get()
        #expect(run.outcome.status == 0)
        #expect(run.outcome.errors == "")
        #expect(run.outcome.output.contains("best epoch"))
        let epochLines = run.outcome.outputLines.filter { $0.hasPrefix("epoch ") }
        #expect(epochLines.count == 5)
        #expect(!run.outcome.output.contains("\r"))

        let lines = try jsonLines(try String(contentsOfFile: "\(run.path)/metrics.jsonl", encoding: .utf8))
        let steps = lines.filter { $0["event"] as? String == "step" }
        #expect(steps.compactMap { $0["step"] as? Int } == Array(1...5 * stepsPerEpoch))
        let epochs = lines.filter { $0["event"] as? String == "epoch" }
        #expect(epochs.compactMap { $0["step"] as? Int } == (1...5).map { $0 * stepsPerEpoch })
        for epoch in epochs {
            let valid = try #require(epoch["valid"] as? [String: [String: Double]])
            #expect(Set(valid.keys) == ["topLeft", "bottomRight"])
            for metrics in valid.values { #expect(Set(metrics.keys) == ["loss", "accuracy"]) }
            #expect((epoch["balance"] as? [String: Any])?["conflictRate"] is Double)
        }
        let end = try #require(lines.last)
        #expect(end["event"] as? String == "end")
        #expect(end["epochs"] as? Int == 5)
        #expect(end["steps"] as? Int == 5 * stepsPerEpoch)

        // The last epoch need not be the best one.
        let best = try bytes(of: "\(run.path)/checkpoints/best.safetensors")
        #expect(try bytes(of: "\(run.path)/model.safetensors") == best)
    }

    @Test("evaluate repeats the best epoch's metrics")
    func evaluate() throws {
        let run = try FinishedRun.shared.get()
        let outcome = try Concord.run("evaluate", run.path, "--json")
        #expect(outcome.status == 0)
        let found = try #require(try jsonLines(outcome.output).first as? [String: [String: Double]])
        let log = try jsonLines(try String(contentsOfFile: "\(run.path)/metrics.jsonl", encoding: .utf8))
        let expected = try #require(log.last?["best"] as? [String: [String: Double]])
        #expect(found.keys == expected.keys)
        for (task, metrics) in expected {
            #expect(found[task]?["accuracy"] == metrics["accuracy"])
            #expect(abs(try #require(found[task]?["loss"]) - (metrics["loss"] ?? .nan)) < 1e-6)
        }
        #expect(try Concord.run("evaluate", run.path).output.contains("256 samples"))
    }

    @Test("predict names classes for samples of the test split and for images of a file")
    func predict() throws {
        let run = try FinishedRun.shared.get()
        // Two black images.
        let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 36, 0, 0, 0, 36]
        let file = "\(run.folder.path)/images.idx"
        try Data(header + [UInt8](repeating: 0, count: 2 * 36 * 36)).write(to: URL(fileURLWithPath: file))
        let outcome = try Concord.run("predict", run.path, "0..<3", "7", file)
        #expect(outcome.status == 0)
        let lines = try jsonLines(outcome.output)
        #expect(
            lines.compactMap { $0["input"] as? String } == ["test:0", "test:1", "test:2", "test:7", "\(file):0", "\(file):1"])
        for line in lines {
            let predictions = try #require(line["predictions"] as? [String: [String: Any]])
            #expect(Set(predictions.keys) == ["topLeft", "bottomRight"])
            for prediction in predictions.values {
                #expect((0..<10).contains(try #require(prediction["class"] as? Int)))
                #expect(prediction["name"] is String)
                #expect((0.1...1).contains(try #require(prediction["probability"] as? Double)))
            }
        }
        // Equal images, equal predictions.
        #expect((lines[4]["predictions"] as? NSDictionary) == (lines[5]["predictions"] as? NSDictionary))
        for input in ["256", "9223372036854775807", "5..<5", "0..<257"] {
            let beyond = try Concord.run("predict", run.path, input)
            #expect(beyond.status == 1)
            #expect(beyond.errors == "Error: \(input): the test split has the samples 0..<256\n")
        }
        let noFile = try Concord.run("predict", run.path, "no.idx")
        #expect(noFile.status == 1)
        #expect(noFile.errors.hasPrefix("Error: no.idx: no such file"))
    }

    @Test("Ctrl-C stops after a step, and --resume goes on to the same numbers")
    func interruption() throws {
        let reference = try FinishedRun.shared.get()
        let folder = try TemporaryFolder()
        let file = try folder.write(configuration, to: "quick.yaml")
        let program = try Concord.start(["train", file, "--output", "run"], in: folder)
        try program.wait { lineCount(of: "\(folder.path)/run/metrics.jsonl") >= 25 }
        kill(program.process.processIdentifier, SIGINT)
        let outcome = try program.outcome()
        #expect(outcome.status == 130)
        #expect(outcome.output.contains("concord train --resume run"))
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/run/model.safetensors"))

        let resumed = try Concord.run("train", "--resume", "run", in: folder)
        #expect(resumed.status == 0, "\(resumed.errors)")
        try expectEqual("\(folder.path)/run", reference.path)
    }

    @Test("a run that was killed is resumed from its last checkpoint to the same numbers")
    func killing() throws {
        let reference = try FinishedRun.shared.get()
        let folder = try TemporaryFolder()
        let file = try folder.write(configuration, to: "quick.yaml")
        // Killed once in the first epoch and once in the second, between checkpoints or within one.
        for (arguments, lines) in [(["train", file, "--output", "run"], 27), (["train", "--resume", "run"], 95)] {
            let program = try Concord.start(arguments, in: folder)
            try program.wait { lineCount(of: "\(folder.path)/run/metrics.jsonl") >= lines }
            kill(program.process.processIdentifier, SIGKILL)
            #expect(try program.outcome().status == SIGKILL)
        }
        let resumed = try Concord.run("train", "--resume", "run", in: folder)
        #expect(resumed.status == 0, "\(resumed.errors)")
        try expectEqual("\(folder.path)/run", reference.path)
    }

    private func expectEqual(_ run: String, _ reference: String) throws {
        #expect(try metrics(of: run) == metrics(of: reference))
        for file in ["model.safetensors", "checkpoints/best.safetensors"] {
            #expect(try bytes(of: "\(run)/\(file)") == bytes(of: "\(reference)/\(file)"))
        }
        // The whole file differs in the seconds that are behind the run.
        let (last, expected) = try (
            SafetensorsFile(path: "\(run)/checkpoints/last.safetensors"),
            SafetensorsFile(path: "\(reference)/checkpoints/last.safetensors")
        )
        #expect(last.tensors == expected.tensors)
        for tensor in last.tensors { #expect(try last.floats(of: tensor.name) == expected.floats(of: tensor.name)) }
    }

    @Test("a loss that is no number ends the run, and the last checkpoint stays")
    func notANumber() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(configuration, to: "quick.yaml")
        let outcome = try Concord.run(
            "train", file, "--output", "run", "--set", "optimizer.learningRate=1.0e+30", "--set", "checkpointInterval=1",
            in: folder)
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasPrefix("Error: step 2: the loss of task \"topLeft\" is "))
        #expect(outcome.errors.contains("The last checkpoint is run/checkpoints/last.safetensors"))
        #expect(outcome.errors.split(separator: "\n").count == 1)
        let checkpoint = try SafetensorsFile(path: "\(folder.path)/run/checkpoints/last.safetensors")
        for tensor in checkpoint.tensors {
            #expect(try checkpoint.floats(of: tensor.name).allSatisfy(\.isFinite), "\(tensor.name)")
        }
    }

    @Test("a damaged checkpoint, one of another network and a missing one are refused")
    func unusableCheckpoints() throws {
        let (folder, run) = try FinishedRun.shared.get().copy()
        let checkpoint = "\(run)/checkpoints/last.safetensors"
        let good = try bytes(of: checkpoint)

        try good.prefix(good.count / 2).write(to: URL(fileURLWithPath: checkpoint))
        let damaged = try Concord.run("train", "--resume", run, in: folder)
        #expect(damaged.status == 1)
        #expect(damaged.errors.hasPrefix("Error: \(checkpoint): tensor "))
        #expect(damaged.errors.contains("damaged"))

        try good.write(to: URL(fileURLWithPath: checkpoint))
        let config = try String(contentsOfFile: "\(run)/config.yaml", encoding: .utf8)
        try config.replacing("[256]", with: "[128]").write(toFile: "\(run)/config.yaml", atomically: true, encoding: .utf8)
        let log = try bytes(of: "\(run)/metrics.jsonl")
        let other = try Concord.run("train", "--resume", run, in: folder)
        #expect(other.status == 1)
        #expect(
            other.errors
                == "Error: \(checkpoint): tensor \"trunk.0.weight\" is [1296, 256], this network expects [1296, 128]; "
                + "it is of another network\n")
        #expect(try bytes(of: "\(run)/metrics.jsonl") == log)

        try FileManager.default.removeItem(atPath: checkpoint)
        let missing = try Concord.run("train", "--resume", run, in: folder)
        #expect(missing.status == 1)
        #expect(missing.errors.hasPrefix("Error: \(run): no training state to go on with"))
        let nowhere = try Concord.run("train", "--resume", "nowhere", in: folder)
        #expect(nowhere.status == 1)
        #expect(nowhere.errors == "Error: nowhere: not the folder of a run, it has no config.yaml\n")
    }

    @Test("results of another run are not overwritten, and every run gets a folder of its own")
    func outputFolders() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(configuration, to: "quick.yaml")
        let quick = ["--epochs", "1", "--set", "dataset.trainingSamples=32", "--set", "metrics.interval=2"]
        for number in 1...2 {
            #expect(try Concord.start(["train", file] + quick, in: folder).outcome().status == 0)
            #expect(FileManager.default.fileExists(atPath: "\(folder.path)/runs/quick-\(number)/model.safetensors"))
        }
        let log = try jsonLines(try String(contentsOfFile: "\(folder.path)/runs/quick-1/metrics.jsonl", encoding: .utf8))
        #expect(log.filter { $0["event"] as? String == "step" }.compactMap { $0["step"] as? Int } == [2])

        let taken = try Concord.start(["train", file, "--output", "runs/quick-1"] + quick, in: folder).outcome()
        #expect(taken.status == 1)
        #expect(
            taken.errors
                == "Error: runs/quick-1: the folder is not empty; choose another one, or go on with its run: "
                + "concord train --resume runs/quick-1\n")

        // No folder can be made below a file.
        let unwritable = try Concord.start(["train", file, "--output", "quick.yaml/run"] + quick, in: folder).outcome()
        #expect(unwritable.status == 1)
        #expect(unwritable.errors.hasPrefix("Error: quick.yaml/run: cannot write results there: "))
    }

    @Test("mistakes in a configuration end with one line and exit code 1, those on the command line with 64")
    func mistakes() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(configuration.replacing("crossEntropy}", with: "crossEntrpy}"), to: "typo.yaml")
        let typo = try Concord.run("train", file, in: folder)
        #expect(typo.status == 1)
        #expect(
            typo.errors
                == "Error: \(file): tasks[0].loss: unknown loss \"crossEntrpy\"; did you mean \"crossEntropy\"? "
                + "Known: bce, crossEntropy, huber, l1, mse. (line 4)\n")
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/runs"))

        let good = try folder.write(configuration, to: "quick.yaml")
        let noData = try Concord.run("train", good, "--set", "dataset.folder=nowhere", in: folder)
        #expect(noData.status == 1)
        #expect(noData.errors.hasPrefix("Error: nowhere/train-images-idx3-ubyte.gz: no such file. "))

        let epochs = try Concord.run("train", good, "--epochs", "0", in: folder)
        #expect(epochs.status == 1)
        #expect(epochs.errors == "Error: --epochs 0: epochs: found 0, expected an integer of at least 1\n")

        #expect(try Concord.run("train", in: folder).status == 64)
        #expect(try Concord.run("train", good, "--resume", "run", in: folder).status == 64)
        #expect(try Concord.run("train", "--resume", "run", "--seed", "1", in: folder).status == 64)
        #expect(try Concord.run("trian", in: folder).status == 64)
    }
}
