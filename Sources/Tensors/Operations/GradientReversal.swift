import Compute

extension Tensor {
    /// The same elements, without a copy, whose derivative is turned around: cotangents are multiplied by `-factor`.
    ///
    /// What lies in front of it learns the opposite of what lies behind it.
    ///
    /// Source: Ganin, Lempitsky, "Unsupervised Domain Adaptation by Backpropagation", ICML 2015.
    public func reversingGradient(factor: Float = 1) -> Tensor {
        let result = Tensor(storage: storage, shape: shape, elementType: elementType, trace: nil)
        return Tape.record(GradientReversalOperation(factor: factor), inputs: [self], result: result)
    }
}

private struct GradientReversalOperation: DifferentiableOperation {
    let factor: Float

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        step.add(try cotangent.affine(scale: -factor), to: 0)
    }
}
