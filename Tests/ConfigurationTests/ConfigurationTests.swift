import Configuration
import Datasets
import MultiTask
import Networks
import Optimizers
import Testing

/// The smallest complete configuration, from which the tests deviate.
private let minimal = """
    dataset: multi-fashion
    trunk: {model: lenet}
    tasks:
      - {name: topLeft, loss: crossEntropy}
      - {name: bottomRight, loss: crossEntropy}
    optimizer: {name: adam, learningRate: 1.0e-3}
    epochs: 3
    batchSize: 64
    """

private func read(_ yaml: String, _ settings: String...) throws(ConfigurationError) -> ExperimentConfiguration {
    var overrides: [ConfigurationOverride] = []
    for setting in settings { overrides.append(try ConfigurationOverride(parsing: setting)) }
    return try ExperimentConfiguration(yaml: yaml, source: "Examples/census.yaml", overrides: overrides)
}

/// The message for a configuration that must be refused.
private func refusal(_ yaml: String, _ settings: [String] = []) -> String {
    do {
        let overrides = try settings.map(ConfigurationOverride.init(parsing:))
        _ = try ExperimentConfiguration(yaml: yaml, source: "Examples/census.yaml", overrides: overrides)
        return "accepted"
    } catch {
        return "\(error)"
    }
}

@Suite("Reading a configuration")
struct ReadingTests {
    @Test("what is not said has its documented default")
    func defaults() throws {
        let configuration = try read(minimal)
        #expect(configuration.dataset == DatasetConfiguration(name: "multi-fashion"))
        #expect(configuration.trunk == TrunkConfiguration(model: "lenet"))
        #expect(configuration.heads == HeadConfiguration())
        #expect(configuration.tasks.map(\.name) == ["topLeft", "bottomRight"])
        #expect(configuration.tasks.map(\.loss) == [.crossEntropy(), .crossEntropy()])
        #expect(configuration.tasks.map(\.weight) == [1, 1])
        #expect(configuration.method.name == "ew")
        #expect(configuration.optimizer == OptimizerConfiguration(.adam(Adam()), learningRate: 1e-3))
        #expect(configuration.schedule == ScheduleConfiguration(.constant))
        #expect(configuration.epochs == 3)
        #expect(configuration.batchSize == 64)
        #expect(configuration.seed == 0)
        #expect(configuration.device == "auto")
        #expect(configuration.clippingNorm == nil)
        #expect(configuration.checkpointInterval == nil)
        #expect(configuration.freeze == [])
        #expect(configuration.metrics == MetricsConfiguration(interval: 1))
    }

    /// Every key with a value that is not its default.
    private let complete = """
        dataset: {name: multi-fashion, folder: data/fashion, seed: 7, trainingSamples: 100, testSamples: 50}
        trunk: {model: mlp, hidden: [64, 32], activation: gelu, dropout: 0.25}
        heads: {hidden: [50], activation: tanh, dropout: 0.1}
        tasks:
          - name: topLeft
            loss: {name: crossEntropy, labelSmoothing: 0.1, ignoredLabel: -1, classWeights: [1, 2.5]}
            weight: 2
            head: {hidden: []}
          - {name: "12", loss: {name: bce, positiveWeights: [3]}, weight: 0.5}
          - {name: third, loss: {name: huber, delta: 0.5}}
          - {name: fourth, loss: l1}
          - {name: fifth, loss: mse}
        method: {name: fixed, weights: [1, 2.5, 0, 1, 1], reduction: mean}
        optimizer: {name: adamw, learningRate: 0.02, beta1: 0.8, beta2: 0.95, epsilon: 1.0e-7, weightDecay: 0.3}
        schedule: {name: step, epochs: 2, gamma: 0.5, warmUp: 1.5}
        epochs: 12
        batchSize: 8
        seed: 9
        device: opencl:1
        clippingNorm: 2.5
        checkpointInterval: 100
        freeze: [trunk.0, heads.third]
        metrics: {interval: 10}
        """

