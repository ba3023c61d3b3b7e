import CZlib

extension NumPyArchive {
    /// Writes tensors to a file that `numpy.load` reads, without compression; it takes the place of an older one in a single
    /// step (see ``AtomicFile``).
    ///
    /// The same tensors give the same bytes.
    ///
    /// - Throws: ``CheckpointError/unsupported(path:format:found:)`` where the file would have 4 GiB, or 65,535 arrays, or more.
    public static func write(_ tensors: [NamedTensor], to path: String) throws(CheckpointError) {
        var names: Set<String> = []
        for tensor in tensors where !names.insert(tensor.name).inserted {
            throw .invalidTensor(path: path, tensor: tensor.name, problem: .duplicateName)
        }
        try AtomicFile.write(to: path) { (file) throws(CheckpointError) in
            var directory: [UInt8] = []
            var position = 0
            for tensor in tensors {
                let header = NumPyHeader.encoded(tensor)
                let entry = Entry(
                    name: Array((tensor.name + fileExtension).utf8), size: header.count + tensor.elements.byteCount,
                    checksum: tensor.elements.checksum(after: header), position: position)
                guard tensors.count < Int(UInt16.max), entry.name.count <= Int(UInt16.max),
                    position + entry.length + directory.count < Int(UInt32.max) - 1 << 20
                else {
                    throw .unsupported(path: path, format: format, found: "4 GiB, or 65,535 arrays, or more")
                }
                try file.append(entry.header)
                try file.append(header)
                switch tensor.elements {
                case .float32(let values): try file.append(values)
                case .int32(let values): try file.append(values)
                case .int64(let values): try file.append(values)
                }
                directory += entry.directoryRecord
                position += entry.length
            }
            try file.append(directory)
            try file.append(
                littleEndian(UInt32(0x0605_4B50)) + littleEndian(UInt32(0)) + littleEndian(UInt16(tensors.count))
                    + littleEndian(UInt16(tensors.count)) + littleEndian(UInt32(directory.count))
                    + littleEndian(UInt32(position)) + littleEndian(UInt16(0)))
        }
    }

    /// A stored entry of the zip file.
    private struct Entry {
        let name: [UInt8]
        let size: Int
        let checksum: UInt32
        /// Bytes in front of it.
        let position: Int

        var length: Int { header.count + size }

        /// What local header and directory have in common: version, flags (UTF-8), method, 1980-01-01, checksum, sizes,
        /// length of the name.
        private var common: [UInt8] {
            littleEndian(UInt16(20)) + littleEndian(UInt16(0x0800)) + littleEndian(UInt16(0)) + littleEndian(UInt16(0))
                + littleEndian(UInt16(0x21)) + littleEndian(checksum) + littleEndian(UInt32(size))
                + littleEndian(UInt32(size)) + littleEndian(UInt16(name.count)) + littleEndian(UInt16(0))
        }

        var header: [UInt8] { ZipArchive.signature + common + name }

        var directoryRecord: [UInt8] {
            littleEndian(UInt32(0x0201_4B50)) + littleEndian(UInt16(20)) + common
                + [UInt8](repeating: 0, count: 10) + littleEndian(UInt32(position)) + name
        }
    }
}

private func littleEndian<Integer: FixedWidthInteger>(_ integer: Integer) -> [UInt8] {
    withUnsafeBytes(of: integer.littleEndian) { Array($0) }
}

extension NumPyHeader {
    /// Version 1.0, padded with spaces to a multiple of 64 bytes.
    fileprivate static func encoded(_ tensor: NamedTensor) -> [UInt8] {
        let type =
            switch tensor.elements {
            case .float32: "<f4"
            case .int32: "<i4"
            case .int64: "<i8"
            }
        let extents = tensor.shape.map(String.init).joined(separator: ", ") + (tensor.shape.count == 1 ? "," : "")
        var text = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extents)), }".utf8)
        text += [UInt8](repeating: UInt8(ascii: " "), count: -(signature.count + 4 + text.count + 1) & 63)
        text.append(UInt8(ascii: "\n"))
        return signature + [1, 0] + littleEndian(UInt16(text.count)) + text
    }
}

extension NamedTensor.Elements {
    fileprivate var byteCount: Int { count * type.size }

    /// CRC-32 of a header and the elements behind it.
    fileprivate func checksum(after header: [UInt8]) -> UInt32 {
        func add(_ bytes: UnsafeRawBufferPointer, to checksum: uLong) -> uLong {
            crc32_z(checksum, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
        }
        let start = header.withUnsafeBytes { add($0, to: 0) }
        // Without bytes zlib would begin anew.
        guard count > 0 else { return UInt32(truncatingIfNeeded: start) }
        let result =
            switch self {
            case .float32(let values): values.withUnsafeBytes { add($0, to: start) }
            case .int32(let values): values.withUnsafeBytes { add($0, to: start) }
            case .int64(let values): values.withUnsafeBytes { add($0, to: start) }
            }
        return UInt32(truncatingIfNeeded: result)
    }
}
