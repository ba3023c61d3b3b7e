import Compute

/// The gradients of several tasks as the rows of a matrix, with the operations that Jacobian-based methods consist of.
///
/// ``HostRows`` holds them in Float64, ``DeviceRows`` on a device in Float32.
public protocol GradientRows {
    var rowCount: Int { get }
    var columnCount: Int { get }

    /// Zeros with the same number of columns, in the same place.
    func zeros(rows: Int) throws -> Self
    /// Some of the rows, in the order given.
    func selecting(_ rows: [Int]) throws -> Self
    /// The same rows, except those at `positions`, which are `rows`.
    func replacing(_ positions: [Int], with rows: Self) throws -> Self

    /// Every row multiplied by its factor.
    func scaled(by factors: [Double]) throws -> Self
    /// The weighted sum of the rows, one row.
    func combined(with weights: [Double]) throws -> Self

    // Elementwise, for equal numbers of rows or a single row on the right, which then meets every row.
    static func + (left: Self, right: Self) throws -> Self
    static func - (left: Self, right: Self) throws -> Self
    static func * (left: Self, right: Self) throws -> Self
    static func / (left: Self, right: Self) throws -> Self
    func maximum(_ other: Self) throws -> Self
    func minimum(_ other: Self) throws -> Self
    /// 1 where the element is greater, else 0.
    func greater(than other: Self) throws -> Self

    func absolute() throws -> Self
    func squared() throws -> Self
    func squareRoot() throws -> Self
    /// `scale·x + shift`
    func affine(scale: Double, shift: Double) throws -> Self

    /// The sum of every row.
    func sums() throws -> [Double]
    /// The inner products of all pairs of rows.
    func gramian() throws -> SquareMatrix
    /// The inner products of every row with every row of another matrix of as many rows, not symmetric.
    func products(with other: Self) throws -> SquareMatrix

    /// One row of uniform random numbers in [0, 1), the same in every place.
    func uniform(at position: RandomPosition) throws -> Self
}
