import Compute
import Networks
import Tensors

/// The parameters and statistics of a network in a safetensors file, under their names.
public enum NetworkCheckpoint {
    /// What the names of optimizer states begin with, in files that hold them too.
    package static let optimizerPrefix = "optimizer."
    /// What the names of rows begin with that a multi-task method keeps.
    package static let methodPrefix = "method."
    /// What the names of tensors begin with that the scheduling of tasks keeps.
    package static let schedulingPrefix = "scheduling."
    /// What the names of tensors begin with that transfer learning keeps.
    package static let transferPrefix = "transfer."

    /// Writes all parameters and statistics.
    ///
    /// - Parameter others: tensors that go into the same file.
    /// - Throws: ``CheckpointError``, or what the device throws.
    public static func write(
        _ arena: ParameterArena, with others: [NamedTensor] = [], metadata: [String: String] = [:], to path: String
    ) throws {
        let tensors = try arena.namedTensors.map { name, tensor in
            NamedTensor(name: name, shape: Array(tensor.shape), elements: .float32(try tensor.floats()))
        }
        try SafetensorsFile.write(
            tensors + others, metadata: metadata.merging(["format": "concord"]) { own, _ in own }, to: path)
    }

    /// Reads all parameters and statistics, and leaves the states of optimizer and method aside.
    ///
    /// Everything is checked before anything changes: a checkpoint of another network leaves this one as it was.
    ///
    /// - Throws: ``CheckpointError/otherNetwork(path:tensor:found:expected:)`` for the first difference.
    public static func read(_ path: String, into arena: ParameterArena) throws {
        let file = try SafetensorsFile(path: path)
        let expected = arena.namedTensors
        for (name, tensor) in expected {
            guard let found = file.tensors.first(where: { $0.name == name }) else {
                throw CheckpointError.otherNetwork(
                    path: path, tensor: name, found: "missing", expected: "\(tensor.shape)")
            }
            guard found.shape == Array(tensor.shape) else {
                throw CheckpointError.otherNetwork(
                    path: path, tensor: name, found: "\(found.shape)", expected: "\(tensor.shape)")
            }
        }
        let known = Set(expected.map(\.name))
        let isState = { (name: String) in
            [optimizerPrefix, methodPrefix, schedulingPrefix, transferPrefix].contains(where: name.hasPrefix)
        }
        if let extra = file.tensors.first(where: { !known.contains($0.name) && !isState($0.name) }) {
            throw CheckpointError.otherNetwork(
                path: path, tensor: extra.name, found: "\(extra.shape)", expected: "no such tensor")
        }
        let values = try expected.map { try file.floats(of: $0.name) }
        for ((_, tensor), values) in zip(expected, values) { try tensor.overwrite(with: values) }
    }
}

extension ParameterArena {
    /// The parts of an arena-shaped tensor (an optimizer's state) under the parameters' names.
    package func namedParts(of tensor: Tensor, prefix: String) throws(ComputeError) -> [NamedTensor] {
        let values = try tensor.floats()
        return segments.map { segment in
            NamedTensor(
                name: prefix + segment.name, shape: Array(segment.shape),
                elements: .float32(Array(values[segment.offset..<segment.offset + segment.shape.count])))
        }
    }

    /// Fills an arena-shaped tensor with what ``namedParts(of:prefix:)`` has written.
    package func read(_ tensor: Tensor, from file: SafetensorsFile, prefix: String) throws {
        var values = [Float](repeating: 0, count: tensor.count)
        for segment in segments {
            let name = prefix + segment.name
            let part = try file.floats(of: name)
            guard part.count == segment.shape.count else {
                throw CheckpointError.otherNetwork(
                    path: file.path, tensor: name, found: "\(try file.tensor(named: name).shape)",
                    expected: "\(segment.shape)")
            }
            values.replaceSubrange(segment.offset..<segment.offset + part.count, with: part)
        }
        try tensor.overwrite(with: values)
    }
}
