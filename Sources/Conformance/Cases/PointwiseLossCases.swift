import Compute

/// Elementwise losses with and without weights and masks, at their kinks and for large errors.
enum PointwiseLossCases {
    static var all: [ConformanceCase] {
        PointwiseLoss.Function.allCases.flatMap { function in
            extents.flatMap { rows, columns in
                [false, true].flatMap { mask in
                    make(function, rows: rows, columns: columns, positiveWeights: false, mask: mask)
                        + (function == .binaryCrossEntropy
                            ? make(function, rows: rows, columns: columns, positiveWeights: true, mask: mask) : [])
                }
            } + make(function, rows: 17, columns: 3, positiveWeights: false, mask: true, allMasked: true)
                + make(function, rows: 17, columns: 33, positiveWeights: false, mask: false, magnitude: 200)
        }
    }

    private static let extents = [
        (1, 1), (1, 3), (3, 17), (17, 1), (33, 65), (65, 3), (257, 1), (5, 1000), (1000, 7), (2, 50_021),
    ]

    private struct Inputs {
        var predictions: [Float]
        var targets: [Float]
        var positiveWeights: [Float]?
        var mask: [Float]?

        func add(to trial: inout Trial) {
            trial.input("predictions", predictions)
            trial.input("targets", targets)
            if let positiveWeights { trial.input("positive weights", positiveWeights) }
            if let mask { trial.input("mask", mask) }
        }
    }

    private static func make(
        _ function: PointwiseLoss.Function, rows: Int, columns: Int, positiveWeights: Bool, mask: Bool,
        allMasked: Bool = false, magnitude: Float = 5
    ) -> [ConformanceCase] {
        var name = "\(rows)x\(columns)"
        if positiveWeights { name += " positive weights" }
        if mask { name += allMasked ? " all masked" : " mask" }
        if magnitude != 5 { name += " to \(magnitude)" }
        let scalars: [Float] = function == .huber ? [1.5] : []

        @Sendable func inputs(_ data: inout CaseData) -> Inputs {
            let count = rows * columns
            var inputs = Inputs(predictions: data.floats(count, in: -magnitude...magnitude), targets: [])
            if function == .binaryCrossEntropy {
                // Hard and soft labels.
                inputs.targets = (0..<count).map { _ in
                    data.element(of: [0, 1, data.float(in: 0...1)])
                }
            } else {
                inputs.targets = data.floats(count, in: -3...3)
                // Kinks: no error, and an error of exactly δ.
                for index in stride(from: 0, to: count, by: 5) { inputs.predictions[index] = inputs.targets[index] }
                for index in stride(from: 2, to: count, by: 7) {
                    (inputs.predictions[index], inputs.targets[index]) = (2, 0.5)
                }
            }
            if positiveWeights { inputs.positiveWeights = data.floats(columns, in: 0.2...8) }
            if mask { inputs.mask = allMasked ? [Float](repeating: 0, count: rows) : data.bits(rows) }
            return inputs
        }

        let loss = PointwiseLoss(function, rows: rows, columns: columns, positiveWeights: positiveWeights, mask: mask)
        let losses = ConformanceCase("PointwiseLoss", "\(function) \(name)", .pointwiseLoss(loss)) { data in
            let inputs = inputs(&data)
            let (losses, weights) = Reference.pointwiseLoss(
                loss, predictions: inputs.predictions, targets: inputs.targets,
                positiveWeights: inputs.positiveWeights, mask: inputs.mask, scalars: scalars)
            var trial = Trial(.pointwiseLoss(loss), scalars: scalars)
            inputs.add(to: &trial)
            trial.output("losses", losses)
            trial.output("weights", weights)
            return trial
        }
        return [losses]
            + [1, 3].map { tasks in
                let gradient = PointwiseLossGradient(
                    function, rows: rows, columns: columns, positiveWeights: positiveWeights, mask: mask, tasks: tasks)
                let name = "\(function) gradient \(name) tasks \(tasks)"
                return ConformanceCase("PointwiseLoss", name, .pointwiseLossGradient(gradient)) { data in
                    let inputs = inputs(&data)
                    let cotangents = data.floats(tasks, in: -2...2)
                    let mean: [Float] = [data.float(in: 100...200), allMasked ? 0 : 1 / Float(rows)]
                    let expected = Reference.pointwiseLossGradient(
                        gradient, predictions: inputs.predictions, targets: inputs.targets,
                        positiveWeights: inputs.positiveWeights, mask: inputs.mask, cotangents: cotangents,
                        inverseWeightSum: mean[1], scalars: scalars)
                    var trial = Trial(.pointwiseLossGradient(gradient), scalars: scalars)
                    inputs.add(to: &trial)
                    trial.input("cotangents", cotangents)
                    trial.input("mean", mean)
                    trial.output("prediction gradients", expected)
                    return trial
                }
            }
    }
}
