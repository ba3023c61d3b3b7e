import Compute
import Tensors

/// Changes what tasks minimise once the predictions for a batch are known, such as a teacher's say.
///
/// What comes out is the task's loss in every respect: it is weighted, reported, and what a method sees.
public protocol LossTerms {
    /// - Parameters:
    ///   - losses: of the tasks' targets alone, scalars; nil for tasks that take no part.
    ///   - predictions: in the order of the tasks, with a place on the tape.
    /// - Returns: as many; nil where `losses` is nil.
    func losses(
        from losses: [Tensor?], predictions: [Tensor?], batch: DeviceBatch
    ) throws(ComputeError) -> [Tensor?]
}
