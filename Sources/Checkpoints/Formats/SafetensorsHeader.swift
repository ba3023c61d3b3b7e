/// The JSON header of a safetensors file.
///
/// Read by a parser of its own: a general one would let names that occur twice and numbers that lost digits pass.
struct SafetensorsHeader {
    /// A tensor and where its elements lie, counted from the beginning of the data.
    struct PlacedTensor {
        let tensor: TensorDescription
        let bytes: Range<Int>
    }

    /// A tensor as the header describes it, unchecked.
    private struct Entry {
        var name: String
        var type: String
        var shape: [Int]
        var begin: Int
        var end: Int
    }

    private(set) var metadata: [String: String] = [:]
    private var entries: [Entry] = []

    init(parsing bytes: [UInt8], path: String) throws(CheckpointError) {
        var parser = JSONParser(bytes: bytes, path: path)
        var names: Set<String> = []
        try parser.parseObject { (name, parser) throws(CheckpointError) in
            guard names.insert(name).inserted else {
                throw .invalidTensor(path: path, tensor: name, problem: .duplicateName)
            }
            if name == SafetensorsHeader.metadataName {
                metadata = try SafetensorsHeader.parseMetadata(&parser)
            } else {
                entries.append(try SafetensorsHeader.parseEntry(named: name, &parser))
            }
        }
        try parser.parseEnd()
    }

    /// The name under which the header holds the metadata.
    static let metadataName = "__metadata__"

    private static func parseMetadata(_ parser: inout JSONParser) throws(CheckpointError) -> [String: String] {
        var metadata: [String: String] = [:]
        try parser.parseObject { (key, parser) throws(CheckpointError) in
            guard metadata[key] == nil else { throw parser.failure(expected: "another key than \"\(key)\" again") }
            metadata[key] = try parser.parseString()
        }
        return metadata
    }

    private static func parseEntry(named name: String, _ parser: inout JSONParser) throws(CheckpointError) -> Entry {
        var type: String?
        var shape: [Int]?
        var offsets: [Int]?
        try parser.parseObject { (key, parser) throws(CheckpointError) in
            switch key {
            case "dtype" where type == nil: type = try parser.parseString()
            case "shape" where shape == nil: shape = try parser.parseIntegers()
            case "data_offsets" where offsets == nil: offsets = try parser.parseIntegers()
            default:
                throw parser.failure(
                    expected: "\"dtype\", \"shape\" and \"data_offsets\" once each for tensor \"\(name)\", not \"\(key)\"")
            }
        }
        guard let type, let shape, let offsets else {
            throw parser.failure(expected: "\"dtype\", \"shape\" and \"data_offsets\" for tensor \"\(name)\"")
        }
        guard offsets.count == 2 else {
            throw parser.failure(expected: "two \"data_offsets\" for tensor \"\(name)\", found \(offsets.count)")
        }
        return Entry(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1])
    }

    /// The tensors in the order of their data, which they fill without gap or overlap.
    func validatedTensors(dataCount: Int, path: String) throws(CheckpointError) -> [PlacedTensor] {
        var tensors: [PlacedTensor] = []
        for entry in entries { tensors.append(try SafetensorsHeader.validated(entry, dataCount: dataCount, path: path)) }
        // Empty tensors may share their place with the one that follows.
        tensors.sort { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }

        var end = 0
        for (position, tensor) in tensors.enumerated() {
            if tensor.bytes.lowerBound < end {
                throw .invalidTensor(
                    path: path, tensor: tensor.tensor.name,
                    problem: .overlap(other: tensors[position - 1].tensor.name))
            }
            if tensor.bytes.lowerBound > end {
                throw .invalidFile(path: path, problem: .unusedBytes(end..<tensor.bytes.lowerBound))
            }
            end = tensor.bytes.upperBound
        }
        guard end == dataCount else { throw .invalidFile(path: path, problem: .unusedBytes(end..<dataCount)) }
        return tensors
    }

    private static func validated(
        _ entry: Entry, dataCount: Int, path: String
    ) throws(CheckpointError) -> PlacedTensor {
        func invalid(_ problem: CheckpointError.TensorProblem) -> CheckpointError {
            .invalidTensor(path: path, tensor: entry.name, problem: problem)
        }
        guard let type = DataType(rawValue: entry.type) else { throw invalid(.unknownType(entry.type)) }
        guard entry.begin <= entry.end, entry.end <= dataCount else {
            throw invalid(.offsetsOutOfRange(begin: entry.begin, end: entry.end, available: dataCount))
        }
        var byteCount = type.size
        for extent in entry.shape {
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: extent)
            guard !overflow else { throw invalid(.tooManyElements(shape: entry.shape)) }
            byteCount = product
        }
        guard entry.end - entry.begin == byteCount else {
            throw invalid(
                .wrongByteCount(
                    found: entry.end - entry.begin, expected: byteCount, type: entry.type, shape: entry.shape))
        }
        return PlacedTensor(
            tensor: TensorDescription(name: entry.name, type: type, shape: entry.shape), bytes: entry.begin..<entry.end)
    }
}
