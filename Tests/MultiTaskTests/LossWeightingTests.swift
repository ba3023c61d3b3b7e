import Foundation
import MultiTask
import Testing

@Suite("Loss weightings")
struct LossWeightingTests {
    struct Golden: Decodable {
        let method: String
        let losses: [Double]
        let dvalue_dlosses: [Double]
        let tol: Double
        let params: Parameters
        let params_value, dvalue_dparams, epoch_minus1, epoch_minus2, logits_before, losses_after, logits_after: [Double]?
        let step: Int?

        struct Parameters: Decodable { let mu: Double? }
    }

    static let goldens: [Golden] = {
        guard let url = Bundle.module.url(forResource: "scalarizers", withExtension: "json", subdirectory: "Fixtures"),
            let data = try? Data(contentsOf: url), let goldens = try? JSONDecoder().decode([Golden].self, from: data)
        else { return [] }
        return goldens
    }()

    private func expect(_ found: [Double], _ expected: [Double], _ tolerance: Double) {
        #expect(found.count == expected.count)
        for (found, expected) in zip(found, expected) {
            #expect(abs(found - expected) <= tolerance * max(1, abs(expected)))
        }
    }

    @Test("recorded results are present")
    func arePresent() { #expect(LossWeightingTests.goldens.count == 20) }

    @Test("the weights are the derivatives of the recorded losses", arguments: goldens.indices)
    func derivatives(index: Int) throws {
        let golden = LossWeightingTests.goldens[index]
        var parameters: [String: String] = [:]
        let name: String
        switch golden.method {
        case "Mean": name = "mean"
        case "Sum": name = "sum"
        case "GeometricMean(GLS)": name = "gls"
        case "STCH":
            name = "stch"
            parameters = ["form": "linear", "mu": try #require(golden.params.mu).description]
        case "DWA": name = "dwa"
        // Log variances and FAMO's logits are checked below: they are states, not parameters.
        default: return
        }
        var method = try Method(named: name, parameters: parameters, seed: 0)
        if let before = golden.epoch_minus2, let last = golden.epoch_minus1 {
            method.finishEpoch(meanLosses: before)
            method.finishEpoch(meanLosses: last)
        }
        let step = StepContext(taskCount: golden.losses.count, losses: golden.losses)
        // DWA's library adds 1e-8 to the denominators of the rates.
        expect(try method.weights(in: step), golden.dvalue_dlosses, name == "dwa" ? 1e-7 : golden.tol)
    }

    @Test("UW and IMTL-L have the recorded weights at the recorded scales")
    func scales() throws {
        for golden in LossWeightingTests.goldens {
            guard let scales = golden.params_value, let slopes = golden.dvalue_dparams else { continue }
            let name = golden.method == "UW" ? "uw" : "imtl-l"
            for (task, scale) in scales.enumerated() {
                var method = try Method(named: name, parameters: ["initial": scale.description], seed: 0)
                var step = StepContext(taskCount: 1, losses: [golden.losses[task]])
                step.learningRate = 1e-3
                expect(try method.weights(in: step), [golden.dvalue_dlosses[task]], golden.tol)
                // The first step of Adam moves by the learning rate against the sign of the derivative.
                let moved = try method.weights(in: step)[0]
                let rises = name == "uw" ? slopes[task] > 0 : slopes[task] < 0
                #expect(abs(moved / golden.dvalue_dlosses[task] - exp(rises ? 1e-3 : -1e-3)) <= 1e-6)
            }
        }
    }

    @Test("FAMO takes the recorded steps")
    func famo() throws {
        let first = try #require(LossWeightingTests.goldens.first { $0.method == "FAMO" && $0.step == 1 })
        var method = try Method(named: "famo", seed: 0)
        let step = StepContext(taskCount: first.losses.count, losses: first.losses)
        expect(try method.weights(in: step), first.dvalue_dlosses, first.tol)
        let after = try #require(first.losses_after)
        method.learn(from: first.losses, lossesAfterStep: after, in: step)
        // With equal losses the weights are the softmax of the logits.
        let weights = try method.weights(in: StepContext(taskCount: after.count, losses: after.map { _ in 1 }))
        let powers = try #require(first.logits_after).map { exp($0) }
        expect(weights, powers.map { $0 / powers.reduce(0, +) }, 1e-9)
    }

    @Test("methods that need losses say so, and refuse those without a logarithm")
    func missingLosses() throws {
        for name in ["uw", "gls", "stch", "imtl-l", "famo"] {
            var method = try Method(named: name, seed: 0)
            #expect(throws: WeightingError.lossesMissing(method: name)) {
                try method.weights(in: StepContext(taskCount: 2))
            }
        }
        for name in ["gls", "stch", "famo"] {
            var method = try Method(named: name, seed: 0)
            #expect(throws: WeightingError.lossNotPositive(method: name, task: 1, value: 0)) {
                try method.weights(in: StepContext(taskCount: 2, losses: [1, 0]))
            }
        }
    }

    @Test("RLW draws from the simplex, the same for the same seed")
    func random() throws {
        var (first, second) = (try Method(named: "rlw", seed: 4), try Method(named: "rlw", seed: 4))
        let step = StepContext(taskCount: 5)
        let draws = try (0..<50).map { _ in try first.weights(in: step) }
        #expect(try draws == (0..<50).map { _ in try second.weights(in: step) })
        #expect(Set(draws).count == 50)
        for draw in draws { #expect(abs(draw.reduce(0, +) - 1) < 1e-12 && draw.allSatisfy { $0 > 0 }) }
    }

    @Test("STCH warms up with log losses, then looks at losses relative to those")
    func tchebycheff() throws {
        var method = try Method(named: "stch", parameters: ["warmUp": "1", "mu": "0.5"], seed: 0)
        let step = StepContext(taskCount: 2, losses: [0.5, 4])
        expect(try method.weights(in: step), [2, 0.25], 1e-12)
        method.finishEpoch(meanLosses: [1, 2])
        // K·μ·log Σ exp(log(L/z)/μ) with L/z = (½, 2): softmax of twice the logarithms is (1, 16)/17.
        expect(try method.weights(in: step), [2 / 17.0 / 0.5, 2 * 16 / 17.0 / 4], 1e-12)
    }

    @Test("GradNorm raises the weight of a task that trains slowly with small gradients")
    func gradNorm() throws {
        var method = try Method(named: "gradnorm", seed: 0)
        var step = StepContext(taskCount: 2, losses: [1, 1])
        step.learningRate = 0.1
        let gramian = SquareMatrix(gramianOf: [[1, 0], [0, 10]])
        expect(try method.weights(for: gramian, in: step), [1, 1], 1e-12)
        method.finishEpoch(meanLosses: [1, 2])
        for _ in 0..<20 { _ = try method.weights(for: gramian, in: step) }
        let weights = try method.weights(for: gramian, in: step)
        #expect(weights[0] > 1.2 && abs(weights[0] + weights[1] - 2) < 1e-12)
    }
}
