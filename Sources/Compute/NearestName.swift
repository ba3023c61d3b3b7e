extension String {
    /// The name that was probably meant: the nearest by edit distance, if it is near enough.
    package func nearest(among names: [String]) -> String? {
        let candidates = names.map { (name: $0, distance: lowercased().editDistance(to: $0.lowercased())) }
        guard let best = candidates.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= Swift.max(2, count / 3) ? best.name : nil
    }

    /// Insertions, deletions and substitutions from one string to the other (Levenshtein).
    private func editDistance(to other: String) -> Int {
        let (source, target) = (Array(self), Array(other))
        var row = Array(0...target.count)
        for (i, character) in source.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, candidate) in target.enumerated() {
                let substituted = diagonal + (character == candidate ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = Swift.min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[target.count]
    }
}
