import Yams

extension Node {
    /// Keys and values in the order given.
    static func keys(_ pairs: [(String, Node)]) -> Node { Node(pairs.map { (Node($0.0), $0.1) }, .implicit, .block) }

    /// A list in one line.
    static func row(_ elements: [Node]) -> Node { Node(elements, .implicit, .flow) }

    static func text(_ text: String) -> Node {
        // A text that reads like a number or a truth value must be quoted to stay a text.
        Node(text, Tag(.str), Node(text).reads(as: .str) ? .any : .doubleQuoted)
    }

    static func number(_ value: some BinaryInteger) -> Node { Node(String(value), Tag(.int)) }
    /// Swift's shortest form that reads back as the same number.
    static func number(_ value: some BinaryFloatingPoint & LosslessStringConvertible) -> Node {
        Node(value.description, Tag(.float))
    }
    static func boolean(_ value: Bool) -> Node { Node(value ? "true" : "false", Tag(.bool)) }
}
