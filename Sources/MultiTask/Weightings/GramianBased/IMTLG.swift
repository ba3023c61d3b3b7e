/// Impartial multi-task learning for gradients (IMTL-G): the direction whose projections on all gradients are equal.
///
/// `w ∝ G⁺·d` with the norms d, scaled to `Σw = 1`. Where the sum is negative, that direction would climb for every task; its
/// opposite, with `Σw = -1`, has the same equal projections and descends. Where it is zero no such direction exists, and the
/// weights are zero. The formula is meaningful for linearly independent gradients; for others the pseudo-inverse gives
/// the nearest answer, which may conflict.
///
/// O(K³), independent of the number of parameters.
///
/// Source: Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021, section 3.1.
public struct IMTLG: GramianWeighting {
    public static let name = "imtl-g"
    public static let reduction = Reduction.mean

    public init() {}
    public init(_ parameters: inout MethodParameters) throws(WeightingError) {}

    public func weights(for gramian: SquareMatrix, in step: StepContext) -> [Double] {
        let solution = gramian.leastNormSolution(gramian.diagonal.map { max($0, 0).squareRoot() })
        let sum = solution.reduce(0, +)
        let size = solution.reduce(0) { $0 + abs($1) }
        if abs(sum) <= 1e-12 * size || sum == 0 { return Array(repeating: 0, count: gramian.size) }
        return solution.map { $0 / abs(sum) }
    }
}
