/// A bar that fills from the left, in steps of half a character.
enum ProgressBar {
    static func text(share: Double, width: Int) -> String {
        let halves = Int((min(max(share, 0), 1) * Double(2 * width)).rounded())
        let bar = String(repeating: "━", count: halves / 2) + (halves.isMultiple(of: 2) ? "" : "╸")
        return bar + String(repeating: " ", count: width - bar.count)
    }
}
