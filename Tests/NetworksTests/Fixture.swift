import Compute
import Foundation
import Networks
import Tensors
import Testing

/// What PyTorch has computed; see `Fixtures/record.py`.
struct Fixture: Decodable {
    struct Classification: Decodable {
        let logits: [Float]
        let loss: Float
        let gradientNorms: [String: Float]
        /// The first elements of every gradient.
        let firstGradients: [String: [Float]]
        let statistics: [String: [Float]]?
        let parameterCount: Int?
    }
    struct Normalization: Decodable {
        let output: [Float]
        let inputGradient: [Float]
        let weightGradient: [Float]
        let biasGradient: [Float]
        let runningMean: [Float]
        let runningVariance: [Float]
    }

    let lenet: Classification
    let resnet18: Classification
    let batchNorm: [String: Normalization]

    static func load() throws -> Fixture {
        let path = try #require(Bundle.module.url(forResource: "networks", withExtension: "json"))
        return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: path))
    }

    /// `uniform` of the script: numbers in [-1, 1) that belong to a name.
    static func uniform(_ name: String, count: Int) -> [Float] {
        let seed = name.utf8.reduce(0x811C_9DC5 as UInt32) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
        return (0..<UInt32(count)).map { index in
            var x = (index + 1) &* 2_654_435_761 ^ seed
            x = (x ^ x >> 16) &* 0x85EB_CA6B
            x = (x ^ x >> 13) &* 0xC2B2_AE35
            x ^= x >> 16
            return Float(Double(x) / 0x1p31 - 1)
        }
    }

    /// Sets the parameters as the script does.
    static func fill(_ arena: ParameterArena) throws {
        for segment in arena.segments {
            var values = uniform(segment.name, count: segment.shape.count)
            if segment.shape.rank > 1 {
                let fanIn = segment.shape.count / segment.shape[segment.shape.rank - 1]
                let bound = Float((6 / Double(fanIn)).squareRoot())
                for index in values.indices { values[index] *= bound }
            } else if segment.name.hasSuffix("weight") {
                for index in values.indices { values[index] = 1 + 0.2 * values[index] }
            } else {
                for index in values.indices { values[index] *= 0.1 }
            }
            let target = arena.values.storage.advanced(by: segment.offset)
            try values.withUnsafeBytes { try arena.device.upload($0, to: target) }
        }
    }
}
