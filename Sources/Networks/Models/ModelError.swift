import Compute

/// Why a model cannot be made from a description.
public enum ModelError: Error, Equatable, Sendable {
    /// There is no such model; `known` are the names that exist.
    case unknownModel(name: String, known: [String])
    /// There is no such activation function.
    case unknownActivation(name: String, known: [String])
    /// The model cannot work on samples of this shape.
    case unsuitableInput(model: String, found: Shape, expected: String)
    /// An option's value makes no sense.
    case invalidOption(model: String, option: String, found: String, expected: String)
}

extension ModelError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownModel(let name, let known): ModelError.unknown("model", name, known)
        case .unknownActivation(let name, let known): ModelError.unknown("activation", name, known)
        case .unsuitableInput(let model, let found, let expected):
            "model \"\(model)\": samples of shape \(found) do not fit, expected \(expected)"
        case .invalidOption(let model, let option, let found, let expected):
            "model \"\(model)\": option \"\(option)\" is \(found), expected \(expected)"
        }
    }

    private static func unknown(_ kind: String, _ name: String, _ known: [String]) -> String {
        let suggestion = name.nearest(among: known).map { "; did you mean \"\($0)\"?" } ?? "."
        return "unknown \(kind) \"\(name)\"\(suggestion) Known: \(known.joined(separator: ", "))."
    }
}
