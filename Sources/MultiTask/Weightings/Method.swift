import Foundation

/// How the gradients or losses of several tasks become one direction: one of the three kinds of method, with the options
/// that all of them share.
public struct Method: Sendable {
    public enum Kind: Sendable {
        case loss(any LossWeighting)
        case gramian(any GramianWeighting)
        case jacobian(any JacobianAggregator)

        var value: any WeightingMethod {
            switch self {
            case .loss(let weighting): weighting
            case .gramian(let weighting): weighting
            case .jacobian(let aggregator): aggregator
            }
        }
    }

    /// The name that the method was asked for by.
    public let name: String
    public private(set) var kind: Kind
    public let options: MethodOptions
    /// All parameters by name, with every default written out; empty for methods that were made from code.
    public let parameters: [(name: String, value: String)]
    private var average = CRMOGM()

    private init(
        name: String, kind: Kind, options: MethodOptions, parameters: [(name: String, value: String)] = []
    ) {
        self.name = name
        self.kind = kind
        self.options = options
        self.parameters = parameters
    }

    public static func loss<Weighting: LossWeighting>(
        _ weighting: Weighting, options: MethodOptions = MethodOptions()
    ) -> Method {
        Method(name: Weighting.name, kind: .loss(weighting), options: options)
    }

    public static func gramian<Weighting: GramianWeighting>(
        _ weighting: Weighting, options: MethodOptions = MethodOptions()
    ) -> Method {
        Method(name: Weighting.name, kind: .gramian(weighting), options: options)
    }

    public static func jacobian<Aggregator: JacobianAggregator>(
        _ aggregator: Aggregator, options: MethodOptions = MethodOptions()
    ) -> Method {
        Method(name: Aggregator.name, kind: .jacobian(aggregator), options: options)
    }
}

// MARK: - By name

extension Method {
    /// The names of all methods, in the order in which they are listed.
    public static var names: [String] { registry.map(\.name) }

    /// The names of the methods that look at gradients or their inner products.
    public static var namesOfGradientMethods: [String] {
        names.filter { (try? Method(named: $0, seed: 0))?.seesGradients ?? false }
    }

    /// Whether the method looks at gradients or their inner products.
    public var seesGradients: Bool {
        if case .loss = kind { false } else { true }
    }

    /// The names of the parameters of a method; empty for unknown names.
    public static func parameterNames(of name: String) -> [String] {
        (try? Method(named: name, seed: 0))?.parameters.map(\.name) ?? []
    }

    /// - Parameters:
    ///   - parameters: texts by name; what is missing has its default.
    ///   - seed: of the method's random numbers, if it draws any.
    /// - Throws: ``WeightingError`` where the name, a parameter or a value is unknown.
    public init(named name: String, parameters: [String: String] = [:], seed: UInt64) throws(WeightingError) {
        guard let entry = Method.registry.first(where: { $0.name == name }) else {
            throw .unknownMethod(name, nearest: name.nearest(among: Method.names), known: Method.names)
        }
        var reader = try MethodParameters(parameters, of: name, seed: seed)
        let kind = try entry.make(&reader)
        let options = try MethodOptions(&reader, for: kind)
        try reader.refuseUnread()
        self.init(name: name, kind: kind, options: options, parameters: reader.decided)
    }
}

// MARK: - In a step

extension Method {
    /// Whether the weights follow from the losses of the same step.
    public var needsLosses: Bool {
        if case .loss(let weighting) = kind { type(of: weighting).needsLosses } else { true }
    }

    /// Whether the losses are computed once more after the step, for ``learn(from:lossesAfterStep:in:)``.
    public var needsLossesAfterStep: Bool {
        if case .loss(let weighting) = kind { type(of: weighting).needsLossesAfterStep } else { false }
    }

    /// The weights of the losses.
    ///
    /// - Precondition: the method is a ``LossWeighting``.
    public mutating func weights(in step: StepContext) throws(WeightingError) -> [Double] {
        guard case .loss(var weighting) = kind else { preconditionFailure("\(name) needs more than losses") }
        let weights = try weighting.weights(in: step)
        kind = .loss(weighting)
        return finished(weights, own: type(of: weighting).reduction, in: step)
    }

