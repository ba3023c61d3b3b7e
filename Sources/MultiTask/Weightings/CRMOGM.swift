/// Correlation-reduced multi-objective gradient method (CR-MOGM): a moving average of any method's weights.
///
/// `w ← α·w + (1 - α)·ŵ`, where ŵ are the method's weights of this step. The first weights of a task are taken as they
/// are. Averaging weakens the correlation between weights and gradients of the same batch, which otherwise biases the
/// direction. The authors' α is 0.9. As it wraps around other methods, it is their option `momentum`.
///
/// Source: Zhou, Zhang, Liang, Gong, Xu, "On the Convergence of Stochastic Multi-Objective Gradient Manipulation and
/// Beyond", NeurIPS 2022, algorithm 1.
struct CRMOGM: Codable, Sendable {
    /// By number of the task; nil for those that had none yet.
    private var weights: [Double?] = []

    mutating func reset() { weights = [] }

    mutating func average(_ new: [Double], momentum: Double, in step: StepContext) -> [Double] {
        if weights.count != step.taskCount { weights = Array(repeating: nil, count: step.taskCount) }
        return zip(step.tasks, new).map { task, weight in
            let average = weights[task].map { momentum * $0 + (1 - momentum) * weight } ?? weight
            weights[task] = average
            return average
        }
    }
}
