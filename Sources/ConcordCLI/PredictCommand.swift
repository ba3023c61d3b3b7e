import ArgumentParser
import Concord
import Foundation

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Applies a trained network.",
        discussion: """
            An INPUT is a sample of the dataset's test split by its index (12), a range of them ('0..<10', quoted for the \
            shell), or an IDX file \
            of grey images (plain or gzip) that are as large as the network's input, or, for a network that learnt from \
            tables, a CSV file with the columns of the training file; those of the targets may be left out; or, for a \
            network that learnt from images, a JPEG or PNG file, which is prepared as in training. Prints one \
            JSON object a line: \
            "input", and under "predictions" for every task "class", "name" and "probability", or "values" for numbers.
            """)

    @Argument(help: "The folder of a run.")
    var folder: String

    @Argument(help: "Indices or ranges of test samples, or IDX, CSV, JPEG or PNG files.")
    var inputs: [String]

    @Option(help: ArgumentHelp("Where to compute: \(Devices.requests). Default: as in training.", valueName: "device"))
    var device: String?

    private static let batchSize = 256

    private struct Prediction: Encodable {
        var `class`: Int?
        var name: String?
        var probability: Float?
        var values: [Float]?
    }

    private struct Line: Encodable {
        let input: String
        let predictions: [String: Prediction]
    }

    /// Samples with the names under which they are reported.
    private struct Samples {
        let names: [String]
        let inputs: HostTensor
    }

    func run() throws {
        let run = try TrainedRun(folder: folder, device: device)
        for input in inputs {
            for samples in try PredictCommand.samples(input, of: run) {
                let outputs = try run.evaluation.predict(samples.inputs)
                let goals = zip(run.model.tasks, outputs).filter { $0.0.role == .goal }
                let predictions = try goals.map { task, output in
                    try PredictCommand.predictions(of: task, output, in: run.tests[task.name] ?? run.test)
                }
                for (row, name) in samples.names.enumerated() {
                    let named = zip(goals, predictions).map { ($0.0.name, $1[row]) }
                    try JSONOutput.print(
                        Line(input: name, predictions: Dictionary(uniqueKeysWithValues: named)))
                }
            }
        }
    }

    /// The samples that an argument stands for, in batches.
    private static func samples(_ input: String, of run: TrainedRun) throws -> [Samples] {
        let dataset = run.test
        if let indices = try indices(input, count: dataset.count) {
            return try samples(indices, of: dataset, named: "test")
        }
        if let images = run.configuration.dataset.images {
            let image = try Bitmap(contentsOf: input)
            return [
                Samples(
                    names: [input],
                    inputs: HostTensor(images.preprocessing(image), shape: dataset.inputShape.prepending(1)))
            ]
        }
        if let preprocessing = run.preprocessing {
            let table = try TabularDataset(path: input, preprocessing: preprocessing, needsTargets: false)
            return try samples(0..<table.count, of: table, named: input)
        }
        let shape = dataset.inputShape
        let file = try IDXFile(path: input, rank: 3)
        guard shape.rank == 3, shape[2] == 1, Array(file.dimensions.dropFirst()) == [shape[0], shape[1]] else {
            throw CommandError(
                "\(input): holds images of \(file.dimensions.dropFirst().map(String.init).joined(separator: "×")), "
                    + "the network expects \(shape.map(String.init).joined(separator: "×"))")
        }
        return batches(0..<file.dimensions[0]).map { indices in
            let bytes = file.bytes[indices.lowerBound * shape.count..<indices.upperBound * shape.count]
            return Samples(
                names: indices.map { "\(input):\($0)" },
                inputs: HostTensor(bytes.map { Float($0) / 255 }, shape: shape.prepending(indices.count)))
        }
    }

    private static func samples(
        _ indices: Range<Int>, of dataset: any Dataset, named name: String
    ) throws -> [Samples] {
        try batches(indices).map { indices in
            Samples(names: indices.map { "\(name):\($0)" }, inputs: try dataset.batch(of: Array(indices)).inputs)
        }
    }

    private static func batches(_ indices: Range<Int>) -> [Range<Int>] {
        stride(from: indices.lowerBound, to: indices.upperBound, by: batchSize).map {
            $0..<min($0 + batchSize, indices.upperBound)
        }
    }

    /// `12` or `0..<10`; nil for anything else, which is a file then.
    private static func indices(_ text: String, count: Int) throws -> Range<Int>? {
        let bounds = text.components(separatedBy: "..<").map(Int.init)
        let range: (lower: Int, upper: Int)
        switch bounds.count {
        case 1:
            guard let index = bounds[0] else { return nil }
            range = (index, index < count ? index + 1 : index)
        case 2:
            guard let lower = bounds[0], let upper = bounds[1] else { return nil }
            range = (lower, upper)
        default: return nil
        }
        guard 0 <= range.lower, range.lower < range.upper, range.upper <= count else {
            throw CommandError("\(text): the test split has the samples 0..<\(count)")
        }
        return range.lower..<range.upper
    }

    private static func predictions(
        of task: LearningTask, _ output: Tensor, in dataset: any Dataset
    ) throws -> [Prediction] {
        let rows = output.shape[0]
        let columns = output.count / max(rows, 1)
        switch task.loss {
        case .crossEntropy:
            let probabilities = try output.softmax().floats()
            return (0..<rows).map { row in
                let values = probabilities[row * columns..<(row + 1) * columns]
                let best = values.indices.max { values[$0] < values[$1] } ?? values.startIndex
                let label = best - values.startIndex
                return Prediction(
                    class: label, name: name(of: label, in: task, dataset), probability: probabilities[best])
            }
        case .binaryCrossEntropy:
            return rowsOfValues(try output.sigmoid().floats(), columns: columns)
        case .squaredError, .absoluteError, .huber, .domainDiscrepancy:
            return rowsOfValues(try output.floats(), columns: columns)
        }
    }

    private static func rowsOfValues(_ values: [Float], columns: Int) -> [Prediction] {
        stride(from: 0, to: values.count, by: max(columns, 1)).map { start in
            Prediction(values: Array(values[start..<start + columns]))
        }
    }

    /// The class's name, or its number where the dataset has no names.
    private static func name(of label: Int, in task: LearningTask, _ dataset: any Dataset) -> String {
        guard case .classes(_, let names)? = dataset.tasks.first(where: { $0.name == task.name })?.kind,
            names.indices.contains(label)
        else { return "\(label)" }
        return names[label]
    }
}
