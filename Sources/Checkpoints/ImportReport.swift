/// What an import has used, and what it has not.
public struct ImportReport: Hashable, Sendable {
    /// A tensor of the file and the network's that took its values.
    public struct Use: Hashable, Sendable {
        public let source: String
        public let target: String
    }

    /// A tensor whose shape is not the network's.
    public struct Difference: Hashable, Sendable {
        public let source: String
        public let target: String
        /// In the network's layout.
        public let found: [Int]
        public let expected: [Int]
    }

    public let path: String
    public internal(set) var used: [Use] = []
    /// The network's tensors for which the file has nothing.
    public internal(set) var missing: [String] = []
    /// The network's tensors that were meant to keep their values.
    public internal(set) var kept: [String] = []
    /// The file's tensors that have no place in the network.
    public internal(set) var leftOver: [String] = []
    /// The file's tensors that the mapping knows to be of no use.
    public internal(set) var ignored: [String] = []
    public internal(set) var otherShape: [Difference] = []

    init(path: String) { self.path = path }

    /// Whether every tensor of file and network is accounted for.
    public var isComplete: Bool { missing.isEmpty && leftOver.isEmpty && otherShape.isEmpty }

    /// Whether something is amiss that is not allowed.
    func lacks(_ allowance: WeightMapping.Allowance) -> Bool {
        (!missing.isEmpty && !allowance.contains(.missing)) || (!leftOver.isEmpty && !allowance.contains(.leftOver))
            || (!otherShape.isEmpty && !allowance.contains(.otherShape))
    }
}

extension ImportReport: CustomStringConvertible {
    /// `used 103 tensors; ignored 1`, then a line for each kind of trouble.
    public var description: String {
        var lines = ["used \(used.count) tensors"]
        if !ignored.isEmpty { lines[0] += "; ignored \(ignored.count)" }
        if !kept.isEmpty { lines[0] += "; kept \(kept.count) of the network" }
        func list(_ title: String, _ items: [String]) {
            guard !items.isEmpty else { return }
            let shown = items.prefix(10).joined(separator: ", ")
            lines.append("\(title): \(shown)" + (items.count > 10 ? " and \(items.count - 10) more" : ""))
        }
        list("missing in the file", missing)
        list("without a place in the network", leftOver)
        list(
            "of another shape",
            otherShape.map { "\($0.source) is \($0.found), \($0.target) expects \($0.expected)" })
        return lines.joined(separator: "\n")
    }
}
