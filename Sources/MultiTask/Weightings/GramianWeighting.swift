import Foundation

/// Turns the Gramian of the task gradients into one weight per task.
///
/// A weighting sees `G = J·Jᵀ` and never `J`, so the engine may compute `G` without forming the task gradients.
public protocol GramianWeighting: Codable, Sendable {
    /// The name in configurations and on the command line.
    static var name: String { get }

    /// - Parameter gramian: inner products of the task gradients, K × K.
    /// - Returns: K weights `w`; the update direction is `Σₖ wₖ·gₖ`.
    /// - Throws: ``WeightingError`` where the Gramian is not finite.
    mutating func weights(for gramian: SquareMatrix) throws(WeightingError) -> [Double]
}

extension GramianWeighting {
    /// What the method must remember from one step to the next, for the exact resume.
    package func encodedState() throws -> Data { try JSONEncoder().encode(self) }

    /// Takes over what ``encodedState()`` of the same method has returned.
    package mutating func restore(_ state: Data) throws {
        self = try JSONDecoder().decode(Self.self, from: state)
    }
}

/// Why there are no weights.
public enum WeightingError: Error, Equatable, Sendable {
    /// The gradient of this task, by its position, is infinite or not a number.
    case notFinite(task: Int)
    /// There is no method of this name.
    case unknownMethod(String, nearest: String?, known: [String])
    /// The permutations that were given do not fit the number of tasks.
    case badOrders(reason: String)
}

extension WeightingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notFinite(let task): "the gradient of task \(task) is not finite"
        case .unknownMethod(let name, let nearest, let known):
            "unknown method \"\(name)\"" + (nearest.map { "; did you mean \"\($0)\"?" } ?? ";")
                + " Known: \(known.joined(separator: ", "))"
        case .badOrders(let reason): "orders: \(reason)"
        }
    }
}
