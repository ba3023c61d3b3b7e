/// Elements that a protocol buffer holds as a list of numbers, as bytes.
enum PackedElements {
    /// The low bytes of integers.
    static func bytes<Integer: FixedWidthInteger>(of integers: [Integer], type: DataType) -> [UInt8] {
        switch type.size {
        case 1: stored(integers) { UInt8(truncatingIfNeeded: $0) }
        case 2: stored(integers) { UInt16(truncatingIfNeeded: $0) }
        case 4: stored(integers) { UInt32(truncatingIfNeeded: $0) }
        default: stored(integers) { UInt64(truncatingIfNeeded: $0) }
        }
    }

    /// The memory of elements that are what they are to be.
    static func bytes<Element: BitwiseCopyable>(of elements: [Element]) -> [UInt8] {
        elements.withUnsafeBytes { Array($0) }
    }

    private static func stored<Integer: FixedWidthInteger, Stored: BitwiseCopyable>(
        _ integers: [Integer], _ convert: (Integer) -> Stored
    ) -> [UInt8] {
        bytes(of: integers.map(convert))
    }
}
