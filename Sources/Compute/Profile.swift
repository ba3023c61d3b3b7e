/// Where a device spent its time, per primitive.
public struct Profile: Sendable {
    /// The sums over all runs of one primitive.
    public struct Entry: Hashable, Sendable {
        public var seconds = 0.0
        public var runs = 0
    }

    public private(set) var entries: [Primitive: Entry] = [:]

    public init() {}

    /// Adds one run.
    public mutating func record(_ primitive: Primitive, seconds: Double) {
        entries[primitive, default: Entry()].seconds += seconds
        entries[primitive, default: Entry()].runs += 1
    }

    /// Seconds over all primitives.
    public var totalSeconds: Double { entries.values.reduce(0) { $0 + $1.seconds } }
}