    @Test("every key is read")
    func completeConfiguration() throws {
        let configuration = try read(complete)
        #expect(
            configuration.dataset
                == DatasetConfiguration(
                    name: "multi-fashion", folder: "data/fashion", seed: 7, trainingSamples: 100, testSamples: 50))
        #expect(
            configuration.trunk
                == TrunkConfiguration(
                    model: "mlp", options: ModelOptions(hidden: [64, 32], activation: "gelu", dropout: 0.25)))
        #expect(configuration.heads == HeadConfiguration(hidden: [50], activation: "tanh", dropout: 0.1))
        #expect(
            configuration.tasks == [
                TaskConfiguration(
                    name: "topLeft",
                    loss: .crossEntropy(labelSmoothing: 0.1, ignoredLabel: -1, classWeights: [1, 2.5]), weight: 2,
                    head: HeadConfiguration()),
                TaskConfiguration(name: "12", loss: .binaryCrossEntropy(positiveWeights: [3]), weight: 0.5),
                TaskConfiguration(name: "third", loss: .huber(delta: 0.5)),
                TaskConfiguration(name: "fourth", loss: .absoluteError),
                TaskConfiguration(name: "fifth", loss: .squaredError),
            ])
        #expect(
            try configuration.method
                == MethodConfiguration("fixed", parameters: ["weights": "1,2.5,0,1,1", "reduction": "mean"]))
        #expect(
            configuration.optimizer
                == OptimizerConfiguration(
                    .adamW(AdamW(beta1: 0.8, beta2: 0.95, epsilon: 1e-7, weightDecay: 0.3)), learningRate: 0.02))
        #expect(configuration.schedule == ScheduleConfiguration(.step(epochs: 2, gamma: 0.5), warmUp: 1.5))
        #expect(configuration.epochs == 12)
        #expect(configuration.batchSize == 8)
        #expect(configuration.seed == 9)
        #expect(configuration.device == "opencl:1")
        #expect(configuration.clippingNorm == 2.5)
        #expect(configuration.checkpointInterval == 100)
        #expect(configuration.freeze == ["trunk.0", "heads.third"])
        #expect(configuration.metrics == MetricsConfiguration(interval: 10))
    }

    @Test("tables")
    func tables() throws {
        let census = try read(
            minimal.replacingOccurrences(of: "dataset: multi-fashion", with: "dataset: {name: census-income, validation: 0.1}"))
        #expect(census.dataset == DatasetConfiguration(name: "census-income", validation: 0.1))
        #expect(census.dataset.folder == "Assets/census-income")
        #expect(census.encoder == EncoderConfiguration(width: 8))
        #expect(try read(try census.yaml()) == census)

        let csv = try read(
            minimal.replacingOccurrences(
                of: "dataset: multi-fashion",
                with: """
                    encoder: {width: 3}
                    dataset:
                      name: csv
                      training: a.csv
                      test: b.csv
                      separator: ";"
                      trimsSpaces: true
                      columns: [x, y, z, "1"]
                      categorical: [x]
                      numeric: [y]
                      logarithmic: [z]
                      ignored: [y]
                      missing: ["", "-"]
                      targets:
                        - {task: topLeft, column: "1", kind: classes}
                        - {column: z, kind: binary, positive: [1, "yes"]}
                        - {column: y, kind: number}
                      trainingSamples: 10
                    """))
        let schema = TabularSchema(
            format: CSVFormat(separator: UInt8(ascii: ";"), trimsSpaces: true), columns: ["x", "y", "z", "1"],
            categorical: ["x"], numeric: ["y"], logarithmic: ["z"], ignored: ["y"], missing: ["", "-"],
            targets: [
                .init(task: "topLeft", column: "1", kind: .classes),
                .init(task: "z", column: "z", kind: .binary(positive: ["1", "yes"])),
                .init(task: "y", column: "y", kind: .number),
            ])
        #expect(
            csv.dataset
                == DatasetConfiguration(
                    name: "csv", trainingSamples: 10,
                    csv: CSVFilesConfiguration(training: "a.csv", test: "b.csv", schema: schema)))
        #expect(csv.encoder == EncoderConfiguration(width: 3))
        #expect(try read(try csv.yaml()) == csv)
    }

    @Test("texts and encoders")
    func texts() throws {
        let text = try read(
            minimal.replacingOccurrences(
                of: "dataset: multi-fashion",
                with: """
                    dataset:
                      name: text
                      training: a.tsv
                      test: b.tsv
                      text: review
                      vocabulary: vocab.txt
                      maximumLength: 64
                      plainQuotes: true
                      separator: "\\t"
                      targets: [{task: topLeft, column: stars, kind: classes}]
                    """
            ).replacingOccurrences(
                of: "{model: lenet}",
                with: "{model: bert, layers: 2, hidden: 32, heads: 4, intermediate: 64, vocabulary: 100, dropout: 0.1, pooling: cls}"))
        let schema = TextSchema(
            text: "review", vocabulary: "vocab.txt", maximumLength: 64, hasPlainQuotes: true,
            table: TabularSchema(
                format: CSVFormat(separator: UInt8(ascii: "\t")),
                targets: [.init(task: "topLeft", column: "stars", kind: .classes)]))
        #expect(
            text.dataset
                == DatasetConfiguration(
                    name: "text", text: TextFilesConfiguration(training: "a.tsv", test: "b.tsv", schema: schema)))
        var options = BERTEncoder.Options()
        (options.layers, options.hidden, options.heads, options.intermediate) = (2, 32, 4, 64)
        (options.vocabulary, options.dropout, options.pooling) = (100, 0.1, .cls)
        #expect(text.trunk == TrunkConfiguration(model: "bert", options: ModelOptions(encoder: options)))
        #expect(try read(try text.yaml()) == text)
    }

    @Test(
        "mistakes about tables are named",
        arguments: [
            ("{name: csv, test: b, targets: []}", "dataset.training: missing"),
            ("{name: csv, training: a, test: b, separator: \"ab\", targets: []}", "dataset.separator: found \"ab\""),
            (
                "{name: csv, training: a, test: b, targets: [{column: x, kind: binry}]}",
                "dataset.targets[0].kind: unknown kind \"binry\"; did you mean \"binary\"?"
            ),
            ("{name: csv, training: a, test: b, targets: [{column: x, kind: binary}]}", "positive: missing"),
            ("{name: multi-fashion, validation: 1}", "dataset.validation: found 1"),
            ("{name: multi-fashion, columns: [a]}", "dataset.columns: unknown key"),
            ("{name: multi-fashion}\nencoder: {width: 4}", "encoder: found an encoder"),
        ])
    func tableMistakes(dataset: String, message: String) {
        let yaml = minimal.replacingOccurrences(of: "dataset: multi-fashion", with: "dataset: \(dataset)")
        #expect(refusal(yaml).contains(message), "\(refusal(yaml))")
    }

    @Test("methods have parameters, with every default written out")
    func methods() throws {
        let method = try read(minimal, "method={name: cagrad, c: 0.4}").method
        #expect(method.parameters["c"] == "0.4" && method.parameters["reduction"] == "mean")
        let plain = try read(minimal, "method=upgrad").method
        #expect(try plain == MethodConfiguration("upgrad"))
        for (value, message) in [
            ("{name: cagrad, c: -1}", "found -1, expected a number of at least 0"),
            ("{name: cagrad, cc: 1}", "unknown key; did you mean \"c\"?"),
            ("{name: cagrat}", "unknown method \"cagrat\"; did you mean \"cagrad\"?"),
            ("{name: aligned-mtl, scale: mean}", "found mean, expected one of min, median, rmse"),
        ] {
            let error = #expect(throws: ConfigurationError.self) { try read(minimal, "method=\(value)") }
            #expect(error?.description.contains(message) == true)
        }
    }

    @Test(
        "optimizers and schedules",
        arguments: [
            (
                "{name: sgd, learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 5.0e-4}",
                OptimizerConfiguration.Rule.sgd(SGD(momentum: 0.9, nesterov: true, weightDecay: 5e-4))
            ),
            ("{name: sgd, learningRate: 0.1}", .sgd(SGD())),
            ("{name: adam, learningRate: 0.1}", .adam(Adam())),
            ("{name: adamw, learningRate: 0.1}", .adamW(AdamW())),
        ])
    func optimizers(yaml: String, rule: OptimizerConfiguration.Rule) throws {
        #expect(try read(minimal, "optimizer=\(yaml)").optimizer == OptimizerConfiguration(rule, learningRate: 0.1))
    }

    @Test(
        "schedules",
        arguments: [
            ("constant", ScheduleConfiguration(.constant)),
            ("{name: constant, warmUp: 2}", ScheduleConfiguration(.constant, warmUp: 2)),
            ("cosine", ScheduleConfiguration(.cosine(minimum: 0))),
            ("{name: cosine, minimum: 1.0e-5}", ScheduleConfiguration(.cosine(minimum: 1e-5))),
            ("{name: step, epochs: 4}", ScheduleConfiguration(.step(epochs: 4, gamma: 0.1))),
            ("one-cycle", ScheduleConfiguration(.oneCycle(share: 0.3, division: 25, finalDivision: 10_000))),
            (
                "{name: one-cycle, share: 0.4, division: 10, finalDivision: 100}",
                ScheduleConfiguration(.oneCycle(share: 0.4, division: 10, finalDivision: 100))
            ),
        ])
    func schedules(yaml: String, schedule: ScheduleConfiguration) throws {
        #expect(try read(minimal, "schedule=\(yaml)").schedule == schedule)
    }

    @Test("what is written back reads as the same configuration")
    func roundTrip() throws {
        for yaml in [minimal, complete] {
            let configuration = try read(yaml)
            let written = try configuration.yaml()
            #expect(try read(written) == configuration, "\(written)")
            #expect(try read(written).yaml() == written)
        }
        for schedule in ["constant", "cosine", "{name: one-cycle, share: 0.125}", "{name: step, epochs: 2}"] {
            let configuration = try read(minimal, "schedule=\(schedule)", "optimizer.name=adamw")
            #expect(try read(try configuration.yaml()) == configuration)
        }
        let sgd = try read(minimal, "optimizer={name: sgd, learningRate: 0.1, momentum: 0.9, nesterov: true}")
        #expect(try read(try sgd.yaml()) == sgd)
    }
}

