import Compute

/// What is wrong with a configuration, and where.
public struct ConfigurationError: Error, Hashable, Sendable {
    public enum Problem: Hashable, Sendable {
        /// The file cannot be read.
        case unreadable(reason: String)
        /// The text is not YAML.
        case syntax(reason: String)
        /// There is no such key here.
        case unknownKey(name: String, known: [String])
        case missing(expected: String)
        /// The value has the wrong type or is out of range.
        case unexpected(found: String, expected: String)
        /// There is no loss, model, optimizer … of this name.
        case unknownName(kind: String, name: String, known: [String])
    }

    /// The file, or the option of the command line that the value comes from.
    public let source: String
    /// The line in the file, from 1; nil for values that come from elsewhere and for what is missing.
    public let line: Int?
    /// Where in the configuration: `tasks[1].loss`; empty for the whole.
    public let path: String
    public let problem: Problem

    public init(source: String, line: Int? = nil, path: String = "", problem: Problem) {
        self.source = source
        self.line = line
        self.path = path
        self.problem = problem
    }
}

extension ConfigurationError: CustomStringConvertible {
    public var description: String {
        [source, path, "\(problem)"].filter { !$0.isEmpty }.joined(separator: ": ") + (line.map { " (line \($0))" } ?? "")
    }
}

extension ConfigurationError.Problem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let reason): "cannot be read: \(reason)"
        case .syntax(let reason): "not valid YAML: \(reason)"
        case .unknownKey(let name, let known): "unknown key\(suggestion(for: name, among: known))"
        case .missing(let expected): "missing, expected \(expected)"
        case .unexpected(let found, let expected): "found \(found), expected \(expected)"
        case .unknownName(let kind, let name, let known):
            "unknown \(kind) \"\(name)\"\(suggestion(for: name, among: known))"
        }
    }

    private func suggestion(for name: String, among known: [String]) -> String {
        let nearest = name.nearest(among: known).map { "; did you mean \"\($0)\"?" } ?? "."
        return "\(nearest) Known: \(known.joined(separator: ", "))."
    }
}
