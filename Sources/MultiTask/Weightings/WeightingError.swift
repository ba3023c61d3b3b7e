/// Why there are no weights.
public enum WeightingError: Error, Equatable, Sendable {
    /// The gradient of this task, by its position, is infinite or not a number.
    case notFinite(task: Int)
    /// There is no method of this name.
    case unknownMethod(String, nearest: String?, known: [String])
    /// The method has no parameter of this name.
    case unknownParameter(String, method: String, nearest: String?, known: [String])
    /// The value of a parameter has another form or lies outside its range.
    case badParameter(method: String, parameter: String, found: String, expected: String)
    /// The permutations that were given do not fit the number of tasks.
    case badOrders(reason: String)
    /// The method works with losses, and there are none.
    case lossesMissing(method: String)
    /// A loss is not above zero, and the method takes its logarithm or divides by it.
    case lossNotPositive(method: String, task: Int, value: Double)
    /// The method does not work with as few tasks, or with another number of tasks than it was set up for.
    case badTaskCount(method: String, found: Int, expected: String)
}

extension WeightingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notFinite(let task): "the gradient of task \(task) is not finite"
        case .unknownMethod(let name, let nearest, let known):
            "unknown method \"\(name)\"" + suggestion(nearest, known)
        case .unknownParameter(let name, let method, let nearest, let known):
            "method \"\(method)\": unknown parameter \"\(name)\"" + suggestion(nearest, known)
        case .badParameter(let method, let parameter, let found, let expected):
            "method \"\(method)\": \(parameter) is \(found), expected \(expected)"
        case .badOrders(let reason): "orders: \(reason)"
        case .lossesMissing(let method): "method \"\(method)\" needs the losses of the tasks"
        case .lossNotPositive(let method, let task, let value):
            "method \"\(method)\" needs losses above 0; that of task \(task) is \(value)"
        case .badTaskCount(let method, let found, let expected):
            "method \"\(method)\": \(found) tasks, expected \(expected)"
        }
    }

    private func suggestion(_ nearest: String?, _ known: [String]) -> String {
        (nearest.map { "; did you mean \"\($0)\"?" } ?? ";") + " Known: \(known.joined(separator: ", "))"
    }
}
