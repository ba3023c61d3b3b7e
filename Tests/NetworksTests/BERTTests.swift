import Compute
import Conformance
import Foundation
import Networks
import Tensors
import TestDevices
import Testing

/// BERT's encoder against values that transformers has computed in Float64.
@Suite struct BERTTests {
    struct BERTFixture: Decodable {
        let tokens: [[Int32]]
        /// Means over the tokens that are not padding.
        let features: [Float]
        /// The first tokens' vectors.
        let cls: [Float]
        let gradients: [String: [Float]]

        static func load() throws -> BERTFixture {
            let path = try #require(Bundle.module.url(forResource: "bert", withExtension: "json"))
            return try JSONDecoder().decode(BERTFixture.self, from: Data(contentsOf: path))
        }
    }

    private static var options: BERTEncoder.Options {
        var options = BERTEncoder.Options()
        (options.layers, options.hidden, options.heads, options.intermediate) = (2, 16, 4, 40)
        (options.vocabulary, options.positions) = (31, 9)
        return options
    }

    private func encoder(
        _ options: BERTEncoder.Options, on device: any Device
    ) throws -> (encoder: BERTEncoder, arena: ParameterArena) {
        let scope = ParameterScope()
        let encoder = BERTEncoder(scope, options)
        let arena = try ParameterArena(scope, seed: 0, on: device)
        try Fixture.fill(arena)
        return (encoder, arena)
    }

    @Test("features and gradients of every parameter of a padded batch", arguments: TestDevice.available)
    func transformers(device: TestDevice) throws {
        let device = try device.make()
        let fixture = try BERTFixture.load()
        let (encoder, arena) = try encoder(BERTTests.options, on: device)
        let tokens = try Tensor(fixture.tokens.flatMap { $0 }, shape: [3, 6], on: device)
        let tape = Tape()
        let features = try encoder(tokens, in: ForwardContext(arena, mode: .training, tape: tape))
        expectClose(try features.floats(), fixture.features, relative: 1e-5, "features")
        let cotangent = try Tensor(Fixture.uniform("cotangent", count: 48), shape: [3, 16], on: device)
        let leaves = try tape.backward(from: [Seed(try (features * cotangent).sum(), task: 0)])
        #expect(Set(arena.segments.map(\.name)) == Set(fixture.gradients.keys))
        for (index, segment) in arena.segments.enumerated() {
            let leaf = try #require(leaves[index], "no gradient for \(segment.name)")
            let gradient = try leaf.rows(for: [0], columns: segment.shape.count, on: device).floats()
            let expected = try #require(fixture.gradients[segment.name])
            // No weight of the attention depends on a constant that is added to all keys.
            if segment.name.hasSuffix("key.bias") {
                #expect(gradient.allSatisfy { abs($0) < 1e-5 }, "\(segment.name)")
            } else {
                expectClose(gradient, expected, relative: 5e-5, segment.name)
            }
        }
    }

    @Test("the first token's vector, and features of length 1", arguments: TestDevice.available)
    func readouts(device: TestDevice) throws {
        let device = try device.make()
        let fixture = try BERTFixture.load()
        var options = BERTTests.options
        options.pooling = .cls
        let (first, arena) = try encoder(options, on: device)
        let tokens = try Tensor(fixture.tokens.flatMap { $0 }, shape: [3, 6], on: device)
        let cls = try first(tokens, in: ForwardContext(arena, mode: .evaluation)).floats()
        expectClose(cls, fixture.cls, relative: 1e-5, "first token")
        options.normalizes = true
        let normalized = try encoder(options, on: device)
        let units = try normalized.encoder(tokens, in: ForwardContext(normalized.arena, mode: .evaluation)).floats()
        for row in 0..<3 {
            let expected = fixture.cls[row * 16..<row * 16 + 16]
            let length = expected.reduce(0) { $0 + $1 * $1 }.squareRoot()
            expectClose(Array(units[row * 16..<row * 16 + 16]), expected.map { $0 / length }, relative: 1e-5, "unit")
        }
    }

    @Test("padding changes nothing", arguments: TestDevice.available)
    func padding(device: TestDevice) throws {
        let device = try device.make()
        let (encoder, arena) = try encoder(BERTTests.options, on: device)
        func features(_ tokens: [Int32]) throws -> [Float] {
            let input = try Tensor(tokens, shape: [1, tokens.count], on: device)
            return try encoder(input, in: ForwardContext(arena, mode: .evaluation)).floats()
        }
        expectClose(try features([7, 3, 5, 0, 0, 0, 0, 0]), try features([7, 3, 5]), relative: 1e-6, "features")
    }

    @Test("dropout changes training alone, and the same step draws the same", arguments: TestDevice.available)
    func dropout(device: TestDevice) throws {
        let device = try device.make()
        var options = BERTTests.options
        options.dropout = 0.2
        let (encoder, arena) = try encoder(options, on: device)
        let tokens = try Tensor([7, 3, 5, 0] as [Int32], shape: [1, 4], on: device)
        func features(_ mode: ForwardContext.Mode, step: Int) throws -> [Float] {
            try encoder(tokens, in: ForwardContext(arena, mode: mode, seed: 1, step: step)).floats()
        }
        #expect(try features(.evaluation, step: 0) == features(.evaluation, step: 1))
        #expect(try features(.training, step: 0) == features(.training, step: 0))
        #expect(try features(.training, step: 0) != features(.training, step: 1))
    }
}