@Suite("Overrides")
struct OverrideTests {
    @Test("replace and add values at any depth, the later ones winning")
    func replace() throws {
        let configuration = try read(
            minimal, "epochs=5", "epochs=7", "optimizer.learningRate=0.25", "tasks[1].weight=2", "heads.hidden=[50, 20]",
            "trunk={model: mlp, hidden: [8]}", "tasks[0].loss=mse", "metrics.interval=4", "clippingNorm=1")
        #expect(configuration.epochs == 7)
        #expect(configuration.optimizer.learningRate == 0.25)
        #expect(configuration.tasks.map(\.weight) == [1, 2])
        #expect(configuration.heads == HeadConfiguration(hidden: [50, 20]))
        #expect(configuration.trunk == TrunkConfiguration(model: "mlp", options: ModelOptions(hidden: [8])))
        #expect(configuration.tasks.map(\.loss) == [.squaredError, .crossEntropy()])
        #expect(configuration.metrics.interval == 4)
        #expect(configuration.clippingNorm == 1)
    }

    @Test("an empty value or null takes a key away")
    func remove() throws {
        #expect(try read("clippingNorm: 3\n" + minimal, "clippingNorm=null").clippingNorm == nil)
    }

    @Test(
        "mistakes name the option",
        arguments: [
            ("epochs", "--set epochs: found \"epochs\", expected key.path=value, such as tasks[0].weight=2"),
            ("=3", "--set =3: found \"=3\", expected key.path=value, such as tasks[0].weight=2"),
            ("tasks[x].weight=1", "--set tasks[x].weight=1: found \"tasks[x].weight=1\", expected key.path=value, such as tasks[0].weight=2"),
            ("epochs=0", "--set epochs=0: epochs: found 0, expected an integer of at least 1"),
            (
                "optimizer.learnRate=1",
                "--set optimizer.learnRate=1: optimizer.learnRate: unknown key; did you mean \"learningRate\"? "
                    + "Known: name, learningRate, beta1, beta2, epsilon, weightDecay."
            ),
            (
                "tasks[2].weight=1",
                "--set tasks[2].weight=1: tasks: found a list of 2, expected an element 2"
            ),
            ("epochs[0]=1", "--set epochs[0]=1: epochs: found a single value, expected a list to set element 0"),
            ("epochs.x=1", "--set epochs.x=1: epochs: found a single value, expected keys below it to set \"x\""),
            (
                "tasks[0].loss=bcee",
                "--set tasks[0].loss=bcee: tasks[0].loss: unknown loss \"bcee\"; did you mean \"bce\"? "
                    + "Known: bce, crossEntropy, huber, l1, mse."
            ),
            (
                "heads.hidden=[50",
                "--set heads.hidden=[50: heads.hidden: not valid YAML: did not find expected ',' or ']'"
            ),
        ])
    func mistakes(setting: String, message: String) {
        #expect(refusal(minimal, [setting]) == message)
    }

