import Compute
import Yams

/// A value of a configuration that knows its place, read strictly: every deviation from what is expected is an error.
struct ConfigurationValue {
    let node: Node
    let path: String
    let document: ConfigurationDocument

    func failure(_ problem: ConfigurationError.Problem) -> ConfigurationError {
        document.failure(at: path, line: node.mark?.line, problem)
    }

    func unexpected(_ expected: String) -> ConfigurationError {
        failure(.unexpected(found: node.inWords, expected: expected))
    }

    /// A text that is not empty. Numbers and truth values are not texts unless they are quoted.
    func string(_ expected: String = "a text") throws(ConfigurationError) -> String {
        guard case .scalar(let scalar) = node, node.reads(as: .str), !scalar.string.isEmpty else {
            throw unexpected(expected)
        }
        return scalar.string
    }

    /// One of several names.
    func name(of kind: String, among known: [String]) throws(ConfigurationError) -> String {
        let name = try string("the name of \(kind.withArticle): \(known.joined(separator: ", "))")
        guard known.contains(name) else { throw failure(.unknownName(kind: kind, name: name, known: known)) }
        return name
    }

    func boolean() throws(ConfigurationError) -> Bool {
        guard node.reads(as: .bool), let value = node.bool else { throw unexpected("true or false") }
        return value
    }

    /// An integer from `minimum` to `maximum`, which keeps arithmetic with it from overflowing.
    func integer(atLeast minimum: Int, atMost maximum: Int = .max) throws(ConfigurationError) -> Int {
        guard node.reads(as: .int), let value = node.int, value >= minimum else {
            throw unexpected("an integer of at least \(minimum)")
        }
        guard value <= maximum else { throw unexpected("an integer of at most \(maximum)") }
        return value
    }

    func integer() throws(ConfigurationError) -> Int32 {
        guard node.reads(as: .int), let value = node.int.flatMap(Int32.init(exactly:)) else {
            throw unexpected("an integer")
        }
        return value
    }

    /// A finite number for which `isAllowed` holds, which `expected` says in words.
    func number<Number: BinaryFloatingPoint>(
        _ expected: String, where isAllowed: (Number) -> Bool
    ) throws(ConfigurationError) -> Number {
        guard node.reads(as: .int) || node.reads(as: .float), let value = node.float else { throw unexpected(expected) }
        let number = Number(value)
        // A number too large for the type has become infinite.
        guard number.isFinite, isAllowed(number) else { throw unexpected(expected) }
        return number
    }

    func positive<Number: BinaryFloatingPoint>() throws(ConfigurationError) -> Number {
        try number("a number above 0") { $0 > 0 }
    }

    func nonNegative<Number: BinaryFloatingPoint>() throws(ConfigurationError) -> Number {
        try number("a number of at least 0") { $0 >= 0 }
    }

    /// A number in 0..<1, such as a probability of dropout.
    func fraction<Number: BinaryFloatingPoint>() throws(ConfigurationError) -> Number {
        try number("a number of at least 0 and below 1") { $0 >= 0 && $0 < 1 }
    }

    /// The elements of a list, with their places.
    func list(_ expected: String) throws(ConfigurationError) -> [ConfigurationValue] {
        guard case .sequence(let sequence) = node else { throw unexpected(expected) }
        return sequence.enumerated().map { index, element in
            ConfigurationValue(node: element, path: "\(path)[\(index)]", document: document)
        }
    }

    /// The keys and values of a mapping.
    ///
    /// - Parameter known: the keys that may occur; any other is an error.
    func mapping(keys known: [String]) throws(ConfigurationError) -> ConfigurationMapping {
        guard case .mapping(let mapping) = node else { throw unexpected("the keys \(known.joined(separator: ", "))") }
        var values: [String: ConfigurationValue] = [:]
        for (key, value) in mapping {
            let name = key.scalar?.string ?? key.kindInWords
            let place = path.isEmpty ? name : "\(path).\(name)"
            guard known.contains(name) else {
                throw document.failure(at: place, line: key.mark?.line, .unknownKey(name: name, known: known))
            }
            values[name] = ConfigurationValue(node: value, path: place, document: document)
        }
        return ConfigurationMapping(values: values, path: path, document: document)
    }

    /// A part that is chosen by name and may have options: `cosine`, or `{name: cosine, minimum: 1.0e-5}`.
    ///
    /// - Parameters:
    ///   - names: in the order in which messages list them; nil sorts them.
    ///   - options: the keys besides `name` that each of the names allows.
    func choice(
        of kind: String, key: String = "name", names: [String]? = nil, options: [String: [String]]
    ) throws(ConfigurationError) -> (name: String, options: ConfigurationMapping) {
        let known = names ?? options.keys.sorted()
        guard case .mapping(let mapping) = node else {
            let name = try name(of: kind, among: known)
            return (name, ConfigurationMapping(values: [:], path: path, document: document))
        }
        let place = path.isEmpty ? key : "\(path).\(key)"
        guard let chosen = mapping[Node(key)] else {
            throw document.failure(
                at: place, line: node.mark?.line,
                .missing(expected: "the name of \(kind.withArticle): \(known.joined(separator: ", "))"))
        }
        let name = try ConfigurationValue(node: chosen, path: place, document: document).name(of: kind, among: known)
        return (name, try self.mapping(keys: [key] + (options[name] ?? [])))
    }
}

extension String {
    fileprivate var withArticle: String { first.map("aeiou".contains) ?? false ? "an \(self)" : "a \(self)" }
}

/// The values of a mapping by key.
struct ConfigurationMapping {
    fileprivate let values: [String: ConfigurationValue]
    let path: String
    let document: ConfigurationDocument

    fileprivate init(values: [String: ConfigurationValue], path: String, document: ConfigurationDocument) {
        self.values = values
        self.path = path
        self.document = document
    }

    /// The value of a key, or nil where it is not there or null.
    subscript(_ key: String) -> ConfigurationValue? {
        guard let value = values[key], !value.node.reads(as: .null) else { return nil }
        return value
    }

    /// The value of a key that must be there.
    func required(_ key: String, _ expected: String) throws(ConfigurationError) -> ConfigurationValue {
        guard let value = self[key] else {
            throw document.failure(at: path.isEmpty ? key : "\(path).\(key)", line: nil, .missing(expected: expected))
        }
        return value
    }
}

extension Node {
    /// Whether the value is of a type by YAML's rules: 3 is an integer, "3" a text.
    func reads(as type: Tag.Name) -> Bool { tag == Tag(type) }

    /// What messages say was found.
    var inWords: String {
        guard case .scalar(let scalar) = self else { return kindInWords }
        if reads(as: .null) { return "nothing" }
        return reads(as: .str) ? "\"\(scalar.string)\"" : scalar.string
    }

    var kindInWords: String {
        switch self {
        case .scalar: "a single value"
        case .mapping: "keys and values"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}
