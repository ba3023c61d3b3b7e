extension Subset {
    /// The samples of a dataset whose label for a task is one of these classes.
    ///
    /// - Precondition: the task has classes.
    /// - Throws: whatever keeps a sample from being read.
    public init(of base: any Dataset, task: String, isIn classes: Set<Int>) throws {
        var indices: [Int] = []
        for start in stride(from: 0, to: base.count, by: 1024) {
            let batch = try base.batch(of: Array(start..<min(start + 1024, base.count)))
            guard let labels = batch.targets[task]?.ints else {
                preconditionFailure("Subset: the dataset has no classes for \"\(task)\"")
            }
            let mask = batch.masks[task]?.floats
            for (row, label) in labels.enumerated() where classes.contains(Int(label)) && mask?[row] != 0 {
                indices.append(start + row)
            }
        }
        self.init(of: base, indices)
    }
}
