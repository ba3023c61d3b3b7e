import Testing

/// Expects values to agree up to a share of the largest expected one.
func expectClose(
    _ found: [Float], _ expected: [Float], relative: Float, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found.count == expected.count, "\(what)", sourceLocation: sourceLocation)
    let scale = expected.reduce(0) { max($0, abs($1)) }
    let worst = zip(found, expected).map { $0 == $1 ? 0 : abs($0 - $1) / scale }.reduce(0) { $1 <= $0 ? $0 : $1 }
    #expect(worst <= relative, "\(what): off by \(worst) of the largest value", sourceLocation: sourceLocation)
}
