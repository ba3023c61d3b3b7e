/// The tensors that a pickle of PyTorch describes, under the names of the dictionaries and lists that hold them.
///
/// A state dictionary is one level deep; a checkpoint of a training run often has several, joined with dots here:
/// `model.conv1.weight`, `optimizer.state.0.exp_avg`. Numbers and strings on the way become metadata.
struct PyTorchState {
    /// A block of elements outside of the pickle.
    struct Storage: Hashable {
        let key: String
        let type: DataType
        /// Number of elements.
        let count: Int
    }

    /// A tensor and where its elements lie.
    struct Entry {
        let tensor: TensorDescription
        let storage: Storage
        let elements: StridedElements
    }

    let entries: [Entry]
    let metadata: [String: String]
    /// Every block once, in the order of the pickle.
    let storages: [Storage]

    /// What is passed on the way through nested containers; more is refused, since containers may hold each other.
    private static let maximumVisits = 1 << 20
    private static let maximumDepth = 16

    /// Collects what is below the object that the machine has left.
    init(_ machine: PickleMachine, root: PickleMachine.Value, path: String, format: String) throws(CheckpointError) {
        var storages: [Storage] = []
        var known: [String: Storage] = [:]
        for container in machine.persistents {
            let storage = try PyTorchState.storage(machine.containers[container], path: path, format: format)
            if let other = known[storage.key] {
                guard other == storage else {
                    throw .malformed(
                        path: path, format: format, problem: "it describes the storage \(storage.key) in two ways")
                }
            } else {
                known[storage.key] = storage
                storages.append(storage)
            }
        }
        self.storages = storages

        var entries: [Entry] = []
        var metadata: [String: String] = [:]
        var visits = 0
        // What is still to be visited, the next one last.
        var waiting: [(name: String, value: PickleMachine.Value, depth: Int)] = [("", root, 0)]
        while let (name, value, depth) = waiting.popLast() {
            visits += 1
            guard visits <= PyTorchState.maximumVisits, depth <= PyTorchState.maximumDepth else {
                throw .unsupported(path: path, format: format, found: "containers that are too many or too deep")
            }
            let prefix = name.isEmpty ? "" : name + "."
            switch value {
            case .tensor(let pickled):
                let storage = try PyTorchState.storage(machine.containers[pickled.storage], path: path, format: format)
                let description = TensorDescription(
                    name: name.isEmpty ? "tensor" : name, type: storage.type, shape: pickled.shape)
                guard
                    let elements = StridedElements(
                        shape: pickled.shape, strides: pickled.strides, offset: pickled.offset,
                        elementSize: storage.type.size, available: storage.count)
                else {
                    throw .invalidTensor(
                        path: path, tensor: description.name,
                        problem: .other(
                            "has shape \(pickled.shape), strides \(pickled.strides) and offset \(pickled.offset), expected "
                                + "elements within its storage of \(storage.count), each once; the file is damaged"))
                }
                entries.append(Entry(tensor: description, storage: storage, elements: elements))
            case .dictionary(let container):
                let items = machine.containers[container]
                for position in stride(from: 0, to: items.count, by: 2).reversed() {
                    let key: String
                    switch items[position] {
                    case .string(let string): key = string
                    case .integer(let integer): key = String(integer)
                    default: continue
                    }
                    waiting.append((prefix + key, items[position + 1], depth + 1))
                }
            case .list(let container), .tuple(let container):
                for (position, value) in machine.containers[container].enumerated().reversed() {
                    waiting.append((prefix + String(position), value, depth + 1))
                }
            case .string(let string): metadata[name] = string
            case .integer(let integer): metadata[name] = String(integer)
            case .real(let real): metadata[name] = String(real)
            case .bool(let bool): metadata[name] = String(bool)
            case .none, .global, .persistent, .long: break
            }
            guard waiting.count <= PyTorchState.maximumVisits else {
                throw .unsupported(path: path, format: format, found: "containers that are too many or too deep")
            }
        }
        var names: Set<String> = []
        for entry in entries where !names.insert(entry.tensor.name).inserted {
            throw .invalidTensor(path: path, tensor: entry.tensor.name, problem: .duplicateName)
        }
        self.entries = entries
        self.metadata = metadata
    }

    /// Reads `('storage', type, key, device, elements)`; the device does not matter here.
    private static func storage(
        _ description: [PickleMachine.Value], path: String, format: String
    ) throws(CheckpointError) -> Storage {
        guard description.count >= 5, case .string("storage") = description[0],
            case .global(.storage(let type)) = description[1], case .string(let key) = description[2],
            case .integer(let count) = description[4], count >= 0,
            !count.multipliedReportingOverflow(by: type.size).overflow
        else { throw .malformed(path: path, format: format, problem: "the pickle describes a storage in no known way") }
        if description.count > 5, description[5] != .none {
            throw .unsupported(path: path, format: format, found: "a storage that is a part of another")
        }
        return Storage(key: key, type: type, count: count)
    }
}
