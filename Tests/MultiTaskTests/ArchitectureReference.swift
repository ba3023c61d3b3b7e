import Compute
import Foundation
import MultiTask
import Networks

/// The architectures over a two-stage perceptron with tanh, written down once more in Float64 as plain loops.
///
/// Rows are samples.
struct ArchitectureReference {
    typealias Matrix = [[Double]]

    private let parameters: [String: (shape: Shape, values: [Double])]
    private let tasks: [String]
    private let input: Matrix

    init(_ fixture: ArchitectureFixture) throws {
        parameters = Dictionary(
            uniqueKeysWithValues: try fixture.arena.namedTensors.map {
                ($0.name, ($0.tensor.shape, try $0.tensor.floats().map(Double.init)))
            })
        tasks = fixture.tasks.map(\.name)
        input = ArchitectureReference.rows(
            try fixture.batch.inputs.floats().map(Double.init), columns: fixture.batch.inputs.shape[1])
    }

    static func rows(_ values: [Double], columns: Int) -> Matrix {
        stride(from: 0, to: values.count, by: columns).map { Array(values[$0..<$0 + columns]) }
    }

    private func matrix(_ name: String) -> Matrix {
        guard let (shape, values) = parameters[name] else { fatalError("no parameter \(name)") }
        return ArchitectureReference.rows(values, columns: shape[shape.rank - 1])
    }

    private func product(_ left: Matrix, _ right: Matrix) -> Matrix {
        left.map { row in right[0].indices.map { column in row.indices.reduce(0) { $0 + row[$1] * right[$1][column] } } }
    }

    private func linear(_ x: Matrix, _ name: String) -> Matrix {
        let bias = matrix(name + ".bias")[0]
        return product(x, matrix(name + ".weight")).map { zip($0, bias).map(+) }
    }

    private func stage(_ number: Int, _ x: Matrix, _ trunk: String) -> Matrix {
        linear(x, "\(trunk).\(number)").map { $0.map(tanh) }
    }

    private func features(_ trunk: String) -> Matrix { stage(1, stage(0, input, trunk), trunk) }

    private func softmax(_ x: Matrix) -> Matrix {
        x.map { row in
            let powers = row.map(exp)
            return powers.map { $0 / powers.reduce(0, +) }
        }
    }

    private func mixture(_ terms: [Matrix], _ weights: Matrix) -> Matrix {
        terms[0].indices.map { sample in
            terms[0][0].indices.map { column in
                terms.indices.reduce(0) { $0 + weights[weights.count == 1 ? 0 : sample][$1] * terms[$1][sample][column] }
            }
        }
    }

    private func predictions(_ features: [Matrix]) -> [Matrix] {
        zip(tasks, features).map { linear($1, "heads.\($0).0") }
    }

    /// `activation(BN(x))` with the statistics of the batch.
    private func batchNorm(_ x: Matrix, _ name: String, _ activation: (Double) -> Double) -> Matrix {
        let (scale, shift) = (matrix(name + ".weight")[0], matrix(name + ".bias")[0])
        var result = x
        for column in x[0].indices {
            let values = x.map { $0[column] }
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
            for sample in x.indices {
                let normalized = (x[sample][column] - mean) / (variance + 1e-5).squareRoot()
                result[sample][column] = activation(normalized * scale[column] + shift[column])
            }
        }
        return result
    }

    /// The predictions of all tasks, and the terms that are added to their losses.
    func callAsFunction(
        _ architecture: Architecture, seed: UInt64, step: Int
    ) -> (predictions: [Matrix], added: [Double]) {
        let nothing = tasks.map { _ in 0.0 }
        switch architecture {
        case .hardSharing:
            return (predictions(tasks.map { _ in features("trunk") }), nothing)
        case .crossStitch:
            return (predictions(stitched { matrix("stitches.\($0)") }), nothing)
        case .learningToBranch(let options):
            return (predictions(branched(options, seed: seed, step: step)), nothing)
        case .mmoe(let options):
            let experts = (0..<options.experts).map { features("experts.\($0)") }
            return (predictions(tasks.map { mixture(experts, softmax(linear(input, "tasks.\($0).gate"))) }), nothing)
        case .cgc(let options):
            let common = (0..<options.experts).map { features("experts.\($0)") }
            let mixed = tasks.map { task in
                mixture(
                    (0..<options.taskExperts).map { features("tasks.\(task).experts.\($0)") } + common,
                    softmax(linear(input, "tasks.\(task).gate")))
            }
            return (predictions(mixed), nothing)
        case .ple(let options):
            return (predictions(extracted(options)), nothing)
        case .mtan:
            return (predictions(attended()), nothing)
        case .dselectK(let options):
            return selected(options)
        case .softSharing(let options):
            return (predictions(tasks.map { features("tasks.\($0).trunk") }), distances(options))
        }
    }

    private func stitched(_ matrix: (_ stage: Int) -> Matrix) -> [Matrix] {
        var inputs = tasks.map { _ in input }
        for number in 0..<2 {
            let outputs = zip(tasks, inputs).map { stage(number, $1, "trunks.\($0)") }
            let shares = matrix(number)
            inputs = tasks.indices.map { mixture(outputs, [shares[$0]]) }
        }
        return inputs
    }

