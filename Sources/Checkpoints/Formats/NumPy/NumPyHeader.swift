/// What stands in front of an array of NumPy.
///
/// Source: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>, versions 1.0 to 3.0.
struct NumPyHeader: Hashable, Sendable {
    static let format = "NumPy"
    static let signature: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
    /// Longer headers are refused, as by NumPy.
    static let maximumLength = 10_000

    let type: DataType
    let shape: [Int]
    let isFortranOrder: Bool
    /// Bytes in front of the elements.
    let length: Int
    /// Bytes of the elements.
    let byteCount: Int

    /// - Parameters:
    ///   - start: the beginning of the array's bytes, at least ``maximumLength`` where there are as many.
    ///   - subject: what the bytes belong to, for errors.
    init(parsing start: [UInt8], of subject: String, path: String) throws(CheckpointError) {
        func malformed(_ problem: String) -> CheckpointError {
            .malformed(path: path, format: NumPyHeader.format, problem: "\(subject) \(problem)")
        }
        guard start.count >= 10, start.starts(with: NumPyHeader.signature) else {
            throw malformed("does not begin as arrays do")
        }
        let isShort = start[6] == 1
        guard (1...3).contains(start[6]), isShort || start.count >= 12 else {
            throw malformed("is of version \(start[6])")
        }
        let textLength = start[8..<(isShort ? 10 : 12)].reversed().reduce(0) { $0 << 8 | Int($1) }
        length = (isShort ? 10 : 12) + textLength
        guard length <= start.count, length <= NumPyHeader.maximumLength else {
            throw malformed("has a header of \(textLength) bytes")
        }
        var parser = DictionaryParser(text: start[(length - textLength)..<length])
        guard let fields = parser.parse() else {
            throw malformed("has a header without \"descr\", \"fortran_order\" and \"shape\"")
        }
        guard let type = NumPyHeader.types[fields.description] else {
            throw .unsupported(
                path: path, format: NumPyHeader.format, found: "elements \(fields.description) in \(subject)")
        }
        guard let byteCount = type.byteCount(of: fields.shape) else {
            throw malformed("has shape \(fields.shape), which is more than any memory holds")
        }
        self.type = type
        self.byteCount = byteCount
        shape = fields.shape
        isFortranOrder = fields.isFortranOrder
    }

    /// Where the elements lie in a block of them.
    var elements: StridedElements? {
        var strides = [Int](repeating: 1, count: shape.count)
        if shape.count > 1 {
            if isFortranOrder {
                for axis in 1..<shape.count { strides[axis] = strides[axis - 1] &* shape[axis - 1] }
            } else {
                for axis in (0..<shape.count - 1).reversed() { strides[axis] = strides[axis + 1] &* shape[axis + 1] }
            }
        }
        // Of an empty array no stride matters, and the products may overflow.
        if shape.contains(0) { strides = strides.map { _ in 0 } }
        return StridedElements(
            shape: shape, strides: strides, offset: 0, elementSize: type.size, available: byteCount / type.size)
    }

    private static let types: [String: DataType] = [
        "|b1": .bool, "|u1": .uint8, "|i1": .int8, "<u2": .uint16, "<i2": .int16, "<u4": .uint32, "<i4": .int32,
        "<u8": .uint64, "<i8": .int64, "<f2": .float16, "<f4": .float32, "<f8": .float64,
    ]
}

/// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, the one form of a header.
private struct DictionaryParser {
    var text: ArraySlice<UInt8>

    mutating func parse() -> (description: String, isFortranOrder: Bool, shape: [Int])? {
        var description: String?
        var isFortranOrder: Bool?
        var shape: [Int]?
        guard take("{") else { return nil }
        while !take("}") {
            guard let key = string(), take(":") else { return nil }
            switch key {
            case "descr" where description == nil:
                // A structure stands in brackets; its text is enough to refuse it.
                description = string() ?? "of several parts"
                if description == "of several parts" { return (description ?? "", false, []) }
            case "fortran_order" where isFortranOrder == nil: isFortranOrder = take("True") ? true : take("False") ? false : nil
            case "shape" where shape == nil: shape = tuple()
            default: return nil
            }
            if !take(",") {
                guard take("}") else { return nil }
                break
            }
        }
        skipSpaces()
        guard let description, let isFortranOrder, let shape, text.isEmpty else { return nil }
        return (description, isFortranOrder, shape)
    }

    private mutating func tuple() -> [Int]? {
        var integers: [Int] = []
        guard take("(") else { return nil }
        while !take(")") {
            skipSpaces()
            let digits = text.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard let integer = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
            integers.append(integer)
            text = text.dropFirst(digits.count)
            // Python 2 wrote an L behind long integers.
            _ = take("L")
            if !take(",") {
                guard take(")") else { return nil }
                break
            }
        }
        return integers
    }

    private mutating func string() -> String? {
        guard take("'") else { return nil }
        let content = text.prefix { $0 != UInt8(ascii: "'") }
        text = text.dropFirst(content.count)
        return take("'") ? String(decoding: content, as: UTF8.self) : nil
    }

    private mutating func take(_ token: String) -> Bool {
        skipSpaces()
        guard text.starts(with: token.utf8) else { return false }
        text = text.dropFirst(token.utf8.count)
        return true
    }

    private mutating func skipSpaces() {
        text = text.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
    }
}
