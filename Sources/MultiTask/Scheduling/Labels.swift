import Datasets
import Networks

extension Batch {
    /// The weights of the samples that have a label for a task: 1, or the mask's; 0 where there is no label.
    ///
    /// - Returns: nil if the batch knows nothing of the task.
    func labelWeights(of task: LearningTask) -> [Float]? {
        guard let targets = targets[task.name] else { return nil }
        var weights = masks[task.name]?.floats ?? Array(repeating: 1, count: count)
        if case .crossEntropy(_, let ignoredLabel, _) = task.loss, let labels = targets.ints {
            for row in weights.indices where labels[row] == ignoredLabel { weights[row] = 0 }
        }
        return weights
    }
}

/// How many labels the tasks of a source have.
enum LabelCount {
    /// Reads training data until every task has a label, or to the end if all labels are to be counted.
    ///
    /// - Parameter countsAll: whether the counts must be complete.
    /// - Returns: labelled samples per task, in the order of `tasks`.
    /// - Throws: ``TrainingError/noLabels(task:samples:)`` for the first task that has none.
    static func check(_ tasks: [LearningTask], in dataset: any Dataset, countsAll: Bool) throws -> [Int] {
        var counts = tasks.map { _ in 0 }
        let batches = try BatchLoader(dataset, batchSize: 512, order: .sequential, prefetchDepth: 1).epoch(0)
        while let batch = try batches.next() {
            for (position, task) in tasks.enumerated() {
                counts[position] += batch.labelWeights(of: task)?.count { $0 > 0 } ?? 0
            }
            if !countsAll && counts.allSatisfy({ $0 > 0 }) { break }
        }
        for (task, count) in zip(tasks, counts) where count == 0 {
            throw TrainingError.noLabels(task: task.name, samples: dataset.count)
        }
        return counts
    }
}
