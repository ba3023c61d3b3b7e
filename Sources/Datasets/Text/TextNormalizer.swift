import Foundation

/// What BERT's uncased tokenizer does with single characters: which end words, which are words, which are left out, and
/// what is left of accents and upper case.
struct TextNormalizer: Sendable {
    enum Kind: UInt8, Sendable {
        case letter
        /// Ends a word.
        case space
        /// Is a word of its own.
        case single
        /// Leaves no trace.
        case removed
    }

    /// What a character becomes; most become one.
    private struct Entry: Sendable {
        var kind: Kind
        var scalars: [Unicode.Scalar]
    }

    /// Characters below are looked up, others are worked out each time.
    private static let tableEnd: UInt32 = 0x2100
    private let table: [Entry]

    init() {
        table = (0..<TextNormalizer.tableEnd).map { value in
            Unicode.Scalar(value).map(TextNormalizer.entry) ?? Entry(kind: .removed, scalars: [])
        }
    }

    static func kind(ofASCII byte: UInt8) -> Kind {
        switch byte {
        case 0x20, 0x09, 0x0A, 0x0D: .space
        case 0x00..<0x20, 0x7F: .removed
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: .letter
        default: .single
        }
    }

    /// Calls `body` for every character that a character becomes.
    @inline(__always)
    func normalize(_ scalar: Unicode.Scalar, _ body: (Kind, Unicode.Scalar) -> Void) {
        if TextNormalizer.isChinese(scalar) && !TextNormalizer.hasDecomposition(scalar) { return body(.single, scalar) }
        let entry =
            scalar.value < TextNormalizer.tableEnd ? table[Int(scalar.value)] : TextNormalizer.entry(scalar)
        if entry.kind == .letter {
            for scalar in entry.scalars { body(TextNormalizer.kind(ofNormalized: scalar), scalar) }
        } else if entry.kind == .single {
            // Its decomposition may have several parts, but the word around it is over.
            body(.space, scalar)
            for scalar in entry.scalars { body(TextNormalizer.kind(ofNormalized: scalar), scalar) }
            body(.space, scalar)
        } else {
            body(entry.kind, scalar)
        }
    }

    private static func entry(_ scalar: Unicode.Scalar) -> Entry {
        if isControl(scalar) { return Entry(kind: .removed, scalars: []) }
        if scalar.properties.isWhitespace { return Entry(kind: .space, scalars: []) }
        let scalars = String(Character(scalar)).decomposedStringWithCanonicalMapping.unicodeScalars
            .filter { $0.properties.generalCategory != .nonspacingMark }
            .flatMap { Array($0.properties.lowercaseMapping.unicodeScalars) }
        return Entry(kind: isChinese(scalar) ? .single : .letter, scalars: scalars)
    }

    /// Of a character behind the removal of accents and upper case.
    private static func kind(ofNormalized scalar: Unicode.Scalar) -> Kind {
        if scalar.isASCII { return kind(ofASCII: UInt8(scalar.value)) }
        if scalar.properties.isWhitespace { return .space }
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return .single
        default: return .letter
        }
    }

    /// What the tokenizer cleans away: the replacement of invalid bytes, and control and format characters, private ones
    /// among them.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value == 0xFFFD { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse, .surrogate:
            // Tabulators and line breaks are white space.
            return !(0x09...0x0D).contains(scalar.value) || scalar.value == 0x0B || scalar.value == 0x0C
        default: return false
        }
    }

    /// The blocks of ideographs that the tokenizer sets apart.
    private static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }

    /// Whether an ideograph is one of those that stand for another.
    private static func hasDecomposition(_ scalar: Unicode.Scalar) -> Bool {
        (0xF900...0xFAFF).contains(scalar.value) || (0x2F800...0x2FA1F).contains(scalar.value)
    }
}
