import Compute

/// Cross-entropy with every combination of its options, ignored and masked rows, and very large logits.
enum CrossEntropyCases {
    static var all: [ConformanceCase] {
        extents.flatMap { rows, columns in options.flatMap { make(rows: rows, classes: columns, $0) } }
            + make(rows: 33, classes: 10, CrossEntropyOptions(ignoredLabel: 3, mask: true))
            + make(rows: 17, classes: 5, CrossEntropyOptions(labelSmoothing: 1, classWeights: true))
            + make(rows: 17, classes: 10, CrossEntropyOptions(mask: true), mask: .nothing)
            + make(rows: 17, classes: 10, CrossEntropyOptions(classWeights: true, mask: true), mask: .nothing)
            + make(rows: 33, classes: 10, CrossEntropyOptions(), logits: -10_000...10_000)
            + make(rows: 33, classes: 257, CrossEntropyOptions(labelSmoothing: 0.2), logits: 9_000...10_000)
    }

    private static let extents = [
        (1, 1), (1, 3), (3, 17), (17, 10), (33, 65), (65, 2), (5, 1000), (1000, 10), (2, 4097),
    ]

    private static let options = [Float(0), 0.1].flatMap { smoothing in
        [false, true].flatMap { classWeights in
            [false, true].map { mask in
                CrossEntropyOptions(labelSmoothing: smoothing, classWeights: classWeights, mask: mask)
            }
        }
    }

    /// Which rows a mask leaves.
    private enum Mask: Sendable { case some, nothing }

    private struct Inputs {
        var logits: [Float]
        var labels: [Int32]
        var classWeights: [Float]?
        var mask: [Float]?

        func add(to trial: inout Trial) {
            trial.input("logits", logits)
            trial.input("labels", integers: labels)
            if let classWeights { trial.input("class weights", classWeights) }
            if let mask { trial.input("mask", mask) }
        }
    }

    private static func make(
        rows: Int, classes: Int, _ options: CrossEntropyOptions, mask: Mask = .some,
        logits range: ClosedRange<Float> = -4...4
    ) -> [ConformanceCase] {
        var name = "\(rows)x\(classes) smoothing \(options.labelSmoothing)"
        if options.ignoredLabel >= 0 { name += " ignoring \(options.ignoredLabel)" }
        if options.classWeights { name += " class weights" }
        if options.mask { name += mask == .some ? " mask" : " all masked" }
        if range.upperBound > 100 { name += " logits to \(range.upperBound)" }

        @Sendable func inputs(_ data: inout CaseData) -> Inputs {
            var inputs = Inputs(logits: data.floats(rows * classes, in: range), labels: [])
            inputs.labels = (0..<rows).map { row in
                row % 5 == 2 ? options.ignoredLabel : Int32(data.integer(below: classes))
            }
            // An ignored row counts nothing, whatever is in it.
            for row in 0..<rows where row % 10 == 7 && inputs.labels[row] == options.ignoredLabel {
                inputs.logits[row * classes] = .nan
            }
            if options.classWeights { inputs.classWeights = data.floats(classes, in: 0.2...3) }
            if options.mask {
                inputs.mask = mask == .nothing ? [Float](repeating: 0, count: rows) : data.bits(rows)
                if mask == .some { inputs.mask?[rows / 2] = 0.5 }
            }
            return inputs
        }

        let loss = CrossEntropy(rows: rows, classes: classes, options: options)
        let losses = ConformanceCase("CrossEntropy", name, .crossEntropy(loss)) { data in
            let inputs = inputs(&data)
            let (losses, weights) = Reference.crossEntropy(
                loss, logits: inputs.logits, labels: inputs.labels, classWeights: inputs.classWeights,
                mask: inputs.mask)
            var trial = Trial(.crossEntropy(loss))
            inputs.add(to: &trial)
            trial.output("losses", losses)
            trial.output("weights", weights)
            return trial
        }
        return [losses]
            + [1, 3].map { tasks in
                let gradient = CrossEntropyGradient(rows: rows, classes: classes, options: options, tasks: tasks)
                return ConformanceCase(
                    "CrossEntropy", "gradient \(name) tasks \(tasks)", .crossEntropyGradient(gradient)
                ) {
                    data in
                    let inputs = inputs(&data)
                    let cotangents = data.floats(tasks, in: -2...2)
                    // The pair of a mean over something: the loss itself must not enter.
                    let mean: [Float] = [data.float(in: 100...200), mask == .nothing ? 0 : 1 / Float(rows)]
                    let expected = Reference.crossEntropyGradient(
                        gradient, logits: inputs.logits, labels: inputs.labels, classWeights: inputs.classWeights,
                        mask: inputs.mask, cotangents: cotangents, inverseWeightSum: mean[1])
                    var trial = Trial(.crossEntropyGradient(gradient))
                    inputs.add(to: &trial)
                    trial.input("cotangents", cotangents)
                    trial.input("mean", mean)
                    trial.output("logit gradients", expected)
                    return trial
                }
            }
    }
}
