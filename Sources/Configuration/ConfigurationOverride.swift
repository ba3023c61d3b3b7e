import Yams

/// A value that replaces one of the file: `--set optimizer.learningRate=0.01`.
public struct ConfigurationOverride: Hashable, Sendable {
    /// A step on the way to a value.
    enum Step: Hashable, Sendable {
        case key(String)
        case index(Int)
    }

    /// What messages name, such as `--set epochs=3`.
    let source: String
    let steps: [Step]
    /// The value in YAML.
    let value: String

    /// The path in the form that messages use.
    var path: String { ConfigurationOverride.path(of: steps[...]) }

    /// An override of a key at the top, from an option of its own.
    ///
    /// - Parameter option: what messages name, such as `--epochs`.
    public init(_ key: String, value: String, option: String) {
        source = "\(option) \(value)"
        steps = [.key(key)]
        self.value = value
    }

    /// Reads `key.path=value`; elements of lists are counted from zero: `tasks[1].weight=2`.
    ///
    /// - Throws: ``ConfigurationError`` where the text has another form.
    public init(parsing text: String) throws(ConfigurationError) {
        source = "--set \(text)"
        guard let equals = text.firstIndex(of: "="),
            let steps = ConfigurationOverride.steps(of: String(text[..<equals]))
        else {
            throw ConfigurationError(
                source: source,
                problem: .unexpected(found: "\"\(text)\"", expected: "key.path=value, such as tasks[0].weight=2"))
        }
        self.steps = steps
        value = String(text[text.index(after: equals)...])
    }

    private static func steps(of path: String) -> [Step]? {
        var steps: [Step] = []
        for component in path.split(separator: ".", omittingEmptySubsequences: false) {
            let parts = component.split(separator: "[", omittingEmptySubsequences: false)
            guard let key = parts.first, !key.isEmpty else { return nil }
            steps.append(.key(String(key)))
            for part in parts.dropFirst() {
                guard part.hasSuffix("]"), let index = Int(part.dropLast()), index >= 0 else { return nil }
                steps.append(.index(index))
            }
        }
        return steps
    }

    static func path(of steps: ArraySlice<Step>) -> String {
        steps.reduce("") { path, step in
            switch step {
            case .key(let key): path.isEmpty ? key : "\(path).\(key)"
            case .index(let index): "\(path)[\(index)]"
            }
        }
    }

    /// Puts the value into a tree; mappings on the way are made where they are missing.
    func apply(to root: inout Node) throws(ConfigurationError) {
        let node: Node
        do {
            node = try Yams.compose(yaml: value) ?? Node("")
        } catch {
            throw failure(at: path, .syntax(reason: YAMLProblem.reason(error)))
        }
        try place(node.withoutMarks, in: &root, depth: 0)
    }

    private func place(_ value: Node, in node: inout Node, depth: Int) throws(ConfigurationError) {
        guard depth < steps.count else {
            node = value
            return
        }
        let here = ConfigurationOverride.path(of: steps[..<depth])
        switch steps[depth] {
        case .key(let key):
            guard case .mapping(var mapping) = node else {
                throw failure(at: here, .unexpected(found: node.kindInWords, expected: "keys below it to set \"\(key)\""))
            }
            var child = mapping[Node(key)] ?? Node([(Node, Node)]())
            try place(value, in: &child, depth: depth + 1)
            mapping[Node(key)] = child
            node = .mapping(mapping)
        case .index(let index):
            guard case .sequence(var sequence) = node else {
                throw failure(at: here, .unexpected(found: node.kindInWords, expected: "a list to set element \(index)"))
            }
            guard index < sequence.count else {
                throw failure(
                    at: here, .unexpected(found: "a list of \(sequence.count)", expected: "an element \(index)"))
            }
            try place(value, in: &sequence[index], depth: depth + 1)
            node = .sequence(sequence)
        }
    }

    private func failure(at path: String, _ problem: ConfigurationError.Problem) -> ConfigurationError {
        ConfigurationError(source: source, path: path, problem: problem)
    }
}

extension Node {
    /// The same values with no place in a text: those of the override's value would be taken for lines of the file.
    fileprivate var withoutMarks: Node {
        switch self {
        case .scalar(var scalar):
            scalar.mark = nil
            return .scalar(scalar)
        case .mapping(let mapping):
            return Node(mapping.map { ($0.key.withoutMarks, $0.value.withoutMarks) }, mapping.tag, mapping.style)
        case .sequence(let sequence):
            return Node(sequence.map(\.withoutMarks), sequence.tag, sequence.style)
        case .alias:
            return self
        }
    }
}
