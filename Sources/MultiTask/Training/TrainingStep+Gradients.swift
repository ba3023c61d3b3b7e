import Compute
import Foundation
import Networks
import Tensors

/// Weights that are used for several steps.
struct HeldWeights: Codable, Equatable {
    /// By number of the task.
    var weights: [Int: Double]
    /// Steps that have used them.
    var age: Int
}

extension TrainingStep {
    /// The weighted losses as one: a plain backward pass.
    func weightedLosses(
        _ batches: [DeviceBatch], accumulating: Bool, _ pass: inout StepPass
    ) throws -> TaskGradients {
        if accumulating && method.needsLosses {
            throw TrainingError.invalidSetting(
                name: "accumulating", found: "true",
                expected: "false with \"\(method.name)\", whose weights follow from the losses of the whole step")
        }
        var direction = TaskGradients(of: arena, tasks: [0])
        var losses: [BatchLoss] = []
        if accumulating {
            let weights = try method.weights(in: pass.context)
            let factors = Dictionary(uniqueKeysWithValues: zip(pass.context.tasks, weights))
            try accumulate(batches, pass, into: &direction, losses: &losses) { seeds(of: $0, weights: factors) }
            try read(losses, into: &pass)
            for (task, weight) in factors { pass.outcome.weights[task] = weight }
        } else {
            let tape = Tape()
            losses = try batches.indices.flatMap { try self.losses(batches, $0, tape: tape, step: pass.step) }
            // Reading waits for the forward pass, so it waits until the backward pass is under way where it can.
            if method.needsLosses { try read(losses, into: &pass) }
            let weights = try method.weights(in: pass.context)
            let factors = Dictionary(uniqueKeysWithValues: zip(pass.context.tasks, weights))
            try tape.backward(from: losses.flatMap { seeds(of: $0, weights: factors) }) { (leaf, gradient) throws(ComputeError) in
                try direction.add(gradient, of: leaf)
            }
            if !method.needsLosses { try read(losses, into: &pass) }
            for (task, weight) in factors { pass.outcome.weights[task] = weight }
        }
        try direction.write(weights: [1], to: gradients)
        return direction
    }

    /// Walks every batch back on its own and adds up the gradients.
    private func accumulate(
        _ batches: [DeviceBatch], _ pass: StepPass, into direction: inout TaskGradients, losses: inout [BatchLoss],
        seeds: (BatchLoss) -> [Seed]
    ) throws {
        var sums: AccumulatedGradients?
        for number in batches.indices {
            let tape = Tape()
            let part = try self.losses(batches, number, tape: tape, step: pass.step)
            var total = sums ?? AccumulatedGradients(tasks: direction.tasks)
            try tape.backward(from: part.flatMap(seeds)) { (leaf, gradient) throws(ComputeError) in
                try total.add(gradient, of: leaf, columns: arena.segments[leaf].shape.count)
            }
            sums = total
            losses += part.map {
                BatchLoss(
                    task: $0.task, value: $0.value.detached, auxiliary: [], share: $0.share, priority: $0.priority)
            }
        }
        for (leaf, gradient) in try sums?.gradients() ?? [] { try direction.add(gradient, of: leaf) }
    }

    /// One cotangent per task, the Gramian of the gradients, and what the method makes of them.
    func weightedGradients(
        _ batches: [DeviceBatch], accumulating: Bool, _ pass: inout StepPass
    ) throws -> TaskGradients {
        let isExact = gradientOptions.scope != .features && gradientOptions.interval == 1
        var losses: [BatchLoss] = []
        let present = pass.context.tasks
        let seeds = { (loss: BatchLoss) in self.seeds(of: loss, present: present) }
        let purpose: TaskGradients.Purpose =
            if case .jacobian = method.kind { .jacobian } else { .gramian(memory: gradientOptions.memory) }
        var direction = TaskGradients(
            of: arena, tasks: pass.context.tasks, purpose: purpose, parts: gradientOptions.scope.parts(of: arena))
        if accumulating {
            if !isExact {
                throw TrainingError.invalidSetting(
                    name: "accumulating", found: "true", expected: "false with features or weights that are held")
            }
            try accumulate(batches, pass, into: &direction, losses: &losses, seeds: seeds)
        } else {
            let tape = Tape()
            losses = try batches.indices.flatMap { try self.losses(batches, $0, tape: tape, step: pass.step) }
            let starts = losses.flatMap(seeds)
            let held = try weightsInUse(for: pass.context.tasks)
            if held != nil || gradientOptions.scope == .features {
                try walkOnce(tape, starts, losses, held: held, into: &direction, &pass)
                return direction
            }
            try tape.backward(from: starts) { (leaf, gradient) throws(ComputeError) in
                try direction.add(gradient, of: leaf)
            }
        }
        let gramians: [SquareMatrix]
        if case .jacobian = purpose { gramians = [try direction.gramian()] } else { gramians = try direction.gramians() }
        try read(losses, into: &pass)
        try note(gramians, in: &pass)
        try writeDirection(of: &direction, gramians, &pass)
        return direction
    }

    /// Keeps the sum of the Gramians, and refuses one that is not finite.
    private func note(_ gramians: [SquareMatrix], in pass: inout StepPass) throws {
        let size = pass.context.tasks.count
        let sum = SquareMatrix(
            size: size,
            values: (0..<size * size).map { index in gramians.reduce(0) { $0 + $1.values[index] } })
        for (position, task) in pass.context.tasks.enumerated() where !sum[position, position].isFinite {
            throw TrainingError.notFinite(
                quantity: "squared gradient norm", task: tasks[task].name, step: pass.step, value: sum[position, position])
        }
        pass.outcome.gramian = sum
        pass.outcome.gramianTasks = pass.context.tasks
    }