    @Test("an option of its own is named in its mistakes")
    func namedOption() {
        let error = #expect(throws: ConfigurationError.self) {
            try ExperimentConfiguration(
                yaml: minimal, source: "a.yaml", overrides: [ConfigurationOverride("seed", value: "-1", option: "--seed")])
        }
        #expect(error?.description == "--seed -1: seed: found -1, expected an integer of at least 0")
    }
}

@Suite("Mistakes in a configuration")
struct MistakeTests {
    /// The minimal configuration with a line replaced, or with one added at the end.
    private func changed(_ line: String, to replacement: String) -> String {
        line.isEmpty ? minimal + "\n" + replacement : minimal.replacing(line, with: replacement)
    }

    @Test(
        "are refused with the place, what was found and what was expected",
        arguments: [
            (
                "  - {name: bottomRight, loss: crossEntropy}", "  - {name: bottomRight, loss: bcee}",
                "tasks[1].loss: unknown loss \"bcee\"; did you mean \"bce\"? Known: bce, crossEntropy, huber, l1, mse. (line 5)"
            ),
            (
                "  - {name: bottomRight, loss: crossEntropy}", "  - {name: bottomRight, loss: {name: Huber, delta: 1}}",
                "tasks[1].loss.name: unknown loss \"Huber\"; did you mean \"huber\"? Known: bce, crossEntropy, huber, l1, mse. (line 5)"
            ),
            (
                "  - {name: bottomRight, loss: crossEntropy}", "  - {name: bottomRight, loss: {delta: 1}}",
                "tasks[1].loss.name: missing, expected the name of a loss: bce, crossEntropy, huber, l1, mse (line 5)"
            ),
            (
                "  - {name: bottomRight, loss: crossEntropy}", "  - {name: bottomRight, loss: {name: l1, delta: 1}}",
                "tasks[1].loss.delta: unknown key. Known: name. (line 5)"
            ),
            (
                "  - {name: bottomRight, loss: crossEntropy}", "  - {name: bottomRight}",
                "tasks[1].loss: missing, expected one of bce, crossEntropy, huber, l1, mse"
            ),
            (
                "  - {name: bottomRight, loss: crossEntropy}", "  - {name: topLeft, loss: mse}",
                "tasks[1]: found a second task \"topLeft\", expected every task once (line 5)"
            ),
            (
                "  - {name: bottomRight, loss: crossEntropy}", "  - {name: a.b, loss: mse}",
                "tasks[1].name: found \"a.b\", expected a name without dots (line 5)"
            ),
            (
                "  - {name: bottomRight, loss: crossEntropy}", "  - {name: b, loss: mse, weight: 0}",
                "tasks[1].weight: found 0, expected a number above 0 (line 5)"
            ),
            (
                "  - {name: bottomRight, loss: crossEntropy}", "  - {name: b, loss: mse, head: {hidden: [0]}}",
                "tasks[1].head.hidden[0]: found 0, expected an integer of at least 1 (line 5)"
            ),
            (
                "dataset: multi-fashion", "dataset: multi-fasion",
                "dataset: unknown dataset \"multi-fasion\"; did you mean \"multi-fashion\"? Known: "
                    + "\(DatasetConfiguration.names.joined(separator: ", ")). (line 1)"
            ),
            (
                "dataset: multi-fashion", "dataset: {name: multi-fashion, trainingSamples: none}",
                "dataset.trainingSamples: found \"none\", expected an integer of at least 1 (line 1)"
            ),
            (
                "trunk: {model: lenet}", "trunk: {model: lennet}",
                "trunk.model: unknown model \"lennet\"; did you mean \"lenet\"? Known: "
                    + "\(ModelRegistry.names.joined(separator: ", ")). (line 2)"
            ),
            (
                "trunk: {model: lenet}", "trunk: {model: lenet, hidden: [3]}",
                "trunk.hidden: unknown key. Known: model, weights, partial. (line 2)"
            ),
            (
                "trunk: {model: lenet}", "trunk: {model: mlp, hidden: [3], activation: rleu}",
                "trunk.activation: unknown activation \"rleu\"; did you mean \"relu\"? "
                    + "Known: gelu, leakyReLU, relu, relu6, sigmoid, silu, tanh. (line 2)"
            ),
            (
                "trunk: {model: lenet}", "trunk: {model: mlp, hidden: [3], dropout: 1}",
                "trunk.dropout: found 1, expected a number of at least 0 and below 1 (line 2)"
            ),
            ("trunk: {model: lenet}", "", "trunk: missing, expected a model, such as {model: lenet}"),
            (
                "optimizer: {name: adam, learningRate: 1.0e-3}", "optimizer: {name: adan, learningRate: 1.0e-3}",
                "optimizer.name: unknown optimizer \"adan\"; did you mean \"adam\"? Known: adam, adamw, sgd. (line 6)"
            ),
            (
                "optimizer: {name: adam, learningRate: 1.0e-3}", "optimizer: adam",
                "optimizer.learningRate: missing, expected a number above 0"
            ),
            (
                "optimizer: {name: adam, learningRate: 1.0e-3}", "optimizer: {name: adam, learningRate: -1}",
                "optimizer.learningRate: found -1, expected a number above 0 (line 6)"
            ),
            (
                "optimizer: {name: adam, learningRate: 1.0e-3}", "optimizer: {name: adam, learningRate: .inf}",
                "optimizer.learningRate: found .inf, expected a number above 0 (line 6)"
            ),
            (
                "optimizer: {name: adam, learningRate: 1.0e-3}", "optimizer: {name: adam, learningRate: \"0.1\"}",
                "optimizer.learningRate: found \"0.1\", expected a number above 0 (line 6)"
            ),
            (
                "optimizer: {name: adam, learningRate: 1.0e-3}", "optimizer: {name: adam, learningRate: 1, beta1: 1}",
                "optimizer.beta1: found 1, expected a number of at least 0 and below 1 (line 6)"
            ),
            (
                "optimizer: {name: adam, learningRate: 1.0e-3}", "optimizer: {name: sgd, learningRate: 1, nesterov: true}",
                "optimizer.nesterov: found true, expected a momentum above 0 with it (line 6)"
            ),
            (
                "optimizer: {name: adam, learningRate: 1.0e-3}", "optimizer: {name: sgd, learningRate: 1, nesterov: 1}",
                "optimizer.nesterov: found 1, expected true or false (line 6)"
            ),
            ("epochs: 3", "epochs: three", "epochs: found \"three\", expected an integer of at least 1 (line 7)"),
            ("epochs: 3", "epochs: 2.5", "epochs: found 2.5, expected an integer of at least 1 (line 7)"),
            ("epochs: 3", "epochs: [3]", "epochs: found a list, expected an integer of at least 1 (line 7)"),
            ("epochs: 3", "epochs:", "epochs: missing, expected an integer of at least 1"),
            ("batchSize: 64", "batchSize: 0", "batchSize: found 0, expected an integer of at least 1 (line 8)"),
            (
                "batchSize: 64", "batch_size: 64",
                "batch_size: unknown key; did you mean \"batchSize\"? Known: dataset, encoder, architecture, trunk, heads, "
                    + "tasks, method, optimizer, schedule, scheduling, epochs, batchSize, seed, device, clippingNorm, "
                    + "gradients, checkpointInterval, freeze, metrics, accumulate, earlyStopping, adapters, adaptation, "
                    + "recipe, layerRates, freezeTo, l2sp, ema, distillation. (line 8)"
            ),
            ("", "method: pcgard", "method: unknown method \"pcgard\"; did you mean \"pcgrad\"? Known: \(Method.names.joined(separator: ", ")). (line 9)"),
            (
                "", "schedule: cosin",
                "schedule: unknown schedule \"cosin\"; did you mean \"cosine\"? Known: constant, cosine, one-cycle, slanted-triangular, step. (line 9)"
            ),
            ("", "schedule: step", "schedule.epochs: missing, expected an integer of at least 1"),
            (
                "", "schedule: {name: one-cycle, share: 1}",
                "schedule.share: found 1, expected a number above 0 and below 1 (line 9)"
            ),
            (
                "", "schedule: {name: one-cycle, warmUp: 1}",
                "schedule.warmUp: unknown key. Known: name, share, division, finalDivision. (line 9)"
            ),
            ("", "seed: -1", "seed: found -1, expected an integer of at least 0 (line 9)"),
            ("", "clippingNorm: 0", "clippingNorm: found 0, expected a number above 0 (line 9)"),
            ("", "checkpointInterval: 0", "checkpointInterval: found 0, expected an integer of at least 1 (line 9)"),
            (
                "", "freeze: trunk",
                "freeze: found \"trunk\", expected a list of beginnings of parameter names, such as [trunk] (line 9)"
            ),
            ("", "metrics: {interval: 0}", "metrics.interval: found 0, expected an integer of at least 1 (line 9)"),
            ("", "device: 3", "device: found 3, expected auto, cpu, opencl or opencl:N (line 9)"),
            ("", "clippingNorm: 1.0e-300", "clippingNorm: found 1.0e-300, expected a number above 0 (line 9)"),
            (
                "epochs: 3", "epochs: 9223372036854775807",
                "epochs: found 9223372036854775807, expected an integer of at most 1000000 (line 7)"
            ),
            (
                "batchSize: 64", "batchSize: 9223372036854775807",
                "batchSize: found 9223372036854775807, expected an integer of at most 1048576 (line 8)"
            ),
            (
                "", "heads: {hidden: [3000000000]}",
                "heads.hidden[0]: found 3000000000, expected an integer of at most 65536 (line 9)"
            ),
            (
                "", "schedule: {name: cosine, warmUp: 1.0e+300}",
                "schedule.warmUp: found 1.0e+300, expected a number of epochs from 0 to 1000000 (line 9)"
            ),
            ("", "seed: 99999999999999999999", "seed: found 99999999999999999999, expected an integer of at least 0 (line 9)"),
            ("", "epochs: 4", "not valid YAML: the key epochs occurs twice (line 7)"),
            ("", "  : {", "not valid YAML: did not find expected key (line 9)"),
        ])
    func mistakes(line: String, replacement: String, message: String) {
        #expect(refusal(changed(line, to: replacement)) == "Examples/census.yaml: \(message)")
    }

    @Test("texts that are no configuration")
    func noConfiguration() {
        #expect(refusal("") == "Examples/census.yaml: found an empty file, expected a configuration")
        #expect(
            refusal("- 1").hasPrefix("Examples/census.yaml: found a list, expected the keys dataset, encoder, architecture, trunk, heads"))
        #expect(
            refusal(changed("tasks:", to: "tasks: []\nmethod:").replacing("  - {name", with: "  #"))
                == "Examples/census.yaml: tasks: found an empty list, expected at least one task (line 3)")
    }

    @Test("files that cannot be read")
    func noFile() {
        let error = #expect(throws: ConfigurationError.self) {
            try ExperimentConfiguration(contentsOf: "no/such.yaml")
        }
        #expect(error?.description == "no/such.yaml: cannot be read: there is no such file")
    }
}
