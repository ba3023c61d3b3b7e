import Foundation

/// The words and word pieces of a tokenizer, and the longest one at a place of a text.
///
/// Pieces lie in two tries over bytes, one for beginnings of words and one for what `##` marks as their continuation. All
/// edges are in one open hash table, so a look-up costs one probe a byte, as long as a piece may still become longer.
public struct WordPieceVocabulary: Sendable {
    /// What stands before pieces that continue a word.
    public static let continuation = "##"

    /// By number.
    public let tokens: [String]
    /// (node, byte) + 1 to node; 0 is a free place. The capacity is a power of two.
    private var keys: [UInt64]
    private var children: [Int32]
    private var used = 0
    /// By node: the number of the token that ends there, or -1.
    private var ends: [Int32] = [-1, -1]

    /// - Parameter tokens: in the order of their numbers; of equal ones the last counts, as in Hugging Face's reader.
    public init(_ tokens: [String]) {
        self.tokens = tokens
        let capacity = 1 << 16
        keys = Array(repeating: 0, count: capacity)
        children = Array(repeating: 0, count: capacity)
        for (number, token) in tokens.enumerated() {
            // Byte by byte: a sign behind the mark may form one character with it.
            let continues = token.utf8.starts(with: WordPieceVocabulary.continuation.utf8)
            insert(Array(token.utf8.dropFirst(continues ? 2 : 0)), root: continues ? 1 : 0, Int32(number))
            // `##` itself may begin a word, too.
            if continues { insert(Array(token.utf8), root: 0, Int32(number)) }
        }
    }

    /// Reads a `vocab.txt`: one token a line, numbered from 0.
    public init(path: String) throws(DatasetError) {
        let stream = try ByteStream(path: path)
        var bytes: [UInt8] = []
        while true {
            let more = try stream.read(atMost: 1 << 18)
            if more.isEmpty { break }
            bytes += more
        }
        guard !bytes.isEmpty else { throw .invalidFile(path: path, problem: .empty) }
        var tokens: [String] = []
        for (line, token) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let token = token.last == 0x0D ? token.dropLast() : token
            guard let text = String(validating: token, as: UTF8.self) else {
                throw .invalidFile(path: path, problem: .notUTF8(line: line + 1, field: 1))
            }
            tokens.append(text)
        }
        if tokens.last == "" { tokens.removeLast() }
        self.init(tokens)
    }

    /// The number of a token.
    public func number(of token: String) -> Int32? {
        var node: Int32 = 0
        for byte in token.utf8 {
            guard let next = child(of: node, byte) else { return nil }
            node = next
        }
        return ends[Int(node)] >= 0 ? ends[Int(node)] : nil
    }

    /// The longest piece that a range of bytes begins with.
    ///
    /// - Parameter continues: whether it is inside of a word.
    @inline(__always)
    func longestPiece(
        of word: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int, continues: Bool
    ) -> (number: Int32, end: Int)? {
        var node: Int32 = continues ? 1 : 0
        var found: (number: Int32, end: Int)?
        var position = start
        while position < end, let next = child(of: node, word[position]) {
            node = next
            position += 1
            if ends[Int(node)] >= 0 { found = (ends[Int(node)], position) }
        }
        return found
    }

    private static func place(_ key: UInt64, mask: Int) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    }

    @inline(__always)
    private func child(of node: Int32, _ byte: UInt8) -> Int32? {
        let key = (UInt64(UInt32(bitPattern: node)) << 8 | UInt64(byte)) &+ 1
        let mask = keys.count - 1
        var place = WordPieceVocabulary.place(key, mask: mask)
        while keys[place] != 0 {
            if keys[place] == key { return children[place] }
            place = (place + 1) & mask
        }
        return nil
    }

    private mutating func insert(_ bytes: [UInt8], root: Int32, _ number: Int32) {
        guard !bytes.isEmpty else { return }
        var node = root
        for byte in bytes {
            if let next = child(of: node, byte) {
                node = next
                continue
            }
            if 2 * used >= keys.count { grow() }
            let next = Int32(ends.count)
            ends.append(-1)
            add((UInt64(UInt32(bitPattern: node)) << 8 | UInt64(byte)) &+ 1, next)
            node = next
        }
        ends[Int(node)] = number
    }

    private mutating func add(_ key: UInt64, _ child: Int32) {
        let mask = keys.count - 1
        var place = WordPieceVocabulary.place(key, mask: mask)
        while keys[place] != 0 { place = (place + 1) & mask }
        keys[place] = key
        children[place] = child
        used += 1
    }

    private mutating func grow() {
        let old = zip(keys, children).filter { $0.0 != 0 }
        keys = Array(repeating: 0, count: 2 * keys.count)
        children = Array(repeating: 0, count: keys.count)
        used = 0
        for (key, child) in old { add(key, child) }
    }
}
