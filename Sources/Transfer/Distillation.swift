import Compute
import MultiTask
import Networks
import Tensors

/// Knowledge distillation: tasks also learn what a teacher says about the inputs.
///
/// The loss of a task becomes
/// ```
/// (1 - α)·L(z, y) + α·T²·KL(softmax(t / T) ‖ softmax(z / T))
/// ```
/// with the student's logits z and the teacher's logits t, the second term being a mean over all samples of the batch,
/// with a label or not. Binary targets have a KL divergence per column, of which the mean counts, as in their loss; real
/// numbers take the mean squared error to the teacher's instead, and no temperature.
///
/// Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015, section 2.
public struct Distillation: LossTerms {
    /// What a task takes from the teacher.
    public struct Term: Hashable, Sendable {
        /// Position of the task among the teacher's.
        public var teacherTask: Int
        /// T, above 0.
        public var temperature: Float
        /// α, 0...1.
        public var alpha: Float

        /// - Precondition: temperature and alpha are in their ranges.
        public init(teacherTask: Int, temperature: Float = 4, alpha: Float = 0.5) {
            precondition(
                temperature > 0 && (0...1).contains(alpha), "Distillation: temperature \(temperature), alpha \(alpha)")
            self.teacherTask = teacherTask
            self.temperature = temperature
            self.alpha = alpha
        }
    }

    private let teacher: any MultiTaskNetwork
    private let arena: ParameterArena
    private let tasks: [LearningTask]
    private let terms: [Int: Term]

    /// - Parameters:
    ///   - arena: of the teacher.
    ///   - tasks: of the student.
    ///   - terms: by position of the student's task.
    public init(teacher: any MultiTaskNetwork, arena: ParameterArena, tasks: [LearningTask], terms: [Int: Term]) {
        self.teacher = teacher
        self.arena = arena
        self.tasks = tasks
        self.terms = terms
    }

    public func losses(
        from losses: [Tensor?], predictions: [Tensor?], batch: DeviceBatch
    ) throws(ComputeError) -> [Tensor?] {
        let learning = terms.filter { losses[$0.key] != nil }
        if learning.isEmpty { return losses }
        let outputs = try teacher.predictions(
            for: batch.inputs, tasks: Set(learning.values.map(\.teacherTask)),
            in: ForwardContext(arena, mode: .evaluation))
        var result = losses
        for (task, term) in learning {
            guard let own = losses[task], let student = predictions[task], let teacher = outputs[term.teacherTask]
            else { continue }
            precondition(
                student.shape == teacher.shape, "Distillation: student \(student.shape), teacher \(teacher.shape)")
            let soft = try divergence(of: student, from: teacher, loss: tasks[task].loss, term.temperature)
            result[task] = try own.affine(scale: 1 - term.alpha) + soft.affine(scale: term.alpha)
        }
        return result
    }

    /// The student's distance from the teacher, a scalar.
    private func divergence(
        of student: Tensor, from teacher: Tensor, loss: Loss, _ temperature: Float
    ) throws(ComputeError) -> Tensor {
        let rows = Float(max(student.shape.first ?? 1, 1))
        switch loss {
        case .crossEntropy:
            let target = try teacher.affine(scale: 1 / temperature).logSoftmax()
            let prediction = try student.affine(scale: 1 / temperature).logSoftmax()
            return try (target.exp() * (target - prediction)).sum()
                .affine(scale: temperature * temperature / rows)
        case .binaryCrossEntropy:
            let logits = try teacher.affine(scale: 1 / temperature)
            let probabilities = try logits.sigmoid()
            let entropy = try logits.binaryCrossEntropy(targets: probabilities)
            let crossEntropy = try student.affine(scale: 1 / temperature).binaryCrossEntropy(targets: probabilities)
            return try (crossEntropy - entropy).affine(scale: temperature * temperature)
        case .squaredError, .absoluteError, .huber, .domainDiscrepancy: return try student.squaredError(targets: teacher)
        }
    }
}
