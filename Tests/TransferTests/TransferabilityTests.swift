import Compute
import Datasets
import Foundation
import Networks
import TestDevices
import Testing
import Transfer

@Suite("Transferability scores")
struct TransferabilityTests {
    /// What `Fixtures/transferability-record.py` has computed from the definitions.
    private struct Case: Decodable {
        let rows: Int
        let features: [Float]
        let values: [Float]
        let labels: [Int32]
        let regression: Double
        let classification: Double
        let probabilities: [Float]
        let leep: Double
    }

    private func cases() throws -> [Case] {
        let path = try #require(Bundle.module.url(forResource: "transferability", withExtension: "json"))
        return try JSONDecoder().decode([Case].self, from: Data(contentsOf: path))
    }

    @Test("LogME is the largest evidence, as found by a general optimiser")
    func logME() throws {
        for reference in try cases() {
            let method = LogME(features: reference.features, rows: reference.rows)
            #expect(abs(method.score(values: reference.values) - reference.regression) < 1e-6)
            #expect(abs(method.score(labels: reference.labels) - reference.classification) < 1e-6)
        }
    }

    @Test("LogME prefers features that explain the targets")
    func prefers() {
        let rows = 60
        let useful = numbers("useful", count: rows * 3)
        let targets = (0..<rows).map { (row: Int) -> Float in useful[3 * row] - 0.5 * useful[3 * row + 2] }
        let labels = targets.map { Int32($0 > 0 ? 1 : 0) }
        let useless = numbers("useless", count: rows * 3)
        let (good, bad) = (LogME(features: useful, rows: rows), LogME(features: useless, rows: rows))
        #expect(good.score(values: targets) > bad.score(values: targets) + 1)
        #expect(good.score(labels: labels) > bad.score(labels: labels))
        // Features that repeat each other, and such that are always 0, are no trouble.
        let doubled = LogME(features: useful.flatMap { [$0, $0, 0] }, rows: rows)
        #expect(doubled.score(labels: labels).isFinite)
        #expect(LogME(features: [Float](repeating: 0, count: rows), rows: rows).score(labels: labels).isFinite)
    }

    @Test("LEEP is the mean log-likelihood of the formula")
    func leep() throws {
        for reference in try cases() {
            let score = LEEP.score(probabilities: reference.probabilities, labels: reference.labels)
            #expect(abs(score - reference.leep) < 1e-6)
        }
        // A classifier that knows the labels leaves nothing to chance; one that says nothing leaves the labels' entropy.
        #expect(LEEP.score(probabilities: [1, 0, 0, 1, 1, 0], labels: [0, 1, 0]) == 0)
        let blind = LEEP.score(probabilities: [Float](repeating: 0.5, count: 8), labels: [0, 0, 1, 1])
        #expect(abs(blind + log(2)) < 1e-12)
    }

    @Test("stages of a trunk are scored on the means over their pixels", arguments: TestDevice.available)
    func stages(device: TestDevice) throws {
        let scope = ParameterScope()
        let trunk = LeNet(scope["trunk"], height: 16, width: 16)
        let arena = try ParameterArena(scope, seed: 1, on: try device.make())
        let labels = (0..<300).map { Int32($0 % 2) }
        // The classes differ in brightness, which every stage sees.
        let images = (0..<300).flatMap { sample in
            numbers("image.\(sample)", count: 256).map { 0.5 * $0 + Float(sample % 2) }
        }
        let dataset = try ArrayDataset(
            inputs: images, inputShape: [16, 16, 1],
            targets: [
                .classes("brightness", labels: labels, count: 2),
                .classes("chance", labels: (0..<300).map { Int32($0 * 7919 % 1000 / 500) }, count: 2),
                .regression("partial", values: numbers("partial", count: 300), columns: 1, mask: (0..<300).map { Float($0 % 3) }),
            ])
        let features = try StageFeatures(of: trunk, arena: arena, on: dataset, samples: 280)
        #expect(features.stages.map(\.columns) == [10, 20, 50] && features.rows == 280)
        #expect(features.stages.allSatisfy { $0.features.count == 280 * $0.columns })
        #expect(Set(features.targets.keys) == ["brightness", "chance"])
        let scores = features.scores()
        #expect(scores.count == 6)
        let best = try #require(scores.first { $0.task == "brightness" })
        let chance = try #require(scores.first { $0.task == "chance" })
        #expect(best.logME > chance.logME + 0.5)
    }
}