    /// The weights of an earlier step, if they are to be used once more.
    private func weightsInUse(for present: [Int]) throws -> [Int: Double]? {
        guard let held = heldWeights, held.age < gradientOptions.interval, present.allSatisfy({ held.weights[$0] != nil })
        else { return nil }
        heldWeights?.age += 1
        return held.weights
    }

    /// Walks the shared part of the network once, with the weighted sum of the tasks' cotangents.
    ///
    /// - Parameter held: the weights; nil computes them from the features' cotangents.
    private func walkOnce(
        _ tape: Tape, _ seeds: [Seed], _ losses: [BatchLoss], held: [Int: Double]?, into direction: inout TaskGradients,
        _ pass: inout StepPass
    ) throws {
        let present = pass.context.tasks
        var weights: [Double] = []
        try tape.backward(
            from: seeds,
            weighingFeatures: { features in
                if let held {
                    try read(losses, into: &pass)
                    weights = present.map { held[$0] ?? 0 }
                } else if features.isEmpty {
                    try read(losses, into: &pass)
                    weights = present.map { _ in 1 }
                } else {
                    var products = GramianSum(size: present.count, on: arena.device)
                    for feature in features {
                        try products.add(
                            InnerProductFactors(rows: feature.value),
                            at: GramianSum.Place(part: 0, positions: feature.tasks.compactMap(present.firstIndex)))
                    }
                    let gramians = try products.totals(parts: 1)
                    try read(losses, into: &pass)
                    try note(gramians, in: &pass)
                    weights = try method.weights(for: gramians[0], in: pass.context)
                    hold(weights, of: present)
                }
                return Dictionary(uniqueKeysWithValues: zip(present, weights))
            },
            { (leaf, gradient, isWeighted) throws(ComputeError) in
                try direction.add(gradient, of: leaf, isWeighted: isWeighted)
            })
        for (task, weight) in zip(present, weights) { pass.outcome.weights[task] = weight }
        try direction.write(weights: weights, weighsPrivate: method.options.weightsHeads, to: gradients)
    }

    private func hold(_ weights: [Double], of present: [Int]) {
        if gradientOptions.interval > 1 {
            heldWeights = HeldWeights(
                weights: Dictionary(uniqueKeysWithValues: zip(present, weights)), age: 1)
        }
    }

    private func writeDirection(
        of direction: inout TaskGradients, _ gramians: [SquareMatrix], _ pass: inout StepPass
    ) throws {
        let context = pass.context
        var weights: [Double]?
        if direction.sharedCount == 0 && context.tasks.count > 1 {
            // With a frozen trunk there is nothing to weigh against each other.
            let ones = context.tasks.map { _ in 1.0 }
            weights = ones
            try direction.write(weights: ones, to: gradients)
        } else if case .gramian = method.kind {
            let parts = gramians.count == 1 ? [try method.weights(for: gramians[0], in: context)]
                : try weightsOfParts(gramians, shared: direction.sharedParts, in: context)
            let means = context.tasks.indices.map { task in
                let shared = gramians.count == 1 ? [0] : direction.sharedParts.sorted()
                return shared.isEmpty ? 1 : shared.reduce(0) { $0 + parts[$1][task] } / Double(shared.count)
            }
            weights = means
            hold(means, of: context.tasks)
            try direction.write(
                weights: parts, privateWeights: method.options.weightsHeads ? means : nil, to: gradients)
        } else if direction.sharedCount > 0 {
            let rows = DeviceRows(try direction.rows())
            if memory.all.values.contains(where: { $0.columnCount != rows.columnCount }) {
                // Freezing has changed what is shared: the kept rows are of other parameters.
                memory = RowMemory()
                method.reset()
            }
            let result = try method.aggregate(rows, memory: &memory, in: context)
            weights = result.weights
            try direction.write(
                direction: result.direction.tensor, privateWeights: method.options.weightsHeads ? result.weights : nil,
                to: gradients)
        } else {
            // Nothing is shared where a batch has a single task: then there is nothing to weigh against each other.
            weights = context.tasks.map { _ in 1.0 }
            try direction.write(weights: weights ?? [], to: gradients)
        }
        for (position, task) in context.tasks.enumerated() { pass.outcome.weights[task] = weights?[position] }
    }

    /// Weights for every part that tasks share, each from a copy of the method with a memory of its own.
    private func weightsOfParts(
        _ gramians: [SquareMatrix], shared: Set<Int>, in context: StepContext
    ) throws -> [[Double]] {
        try gramians.enumerated().map { part, gramian in
            guard shared.contains(part) else { return context.tasks.map { _ in 1 } }
            var own = partMethods[part] ?? method
            let weights = try own.weights(for: gramian, in: context)
            partMethods[part] = own
            return weights
        }
    }
}

// MARK: - State

extension TrainingStep {
    /// What the method and the options must remember from one step to the next, besides tensors.
    struct State: Codable {
        var method: Data
        var parts: [Int: Data]
        var heldWeights: HeldWeights?
    }

    func state() throws -> State {
        State(
            method: try method.encodedState(), parts: try partMethods.mapValues { try $0.encodedState() },
            heldWeights: heldWeights)
    }

    func restore(_ state: State) throws {
        try method.restore(state.method)
        partMethods = try state.parts.mapValues { data in
            var own = method
            try own.restore(data)
            return own
        }
        heldWeights = state.heldWeights
    }
}
