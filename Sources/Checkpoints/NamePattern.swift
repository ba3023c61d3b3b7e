/// A pattern for names of tensors: `*` stands for one part between dots, `**` for any text, even none.
package struct NamePattern: Hashable, Sendable {
    private enum Piece: Hashable, Sendable {
        case text([UInt8])
        case part
        case anything
    }

    private let pieces: [Piece]

    package init(_ pattern: String) {
        var pieces: [Piece] = []
        var text: [UInt8] = []
        var rest = Array(pattern.utf8)[...]
        let star = UInt8(ascii: "*")
        while let byte = rest.popFirst() {
            guard byte == star else {
                text.append(byte)
                continue
            }
            if !text.isEmpty { pieces.append(.text(text)) }
            text = []
            if rest.first == star {
                rest.removeFirst()
                pieces.append(.anything)
            } else {
                pieces.append(.part)
            }
        }
        if !text.isEmpty { pieces.append(.text(text)) }
        self.pieces = pieces
    }

    var wildcards: Int { pieces.count { if case .text = $0 { false } else { true } } }

    /// The texts that the wildcards stand for in a name, or nil where it does not fit.
    package func matches(_ name: String) -> [String]? {
        guard let texts = match(pieces[...], Array(name.utf8)[...]) else { return nil }
        return texts.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The name with texts in place of the wildcards.
    func filled(with texts: [String]) -> String {
        var texts = texts[...]
        return pieces.map { piece in
            if case .text(let text) = piece { String(decoding: text, as: UTF8.self) } else { texts.popFirst() ?? "" }
        }.joined()
    }

    private func match(_ pieces: ArraySlice<Piece>, _ name: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
        guard let piece = pieces.first else { return name.isEmpty ? [] : nil }
        let others = pieces.dropFirst()
        switch piece {
        case .text(let text):
            return name.starts(with: text) ? match(others, name.dropFirst(text.count)) : nil
        case .part, .anything:
            let isPart = piece == .part
            let longest = isPart ? name.prefix { $0 != UInt8(ascii: ".") }.count : name.count
            guard longest >= (isPart ? 1 : 0) else { return nil }
            // The last wildcard of a pattern takes all that is left.
            for length in stride(from: longest, through: isPart ? 1 : 0, by: -1) {
                if let rest = match(others, name.dropFirst(length)) { return [name.prefix(length)] + rest }
            }
            return nil
        }
    }
}
