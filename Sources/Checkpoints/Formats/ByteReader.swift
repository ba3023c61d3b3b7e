/// Little-endian numbers at places of a block of bytes; nil beyond its end.
struct ByteReader {
    let bytes: UnsafeRawBufferPointer

    func integer<Integer: FixedWidthInteger & BitwiseCopyable>(_ type: Integer.Type, at position: Int) -> Integer? {
        guard position >= 0, position <= bytes.count - MemoryLayout<Integer>.size else { return nil }
        return bytes.loadUnaligned(fromByteOffset: position, as: type)
    }

    /// An unsigned number of 16, 32 or 64 bits as `Int`; nil where it is too large for that, too.
    func count<Integer: FixedWidthInteger & BitwiseCopyable>(_ type: Integer.Type, at position: Int) -> Int? {
        integer(type, at: position).flatMap { Int(exactly: $0) }
    }
}
