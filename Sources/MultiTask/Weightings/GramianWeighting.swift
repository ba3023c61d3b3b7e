/// A method that turns the Gramian of the task gradients into one weight per task.
///
/// A weighting sees `G = J·Jᵀ` and never `J`, so the engine may compute `G` without forming the task gradients.
public protocol GramianWeighting: WeightingMethod {
    /// - Parameter gramian: inner products of the gradients of the tasks that take part, K × K, finite.
    /// - Returns: K weights `w`; the update direction is `Σₖ wₖ·gₖ`.
    mutating func weights(for gramian: SquareMatrix, in step: StepContext) throws(WeightingError) -> [Double]
}
