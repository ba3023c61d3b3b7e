import Foundation
import Testing

/// What PyTorch's optimizers and schedulers have done; see `Fixtures/record.py`.
struct Fixture: Decodable {
    static let parameterCount = 7

    /// The parameters after every step.
    let trajectories: [String: [[Float]]]
    /// The learning rate of every step.
    let schedules: [String: [Double]]

    static func load() throws -> Fixture {
        let path = try #require(Bundle.module.url(forResource: "optimizers", withExtension: "json"))
        return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: path))
    }

    /// The parameters before the first step.
    static let start: [Float] = (0..<parameterCount).map { 0.5 - 0.25 * Float($0) }

    /// The gradients of a step.
    static func gradient(step: Int) -> [Float] {
        (0..<parameterCount).map { index in
            let wave: Double = sin(1.3 * Double(step) + 0.7 * Double(index))
            return Float(wave + 0.2 * Double(index - 3))
        }
    }
}
