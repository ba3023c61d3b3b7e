import Compute

/// The parameters of a method by name, as texts, and how a method reads them.
///
/// A parameter is known because a method reads it: there is no second list to keep. Reading also writes down the value
/// that was decided on, given or default.
public struct MethodParameters: Sendable {
    public let method: String
    /// Of the method's random numbers, if it draws any: the parameter `seed`, or what was given from code.
    public let seed: UInt64
    private let given: [String: String]
    /// What was read, in the order in which it was: names and values with every default written out.
    public private(set) var decided: [(name: String, value: String)] = []

    /// - Throws: ``WeightingError/badParameter(method:parameter:found:expected:)`` for a seed that is no number.
    public init(_ given: [String: String] = [:], of method: String, seed: UInt64 = 0) throws(WeightingError) {
        self.given = given
        self.method = method
        self.seed = try given["seed"].map { text throws(WeightingError) in
            guard let number = UInt64(text) else {
                throw .badParameter(method: method, parameter: "seed", found: text, expected: "an integer of at least 0")
            }
            return number
        } ?? seed
    }

    private mutating func read<Value>(
        _ name: String, default standard: Value, written: (Value) -> String, expected: String,
        parse: (String) -> Value?
    ) throws(WeightingError) -> Value {
        var value = standard
        if let text = given[name] {
            guard let parsed = parse(text) else {
                throw .badParameter(method: method, parameter: name, found: text, expected: expected)
            }
            value = parsed
        }
        decided.append((name, written(value)))
        return value
    }

    /// A finite number.
    ///
    /// - Parameter expected: the range in words, for which `isAllowed` holds.
    public mutating func number(
        _ name: String, default standard: Double, _ expected: String, where isAllowed: (Double) -> Bool
    ) throws(WeightingError) -> Double {
        try read(name, default: standard, written: \.description, expected: expected) { text in
            Double(text).flatMap { $0.isFinite && isAllowed($0) ? $0 : nil }
        }
    }

    /// A number of at least 0.
    public mutating func nonNegative(_ name: String, default standard: Double) throws(WeightingError) -> Double {
        try number(name, default: standard, "a number of at least 0") { $0 >= 0 }
    }

    /// A number above 0.
    public mutating func positive(_ name: String, default standard: Double) throws(WeightingError) -> Double {
        try number(name, default: standard, "a number above 0") { $0 > 0 }
    }

    /// A number in 0...1.
    public mutating func share(_ name: String, default standard: Double) throws(WeightingError) -> Double {
        try number(name, default: standard, "a number from 0 to 1") { $0 >= 0 && $0 <= 1 }
    }

    /// A number in 0..<1.
    public mutating func fraction(_ name: String, default standard: Double) throws(WeightingError) -> Double {
        try number(name, default: standard, "a number of at least 0 and below 1") { $0 >= 0 && $0 < 1 }
    }

    public mutating func integer(
        _ name: String, default standard: Int, atLeast minimum: Int, atMost maximum: Int = .max
    ) throws(WeightingError) -> Int {
        let range = maximum == .max ? "of at least \(minimum)" : "from \(minimum) to \(maximum)"
        return try read(name, default: standard, written: \.description, expected: "an integer \(range)") { text in
            Int(text).flatMap { $0 >= minimum && $0 <= maximum ? $0 : nil }
        }
    }

    public mutating func flag(_ name: String, default standard: Bool) throws(WeightingError) -> Bool {
        try read(name, default: standard, written: \.description, expected: "true or false", parse: Bool.init)
    }

    /// One of the cases of an enumeration, by its raw value.
    public mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, default standard: Choice
    ) throws(WeightingError) -> Choice {
        let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        return try read(
            name, default: standard, written: \.rawValue, expected: "one of \(known)", parse: Choice.init(rawValue:))
    }

    /// Numbers of at least 0, separated by commas; empty if nothing is given.
    public mutating func weights(_ name: String) throws(WeightingError) -> [Double] {
        try read(
            name, default: [], written: { $0.map(\.description).joined(separator: ",") },
            expected: "numbers of at least 0, separated by commas"
        ) { text in
            let numbers = text.split(separator: ",", omittingEmptySubsequences: true).map {
                Double($0.filter { !$0.isWhitespace })
            }
            let allowed = numbers.compactMap { $0 }.filter { $0.isFinite && $0 >= 0 }
            return allowed.count == numbers.count ? allowed : nil
        }
    }

    /// - Throws: ``WeightingError/unknownParameter(_:method:nearest:known:)`` for the first that nobody has read.
    func refuseUnread() throws(WeightingError) {
        let known = ["seed"] + decided.map(\.name)
        if let name = given.keys.sorted().first(where: { !known.contains($0) }) {
            throw .unknownParameter(name, method: method, nearest: name.nearest(among: known), known: known)
        }
    }
}
