/// How the gradients of several tasks become one direction.
public enum Method: Sendable {
    case constant(ConstantWeighting)
    case gramian(any GramianWeighting)

    /// The methods by name, in the order in which they are listed: the registry.
    private static let registry: [(name: String, make: @Sendable (_ seed: UInt64) -> Method)] = [
        ("ew", { _ in .constant(.sum) }),
        ("sum", { _ in .constant(.sum) }),
        ("mean", { _ in .constant(.mean) }),
        (PCGrad.name, { .gramian(PCGrad(seed: $0)) }),
    ]

    /// The method's name, which its state in a checkpoint is known by.
    public var name: String {
        switch self {
        case .constant(let weighting): weighting.rawValue
        case .gramian(let weighting): type(of: weighting).name
        }
    }

    /// The names of all methods.
    public static var names: [String] { registry.map(\.name) }

    /// - Parameter seed: of the method's random numbers, if it draws any.
    /// - Throws: ``WeightingError/unknownMethod(_:nearest:known:)``
    public init(named name: String, seed: UInt64) throws(WeightingError) {
        guard let entry = Method.registry.first(where: { $0.name == name }) else {
            throw .unknownMethod(name, nearest: name.nearest(among: Method.names), known: Method.names)
        }
        self = entry.make(seed)
    }
}