    private func branched(_ options: LearningToBranch, seed: UInt64, step: Int) -> [Matrix] {
        var position = RandomPosition(seed: seed, stream: Philox.stream(named: "forward.\(step)"))
        let share = min(Double(step) / Double(options.annealingSteps), 1)
        let temperature =
            exp((1 - share) * log(Double(options.temperature)) + share * log(Double(options.finalTemperature)))
        return stitched { number in
            let logits = matrix("branches.\(number)")
            var generator = Philox(position)
            position = position.advanced(by: tasks.count * tasks.count)
            return logits.map { row in
                let noisy = row.map { logit in
                    let word: UInt64 = generator.next()
                    return logit - log(-log((Double(word >> 12) + 0.5) * 0x1p-52))
                }
                if options.straightThrough { return noisy.map { $0 == noisy.max() ? 1 : 0 } }
                return softmax([noisy.map { $0 / temperature }])[0]
            }
        }
    }

    private func extracted(_ options: PLE) -> [Matrix] {
        var common = input
        var own = tasks.map { _ in input }
        for number in 0..<2 {
            let commonOutputs = (0..<options.experts).map { stage(number, common, "experts.\($0)") }
            let taskOutputs = zip(tasks, own).map { task, x in
                (0..<options.taskExperts).map { stage(number, x, "tasks.\(task).experts.\($0)") }
            }
            if number == 0 {
                let gate = softmax(linear(common, "gates.0"))
                common = mixture(commonOutputs + taskOutputs.flatMap { $0 }, gate)
            }
            own = tasks.indices.map { task in
                mixture(
                    taskOutputs[task] + commonOutputs,
                    softmax(linear(own[task], "tasks.\(tasks[task]).gates.\(number)")))
            }
        }
        return own
    }

    private func attended() -> [Matrix] {
        var shared = input
        var attended: [Matrix] = []
        for number in 0..<2 {
            shared = stage(number, shared, "trunk")
            attended = tasks.indices.map { task in
                var seen = shared
                if number > 0 {
                    let before = batchNorm(
                        product(attended[task], matrix("transitions.1.conv.weight")), "transitions.1.bn") { max($0, 0) }
                    seen = zip(seen, before).map { $0 + $1 }
                }
                let name = "tasks.\(tasks[task]).attention.\(number)"
                let hidden = batchNorm(product(seen, matrix(name + ".conv1.weight")), name + ".bn1") { max($0, 0) }
                let logits = product(hidden, matrix(name + ".conv2.weight"))
                let mask = batchNorm(logits, name + ".bn2") { 1 / (1 + exp(-$0)) }
                return zip(shared, mask).map { zip($0, $1).map(*) }
            }
        }
        return attended
    }

    private func selected(_ options: DSelectK) -> (predictions: [Matrix], added: [Double]) {
        let digits = Int(log2(Double(options.experts)).rounded(.up))
        let gamma = Double(options.gamma)
        func smoothStep(_ u: Double) -> Double {
            if u <= -gamma / 2 { return 0 }
            if u >= gamma / 2 { return 1 }
            return -2 / (gamma * gamma * gamma) * u * u * u + 3 / (2 * gamma) * u + 0.5
        }
        let experts = (0..<options.experts).map { features("experts.\($0)") }
        var added: [Double] = []
        let mixed = tasks.map { task in
            let logits = linear(input, "tasks.\(task).gate.digits")
            let weights = softmax(linear(input, "tasks.\(task).gate.selectors"))
            var penalty = 0.0
            let gate = logits.indices.map { sample in
                var shares = [Double](repeating: 0, count: options.experts)
                for selector in 0..<options.selected {
                    let choices = (0..<options.experts).map { expert in
                        (0..<digits).reduce(1.0) { product, digit in
                            let value = smoothStep(logits[sample][selector * digits + digit])
                            return product * (expert >> digit & 1 == 1 ? value : 1 - value)
                        }
                    }
                    penalty -= choices.reduce(0) { $0 + $1 * log($1 + 1e-6) }
                    if options.experts < 1 << digits { penalty += 1 / choices.reduce(0, +) }
                    for expert in shares.indices { shares[expert] += weights[sample][selector] * choices[expert] }
                }
                return shares
            }
            added.append(Double(options.entropy) * penalty / Double(input.count))
            return mixture(experts, gate)
        }
        return (predictions(mixed), added)
    }

    private func distances(_ options: SoftSharing) -> [Double] {
        let trunks = tasks.map { task in
            ["0.weight", "0.bias", "1.weight", "1.bias"].flatMap { matrix("tasks.\(task).trunk.\($0)").flatMap { $0 } }
        }
        return trunks.map { own in
            trunks.reduce(0) { sum, other in
                zip(own, other).reduce(sum) { $0 + Double(options.strength) / 2 * ($1.0 - $1.1) * ($1.0 - $1.1) }
            }
        }
    }
}
