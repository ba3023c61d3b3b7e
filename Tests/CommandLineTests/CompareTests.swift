import Foundation
import Testing

private let configuration = """
    dataset:
      name: csv
      training: train.csv
      test: test.csv
      targets: [{column: big, kind: binary, positive: ["yes"]}, {column: weight, kind: number}]
      validation: 0.2
    trunk: {model: mlp, hidden: [8]}
    tasks: [{name: big, loss: bce}, {name: weight, loss: mse}]
    method: {name: cagrad, c: 0.25}
    gradients: {scope: features}
    optimizer: {name: adam, learningRate: 0.02}
    epochs: 2
    batchSize: 32
    seed: 4
    device: cpu
    """

@Suite("concord compare")
struct CompareTests {
    /// A table whose answers follow from its columns.
    private func csv(rows: Range<Int>) -> String {
        "colour,size,big,weight\n"
            + rows.map { row in
                let size = row * 37 % 101
                let colour = ["red", "blue", "orange"][row % 3]
                return "\(colour),\(size),\(size > 50 ? "yes" : "no"),\(Double(size) / 50 + Double(row % 3))\n"
            }.joined()
    }

    private func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        _ = try folder.write(csv(rows: 0..<160), to: "train.csv")
        _ = try folder.write(csv(rows: 160..<240), to: "test.csv")
        _ = try folder.write(configuration, to: "table.yaml")
        return folder
    }

    private func lines(_ path: String, in folder: TemporaryFolder) throws -> [[String: Any]] {
        try jsonLines(try String(contentsOfFile: "\(folder.path)/\(path)", encoding: .utf8))
    }

    @Test("tasks with data sets of their own are compared on them")
    func ownDatasets() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(
            """
            dataset: {name: multi-fashion, trainingSamples: 256, testSamples: 64}
            trunk: {model: mlp, hidden: [16]}
            tasks:
              - {name: topLeft, loss: crossEntropy}
              - name: bottomRight
                loss: crossEntropy
                dataset: {name: multi-fashion, seed: 7, trainingSamples: 128, testSamples: 32}
            method: pcgrad
            optimizer: {name: adam, learningRate: 1.0e-3}
            epochs: 1
            batchSize: 32
            seed: 3
            device: cpu
            """, to: "own.yaml")
        let outcome = try Concord.start(
            ["compare", "own.yaml", "--seeds", "1", "--output", "own", "--set", "metrics.interval=1"], in: folder
        ).outcome()
        #expect(outcome.status == 0, "\(outcome.errors)")
        let results = try lines("own/results.jsonl", in: folder)
        #expect(results.map { $0["variant"] as? String } == ["single-topLeft", "single-bottomRight", "pcgrad"])
        // An epoch is as long as the data set, or the longest one: 256 / 32 and 128 / 32 steps.
        #expect(results.map { $0["steps"] as? Int } == [8, 4, 8])
        // A share of 32 samples where 64 were measured would be no multiple of 1/32.
        let alone = try #require((results[1]["metrics"] as? [String: [String: Double]])?["bottomRight"]?["accuracy"])
        #expect((alone * 32).rounded() == alone * 32)
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/own/pcgrad-seed-3/model.safetensors"))
    }

    @Test("a run that cannot begin leaves no folder")
    func impossibleSchedule() throws {
        let folder = try folder()
        let outcome = try Concord.start(
            ["train", "table.yaml", "--output", "run", "--set", "scheduling.name=round-robin"], in: folder).outcome()
        #expect(outcome.status != 0 && outcome.errors.contains("cagrad"), "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/run"))
    }

    @Test("trains tasks alone and together, and goes on where it stopped")
    func comparison() throws {
        let folder = try folder()
        let arguments = ["compare", "table.yaml", "--methods", "ew,cagrad", "--seeds", "2", "--output", "all"]
        let outcome = try Concord.start(arguments, in: folder).outcome()
        #expect(outcome.status == 0, "\(outcome.errors)")
        let results = try lines("all/results.jsonl", in: folder)
        #expect(
            results.map { "\($0["variant"] ?? "") \($0["seed"] ?? "")" } == [4, 5].flatMap { seed in
                ["single-big", "single-weight", "ew", "cagrad"].map { "\($0) \(seed)" }
            })
        for result in results {
            let run = try #require(result["folder"] as? String)
            let end = try #require(try lines("all/\(run)/metrics.jsonl", in: folder).last)
            #expect(end["test"] as? NSDictionary == result["metrics"] as? NSDictionary)
            #expect(end["bestEpoch"] as? Int == result["measuredEpoch"] as? Int)
        }
        let yaml = try String(contentsOfFile: "\(folder.path)/all/cagrad-seed-5/config.yaml", encoding: .utf8)
        #expect(yaml.contains("c: 0.25") && yaml.contains("scope: features") && yaml.contains("seed: 5"))
        let epoch = try #require(
            try lines("all/cagrad-seed-5/metrics.jsonl", in: folder).first { $0["event"] as? String == "epoch" })
        #expect(((epoch["balance"] as? [String: Any])?["gradientNorms"] as? [Double])?.count == 2)

        // The means and changes again, from the results.
        func values(_ variant: String, _ task: String, _ metric: String) throws -> [Double] {
            try results.filter { $0["variant"] as? String == variant }.map {
                try #require(($0["metrics"] as? [String: [String: Double]])?[task]?[metric])
            }
        }
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        let again = try Concord.start(arguments + ["--json"], in: folder).outcome()
        let report = try #require(try jsonLines(again.output).first)
        let rows = try #require(report["rows"] as? [[String: Any]])
        #expect(rows.compactMap { $0["variant"] as? String } == ["single-task", "ew", "cagrad"])
        #expect(report["seeds"] as? [Int] == [4, 5])
        let metrics = [("big", "accuracy", 1.0), ("big", "auc", 1.0)]
            + ["meanAbsoluteError", "rootMeanSquaredError"].map { ("weight", $0, -1.0) }
        let changes = try metrics.map { task, metric, sign in
            let base = mean(try values("single-\(task)", task, metric))
            return 100 * sign * (mean(try values("cagrad", task, metric)) - base) / base
        }
        let deltaP = try #require((rows[2]["deltaP"] as? [String: Double])?["mean"])
        #expect(abs(deltaP - mean([mean(Array(changes[..<2])), mean(Array(changes[2...]))])) < 1e-9)
        let deltaM = try #require(rows[2]["deltaM"] as? [String: Double])
        #expect(abs(try #require(deltaM["mean"]) + mean(changes)) < 1e-9)
        #expect(deltaM["standardDeviation"] != nil && rows[0]["deltaP"] == nil)
        let errors = try values("single-weight", "weight", "meanAbsoluteError")
        let shown = String(format: "%.4f ± %.4f", mean(errors), abs(errors[0] - errors[1]) / 2.0.squareRoot())
        #expect(try #require(outcome.outputLines.first { $0.hasPrefix("single-task ") }).contains(shown))

        // Nothing was trained again, and a run that lost its result is not trained from its beginning.
        #expect(try lines("all/results.jsonl", in: folder) as NSArray == results as NSArray)
        let kept = try String(contentsOfFile: "\(folder.path)/all/results.jsonl", encoding: .utf8)
            .split(separator: "\n").dropLast()
        _ = try folder.write(kept.map { $0 + "\n" }.joined(), to: "all/results.jsonl")
        let resumed = try Concord.start(arguments, in: folder).outcome()
        #expect(resumed.outputLines.filter { $0.hasSuffix("done before") }.count == 7)
        #expect(!resumed.output.contains("epoch 1/2"))
        #expect(try lines("all/results.jsonl", in: folder) as NSArray == results as NSArray)

        let other = try Concord.start(arguments + ["--epochs", "3"], in: folder).outcome()
        #expect(other.status == 1)
        #expect(other.errors.contains("all/single-big-seed-4: trained with another configuration than single-big has now"))
        _ = try folder.write("{}\n", to: "all/results.jsonl")
        let broken = try Concord.start(arguments, in: folder).outcome()
        #expect(broken.errors == "Error: all/results.jsonl: line 1: not the result of a run\n")
    }

    @Test("without validation samples the last epoch counts, not the one that the test split would choose")
    func lastEpoch() throws {
        let folder = try folder()
        let outcome = try Concord.run(
            "compare", "table.yaml", "--seeds", "1", "--set", "dataset.validation=0", "--epochs", "4", "--json", in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let results = try lines("runs/compare-table/results.jsonl", in: folder)
        #expect(results.compactMap { $0["variant"] as? String } == ["single-big", "single-weight", "cagrad"])
        for result in results {
            #expect(result["measuredEpoch"] as? Int == 4)
            let run = try #require(result["folder"] as? String)
            let epochs = try lines("runs/compare-table/\(run)/metrics.jsonl", in: folder)
                .filter { $0["event"] as? String == "epoch" }
            #expect(epochs.last?["valid"] as? NSDictionary == result["metrics"] as? NSDictionary)
        }
    }

    @Test("mistakes are reported before anything is trained")
    func mistakes() throws {
        let folder = try folder()
        func errors(_ arguments: String...) throws -> String {
            let outcome = try Concord.start(["compare"] + arguments, in: folder).outcome()
            #expect(outcome.status != 0)
            return outcome.errors
        }
        #expect(try errors("table.yaml", "--methods", "ew,pcgrd").contains("did you mean \"pcgrad\"?"))
        #expect(try errors("table.yaml", "--methods", "ew,ew").contains("methods is \"ew\" twice, expected every method once"))
        #expect(try errors("table.yaml", "--seeds", "0").contains("--seeds 0: expected at least 1"))
        #expect(
            try errors("table.yaml", "--set", "tasks=[{name: big, loss: bce}]")
                .contains("the number of tasks is 1, expected at least 2 to compare"))
        #expect(try errors("none.yaml").contains("none.yaml: cannot be read: there is no such file"))
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/runs"))
    }
}