    /// The weights of the gradients with the Gramian `gramian`.
    ///
    /// - Precondition: the method is a ``GramianWeighting``.
    /// - Throws: ``WeightingError/notFinite(task:)``, and what the method throws.
    public mutating func weights(for gramian: SquareMatrix, in step: StepContext) throws(WeightingError) -> [Double] {
        guard case .gramian(var weighting) = kind else { preconditionFailure("\(name) is not a Gramian weighting") }
        for row in 0..<gramian.size where !gramian.isFinite(row: row) { throw .notFinite(task: step.tasks[row]) }
        let factors = try options.gradientFactors(squaredNorms: gramian.diagonal, in: step, method: name)
        var weights = try weighting.weights(for: factors.map(gramian.scaled) ?? gramian, in: step)
        kind = .gramian(weighting)
        if let factors { for row in weights.indices { weights[row] *= factors[row] } }
        weights = finished(weights, own: type(of: weighting).reduction, in: step)
        if options.rescaling == .matchSumNorm {
            let factor = Method.rescaling(from: gramian.quadraticForm(weights), to: gramian.values.reduce(0, +))
            for row in weights.indices { weights[row] *= factor }
        }
        return weights
    }

    /// The direction that follows from the rows of J.
    ///
    /// - Precondition: the method is a ``JacobianAggregator``.
    public mutating func aggregate<Rows: GradientRows>(
        _ rows: Rows, memory: inout RowMemory<Rows>, in step: StepContext
    ) throws -> Aggregate<Rows> {
        guard case .jacobian(var aggregator) = kind else { preconditionFailure("\(name) needs no rows of J") }
        var squares: [Double] = []
        if options.normalization != .none || options.rescaling != .none { squares = try rows.squared().sums() }
        let factors = try options.gradientFactors(squaredNorms: squares, in: step, method: name)
        var result = try aggregator.aggregate(try factors.map(rows.scaled) ?? rows, memory: &memory, in: step)
        kind = .jacobian(aggregator)
        var factor = options.factor(from: type(of: aggregator).reduction, tasks: step.tasks.count)
        if options.rescaling == .matchSumNorm {
            let sum = try rows.combined(with: Array(repeating: 1, count: rows.rowCount))
            factor = Method.rescaling(from: try result.direction.squared().sums()[0], to: try sum.squared().sums()[0])
        }
        if factor != 1 { result.direction = try result.direction.scaled(by: [factor]) }
        result.weights = result.weights.map { weights in
            weights.indices.map { weights[$0] * factor * (factors?[$0] ?? 1) }
        }
        return result
    }

    /// The factor between two squared norms; 1 where there is nothing to scale.
    private static func rescaling(from square: Double, to wanted: Double) -> Double {
        square > 0 && wanted > 0 ? (wanted / square).squareRoot() : 1
    }

    private mutating func finished(_ weights: [Double], own: Reduction, in step: StepContext) -> [Double] {
        let factor = options.factor(from: own, tasks: weights.count)
        var weights = weights
        if factor != 1 { for row in weights.indices { weights[row] *= factor } }
        if options.momentum > 0 { weights = average.average(weights, momentum: options.momentum, in: step) }
        return weights
    }

    /// Tells the method what a step has changed, if it asks for it.
    public mutating func learn(from losses: [Double], lossesAfterStep: [Double], in step: StepContext) {
        guard case .loss(var weighting) = kind else { return }
        weighting.learn(from: losses, lossesAfterStep: lossesAfterStep, in: step)
        kind = .loss(weighting)
    }

    /// Tells the method how an epoch went.
    ///
    /// - Parameter meanLosses: by number of the task, with priorities; nil for tasks that never appeared.
    public mutating func finishEpoch(meanLosses: [Double?]) {
        change { $0.finishEpoch(meanLosses: meanLosses) }
    }

    /// Forgets all steps. The rows that a ``JacobianAggregator`` keeps are its caller's to forget.
    public mutating func reset() {
        change { $0.reset() }
        average.reset()
    }

    private mutating func change(_ body: (inout any WeightingMethod) throws -> Void) rethrows {
        var value = kind.value
        try body(&value)
        switch (kind, value) {
        case (.loss, let weighting as any LossWeighting): kind = .loss(weighting)
        case (.gramian, let weighting as any GramianWeighting): kind = .gramian(weighting)
        case (.jacobian, let aggregator as any JacobianAggregator): kind = .jacobian(aggregator)
        default: break
        }
    }
}

// MARK: - Resume

extension Method {
    private struct State: Codable {
        let method: Data
        let average: CRMOGM
    }

    /// What the method must remember from one step to the next, for the exact resume, besides the rows that a
    /// ``JacobianAggregator`` keeps.
    package func encodedState() throws -> Data {
        try JSONEncoder().encode(State(method: try kind.value.encodedState(), average: average))
    }

    /// Takes over what ``encodedState()`` of the same method has returned.
    package mutating func restore(_ state: Data) throws {
        let state = try JSONDecoder().decode(State.self, from: state)
        try change { try $0.restore(state.method) }
        average = state.average
    }
}
