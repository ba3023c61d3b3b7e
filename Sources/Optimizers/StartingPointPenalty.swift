import Compute
import Networks
import Tensors

/// L2-SP: keeps a fine-tuned network near the one that it started from.
///
/// ```
/// Ω = α/2·‖w - w⁰‖² + β/2·‖v‖²
/// ```
/// is minimised besides the losses, w being the parameters with a starting point w⁰ and v the new ones. Its gradient is
/// added behind the weighting of the tasks, which does not see it. Weight decay of the optimizer comes on top.
///
/// Source: Li, Grandvalet, Davoine, "Explicit Inductive Bias for Transfer Learning with Convolutional Networks", ICML 2018,
/// equation 3.
public final class StartingPointPenalty {
    public let arena: ParameterArena
    /// w⁰, and 0 for new parameters: `[arena.count]`. Whoever restores a run writes to it in place.
    public let start: Tensor
    /// α or β of every element.
    private let strengths: Tensor

    /// Takes the parameters as they are now for the starting point.
    ///
    /// - Parameters:
    ///   - alpha: strength for the parameters with a starting point.
    ///   - beta: strength for the new parameters.
    ///   - new: the numbers of the new parameters.
    /// - Precondition: both strengths are at least 0.
    public init(of arena: ParameterArena, alpha: Float, beta: Float, new: Set<Int>) throws(ComputeError) {
        precondition(alpha >= 0 && beta >= 0, "StartingPointPenalty: strengths \(alpha) and \(beta)")
        self.arena = arena
        var strengths = [Float](repeating: 0, count: arena.count)
        var start = try arena.values.floats()
        for (number, segment) in arena.segments.enumerated() {
            let elements = segment.offset..<segment.offset + segment.shape.count
            let isNew = new.contains(number)
            for element in elements { strengths[element] = isNew ? beta : alpha }
            if isNew { for element in elements { start[element] = 0 } }
        }
        self.strengths = try Tensor(strengths, shape: [arena.count], on: arena.device)
        self.start = try Tensor(start, shape: [arena.count], on: arena.device)
    }

    /// Adds the gradient of Ω.
    ///
    /// - Parameter gradients: `[arena.count]`, laid out as the arena.
    public func add(to gradients: Tensor) throws(ComputeError) {
        try gradients.overwrite(with: gradients + (arena.values - start) * strengths)
    }
}
