import Compute
import Foundation

/// Random loss weighting (RLW): the softmax of standard normal numbers, drawn anew in every step.
///
/// Source: Lin, Ye, Zhang, Tsang, "Reasonable Effectiveness of Random Weighting: A Litmus Test for Multi-Task Learning",
/// TMLR 2022.
public struct RandomWeighting: LossWeighting {
    public static let name = "rlw"
    public static let reduction = Reduction.mean

    private var position: RandomPosition

    public init(seed: UInt64) {
        position = RandomPosition(seed: seed, stream: Philox.stream(named: RandomWeighting.name))
    }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) { self.init(seed: parameters.seed) }

    public mutating func weights(in step: StepContext) -> [Double] {
        var generator = Philox(position)
        // Box and Muller; the first number lies in (0, 1].
        let normals = step.tasks.map { _ in
            let radius = (-2 * log((Double(generator.next() >> 11) + 1) * 0x1p-53)).squareRoot()
            return radius * cos(2 * .pi * Double(generator.next() >> 11) * 0x1p-53)
        }
        position = generator.position
        return Simplex.softmax(normals)
    }
}
