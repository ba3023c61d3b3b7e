extension TuningParameters {
    /// The parameters in words: `chunk 4096`, `tiles 7×64 8×48`.
    package var summary: String {
        let numbers: [(String, Int?)] = [
            ("workGroupSize", workGroupSize), ("chunk", chunk), ("reductionPiece", reductionPiece),
            ("workItemsPerUnit", workItemsPerUnit), ("cacheBytes", cacheBytes),
        ]
        var parts = numbers.compactMap { name, value in value.map { "\(name) \($0)" } }
        if let tiles { parts.append("tiles " + tiles.map { "\($0.rows)×\($0.width)" }.joined(separator: " ")) }
        if let groupTiles {
            let names = groupTiles.map { "\($0.rows)×\($0.columns)×\($0.depth)/\($0.itemRows)×\($0.itemColumns)" }
            parts.append("groupTiles " + (names.isEmpty ? "none" : names.joined(separator: " ")))
        }
        return parts.isEmpty ? "as shipped" : parts.joined(separator: ", ")
    }
}
