extension RowMemory {
    private static var stepBefore: String { "stepBefore" }

    /// The products of the rows with those of the step before, which they replace; with themselves in the first step, and
    /// zero where a task has no row of a step before.
    mutating func productsWithStepBefore(_ rows: Rows, in step: StepContext) throws -> SquareMatrix {
        let before = self[RowMemory.stepBefore]
        let other = try before?.selecting(step.tasks) ?? rows
        let base = try before ?? rows.zeros(rows: step.taskCount)
        self[RowMemory.stepBefore] = try base.replacing(step.tasks, with: rows)
        return try rows.products(with: other)
    }
}
