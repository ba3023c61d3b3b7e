/// The parameters of a network by depth: what transfer learning freezes, unfreezes and gives learning rates together.
///
/// The groups of a trunk follow the order in which its layers were declared. A layer is what the name of a parameter says
/// up to the first number, or else its first part: `trunk.conv1`, `trunk.layer2.0`, `trunk.encoder.layer.5`. Layers
/// without weight decay, such as a norm behind a convolution, belong to the group before. Everything outside the trunks is
/// the last group: the heads, and what else an architecture has for its tasks.
public struct LayerGroups: Hashable, Sendable {
    public struct Group: Hashable, Sendable {
        public let name: String
        /// Their numbers in the arena.
        public fileprivate(set) var parameters: [Int]
    }

    /// The name of the last group.
    public static let last = "heads"

    /// From the inputs to the outputs; the last one may be empty.
    public let groups: [Group]

    /// - Parameter chains: what inputs pass through, one behind the other: scopes of trunks, those beside each other in one
    ///   element. Layers of the same name in trunks beside each other are one group.
    public init(of arena: ParameterArena, chains: [[String]]) {
        var groups: [Group] = []
        var rest = Set(arena.segments.indices)
        for trunks in chains {
            var own: [Group] = []
            var positions: [String: Int] = [:]
            for trunk in trunks {
                for (number, segment) in arena.segments.enumerated()
                where rest.contains(number) && segment.name.hasPrefix(trunk + ".") {
                    let layer = LayerGroups.layer(of: segment.name.dropFirst(trunk.count + 1))
                    let prefix = trunks.count == 1 ? trunk : "*"
                    let name = layer.isEmpty ? prefix : "\(prefix).\(layer)"
                    if let position = positions[name] {
                        own[position].parameters.append(number)
                    } else {
                        positions[name] = own.count
                        own.append(Group(name: name, parameters: [number]))
                    }
                    rest.remove(number)
                }
            }
            groups += LayerGroups.joiningNorms(own, of: arena)
        }
        self.groups = groups + [Group(name: LayerGroups.last, parameters: rest.sorted())]
    }

    /// `layer.5` of `layer.5.attention.weight`, `conv1` of `conv1.weight`, nothing of `weight`.
    private static func layer(of name: Substring) -> String {
        let parts = name.split(separator: ".").dropLast()
        let length = parts.firstIndex { Int($0) != nil }.map { $0 + 1 } ?? min(parts.count, 1)
        return parts.prefix(length).joined(separator: ".")
    }

    private static func joiningNorms(_ groups: [Group], of arena: ParameterArena) -> [Group] {
        var result: [Group] = []
        for group in groups {
            let isNorm = !group.parameters.contains { arena.segments[$0].decays }
            if isNorm, !result.isEmpty {
                result[result.count - 1].parameters += group.parameters
            } else {
                result.append(group)
            }
        }
        return result
    }

    /// The numbers of the parameters of all groups before one.
    public func parameters(before group: Int) -> Set<Int> {
        Set(groups.prefix(max(group, 0)).flatMap(\.parameters))
    }

    /// A value per group as one per parameter.
    ///
    /// - Parameter values: as many as groups.
    public func spread<Value>(_ values: [Value], default standard: Value) -> [Value] {
        precondition(values.count == groups.count, "\(values.count) values for \(groups.count) groups")
        var result = Array(repeating: standard, count: groups.reduce(0) { $0 + $1.parameters.count })
        for (group, value) in zip(groups, values) {
            for parameter in group.parameters { result[parameter] = value }
        }
        return result
    }
}
