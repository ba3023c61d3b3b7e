import Compute

extension Reference {
    static func gramian(_ gramian: Gramian, matrix: [Float]) -> [Estimate] {
        var partialSums: [Estimate] = []
        for tile in 0..<gramian.tiles {
            let columns = tile * Gramian.tileColumns..<min((tile + 1) * Gramian.tileColumns, gramian.columns)
            for left in 0..<gramian.rows {
                for right in 0..<gramian.rows {
                    var sum = Sum()
                    for column in columns {
                        sum.add(
                            matrix[left * gramian.stride + column], times: matrix[right * gramian.stride + column])
                    }
                    partialSums.append(sum.total(.sequence))
                }
            }
        }
        return partialSums
    }
}
