import Compute

/// A step of a computation that knows its derivative.
///
/// A conforming type holds what its derivative needs (detached tensors), nothing else. Whoever adds an operation writes
/// one file with the forward function, this type and its ``backward(_:into:)``.
public protocol DifferentiableOperation {
    /// Adds this operation's share to the cotangents of its inputs.
    ///
    /// - Parameter cotangent: the derivatives of the tasks' losses by the operation's result: its shape with an axis over
    ///   the tasks in front. Everything that a derivative does works on that stack at once.
    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError)
}

/// Records operations, so that derivatives can be computed backwards.
///
/// The record is a flat list: an operation comes after everything that it uses. Only what leads from a watched tensor to a
/// result is recorded: nothing below the lowest trainable layer, and nothing for frozen ones.
///
/// A tape serves one reverse walk, which empties it.
public final class Tape {
    struct Record {
        /// Nil for a watched tensor.
        let operation: (any DifferentiableOperation)?
        /// Nodes of the inputs; -1 where an input is not on the tape.
        let inputs: [Int]
        let shape: Shape
        /// The number that a watched tensor was given.
        let leaf: Int
    }

    var records: [Record] = []
    private var watched: [Int: Int] = [:]

    public init() {}

    /// Puts a tensor on the tape as a leaf, whose gradient is reported under `leaf`.
    ///
    /// A leaf that is watched again, as a layer does that is used twice, stays one leaf.
    public func watch(_ tensor: Tensor, as leaf: Int) -> Tensor {
        let node: Int
        if let known = watched[leaf] {
            node = known
        } else {
            node = records.count
            records.append(Record(operation: nil, inputs: [], shape: tensor.shape, leaf: leaf))
            watched[leaf] = node
        }
        return tensor.traced(Tensor.Trace(tape: self, node: node))
    }

    /// Records an operation with its result, if any input is on a tape.
    ///
    /// - Precondition: all recorded inputs are on the same tape.
    static func record(
        _ operation: @autoclosure () -> any DifferentiableOperation, inputs: [Tensor], result: Tensor
    ) -> Tensor {
        guard let tape = inputs.lazy.compactMap({ $0.trace?.tape }).first else { return result }
        let nodes = inputs.map { input in
            precondition(input.trace.map { $0.tape === tape } ?? true, "inputs of one operation are on different tapes")
            return input.trace?.node ?? -1
        }
        tape.records.append(Record(operation: operation(), inputs: nodes, shape: result.shape, leaf: -1))
        return result.traced(Tensor.Trace(tape: tape, node: tape.records.count - 1))
    }

    /// Takes a record off the tape. What its operation saved is freed with the last copy of it.
    func take(_ node: Int) -> Record {
        defer { records[node] = Record(operation: nil, inputs: [], shape: .scalar, leaf: -1) }
        return records[node]
    }

    func clear() {
        records.removeAll()
        watched.removeAll()
    }
}

extension Tensor {
    func traced(_ trace: Trace) -> Tensor {
        Tensor(storage: storage, shape: shape, elementType: elementType, trace: trace)
    }
}
