import Compute
import Tensors

/// All parameters of a network in one flat block of device memory.
///
/// Segments are aligned to 512 bytes with zeros between them, and ordered by group (the trunk, each head …), within a
/// group those with weight decay first. Gradients and optimizer states use the same layout, so an optimizer step is one
/// launch per run of alike segments.
public final class ParameterArena {
    /// One parameter or statistic and its place.
    public struct Segment: Hashable, Sendable {
        public let name: String
        public let shape: Shape
        /// Elements before it.
        public let offset: Int
        /// The name of the outermost scopes: `trunk`, `heads.TASK`, `tasks.TASK`.
        public let group: String
        public let decays: Bool
        var end: Int { offset + shape.count }
    }

    /// A run of elements that an optimizer treats alike.
    public struct Range: Hashable, Sendable {
        /// The number of its first parameter.
        public let parameter: Int
        public let group: String
        public let decays: Bool
        public let elements: Swift.Range<Int>
    }

    /// Elements to which segments are aligned.
    public static let alignment = 128

    /// By number of the parameter.
    public let segments: [Segment]
    /// By number of the statistic.
    public let statisticSegments: [Segment]
    /// `[count]`, all parameters.
    public let values: Tensor
    /// All statistics, in a block of their own.
    public let statistics: Tensor
    public private(set) var frozen: Set<Int> = []
    /// Whether the weights hold the updates of their low-rank adapters, so that layers leave those out.
    public package(set) var adaptersAreMerged = false

    public var device: any Device { values.device }
    /// Number of elements with padding: the length of gradients and optimizer states.
    public var count: Int { values.count }
    /// Number of parameter elements.
    public var parameterCount: Int { segments.reduce(0) { $0 + $1.shape.count } }

    /// Places what was declared in a scope and draws the initial values.
    public init(_ scope: ParameterScope, seed: UInt64, on device: any Device) throws(ComputeError) {
        let registry = scope.registry
        segments = ParameterArena.place(registry.parameters)
        statisticSegments = ParameterArena.place(registry.statistics)
        values = try ParameterArena.draw(registry.parameters, into: segments, seed: seed, on: device)
        statistics = try ParameterArena.draw(registry.statistics, into: statisticSegments, seed: seed, on: device)
    }

    private static func place(_ declarations: [ParameterScope.Declaration]) -> [Segment] {
        var order: [String: Int] = [:]
        for declaration in declarations where order[group(of: declaration.name)] == nil {
            order[group(of: declaration.name)] = order.count
        }
        let ranked = declarations.indices.sorted { first, second in
            let (a, b) = (declarations[first], declarations[second])
            let (groupA, groupB) = (order[group(of: a.name)] ?? 0, order[group(of: b.name)] ?? 0)
            if groupA != groupB { return groupA < groupB }
            return a.decays == b.decays ? first < second : a.decays
        }
        var offset = 0
        var placed: [Int: Segment] = [:]
        for index in ranked {
            let declaration = declarations[index]
            placed[index] = Segment(
                name: declaration.name, shape: declaration.shape, offset: offset, group: group(of: declaration.name),
                decays: declaration.decays)
            offset += (declaration.shape.count + alignment - 1) / alignment * alignment
        }
        return declarations.indices.compactMap { placed[$0] }
    }

    /// `trunk` of `trunk.conv1.weight`, but `heads.left` of `heads.left.weight`: every head is a group, and so is what
    /// an architecture keeps for one task.
    private static func group(of name: String) -> String {
        let parts = name.split(separator: ".")
        return parts.prefix(parts.first == "heads" || parts.first == "tasks" ? 2 : 1).joined(separator: ".")
    }

    private static func draw(
        _ declarations: [ParameterScope.Declaration], into segments: [Segment], seed: UInt64, on device: any Device
    ) throws(ComputeError) -> Tensor {
        let end = segments.map(\.end).max() ?? 0
        let count = (end + alignment - 1) / alignment * alignment
        var values = [Float](repeating: 0, count: count)
        for (declaration, segment) in zip(declarations, segments) {
            values.replaceSubrange(
                segment.offset..<segment.end,
                with: declaration.initializer.values(count: segment.shape.count, seed: seed, name: segment.name))
        }
        return try Tensor(values, shape: [count], on: device)
    }

    /// The view of a parameter's values.
    public func tensor(_ parameter: Parameter) -> Tensor {
        view(of: segments[parameter.index], in: values)
    }

    /// The view of a statistic's values.
    public func tensor(_ statistic: Statistic) -> Tensor {
        view(of: statisticSegments[statistic.index], in: statistics)
    }

    /// The part of an arena-shaped tensor (gradients, optimizer states) that belongs to a segment.
    public func view(of segment: Segment, in tensor: Tensor) -> Tensor {
        Tensor(viewing: tensor.storage.advanced(by: segment.offset), shape: segment.shape)
    }

    /// Names and values of all parameters and statistics, as checkpoints hold them.
    public var namedTensors: [(name: String, tensor: Tensor)] {
        segments.map { ($0.name, view(of: $0, in: values)) }
            + statisticSegments.map { ($0.name, view(of: $0, in: statistics)) }
    }

    /// Stops training parameters whose name starts with one of the prefixes; `[""]` freezes everything.
    public func freeze(prefixes: [String]) {
        for (index, segment) in segments.enumerated() where prefixes.contains(where: segment.name.hasPrefix) {
            frozen.insert(index)
        }
    }

    /// Trains parameters again.
    public func unfreeze(prefixes: [String]) {
        for (index, segment) in segments.enumerated() where prefixes.contains(where: segment.name.hasPrefix) {
            frozen.remove(index)
        }
    }

    /// Trains all parameters but those with these numbers.
    public func setFrozen(_ parameters: Set<Int>) { frozen = parameters }

    /// Trains the biases of a part again, the parameters whose last name is `bias`.
    ///
    /// - Parameter prefix: how their names begin.
    public func unfreezeBiases(prefix: String) {
        for (index, segment) in segments.enumerated()
        where segment.name.hasPrefix(prefix) && segment.name.hasSuffix(".bias") {
            frozen.remove(index)
        }
    }

    public func isFrozen(_ parameter: Parameter) -> Bool { frozen.contains(parameter.index) }

    /// Whether the parameter of a segment, by its number, is not trained.
    public func isFrozen(at index: Int) -> Bool { frozen.contains(index) }

    /// The trainable runs, ascending; padding inside a run belongs to it.
    public var trainableRanges: [Range] { trainableRanges { _, _ in true } }

    /// The trainable runs of parameters that are alike in a further respect.
    ///
    /// - Parameter areAlike: compares two parameters by their numbers.
    public func trainableRanges(where areAlike: (Int, Int) -> Bool) -> [Range] {
        var ranges: [Range] = []
        for (index, segment) in segments.enumerated().sorted(by: { $0.element.offset < $1.element.offset })
        where !frozen.contains(index) {
            if let last = ranges.last, last.group == segment.group, last.decays == segment.decays,
                segment.offset - last.elements.upperBound < ParameterArena.alignment, areAlike(last.parameter, index)
            {
                ranges[ranges.count - 1] = Range(
                    parameter: last.parameter, group: last.group, decays: last.decays,
                    elements: last.elements.lowerBound..<segment.end)
            } else {
                ranges.append(
                    Range(
                        parameter: index, group: segment.group, decays: segment.decays,
                        elements: segment.offset..<segment.end))
            }
        }
        return ranges
    }
}
