import Compute

extension Reference {
    static func gramian(_ gramian: Gramian, left: [Float], right: [Float]) -> [Estimate] {
        var partialSums: [Estimate] = []
        for tile in 0..<gramian.tiles {
            let columns = tile * Gramian.tileColumns..<min((tile + 1) * Gramian.tileColumns, gramian.columns)
            for row in 0..<gramian.rows {
                for other in 0..<gramian.rows {
                    var sum = Sum()
                    for column in columns {
                        sum.add(
                            left[max(row, other) * gramian.stride + column],
                            times: right[min(row, other) * gramian.stride + column])
                    }
                    partialSums.append(sum.total(.sequence))
                }
            }
        }
        return partialSums
    }
}
