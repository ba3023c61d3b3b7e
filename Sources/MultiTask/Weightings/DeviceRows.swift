import Compute
import Tensors

/// Rows on a device, in Float32: what training works on.
public struct DeviceRows: GradientRows {
    /// `[rows, columns]`
    public let tensor: Tensor

    /// - Precondition: a matrix of at least one row and column.
    public init(_ tensor: Tensor) {
        precondition(tensor.shape.rank == 2 && tensor.count > 0, "rows of shape \(tensor.shape)")
        self.tensor = tensor
    }

    public var rowCount: Int { tensor.shape[0] }
    public var columnCount: Int { tensor.shape[1] }

    public func zeros(rows: Int) throws -> DeviceRows {
        DeviceRows(try Tensor.filled(with: 0, [rows, columnCount], on: tensor.device))
    }

    public func selecting(_ rows: [Int]) throws -> DeviceRows {
        if rows == Array(0..<rowCount) { return self }
        return DeviceRows(try Tensor.concatenate(try rows.map { try tensor.sliced(axis: 0, $0..<$0 + 1) }, axis: 0))
    }

    public func replacing(_ positions: [Int], with rows: DeviceRows) throws -> DeviceRows {
        if positions == Array(0..<rowCount) { return rows }
        let parts = try (0..<rowCount).map { position in
            try positions.firstIndex(of: position).map { try rows.tensor.sliced(axis: 0, $0..<$0 + 1) }
                ?? tensor.sliced(axis: 0, position..<position + 1)
        }
        return DeviceRows(try Tensor.concatenate(parts, axis: 0))
    }

    public func scaled(by factors: [Double]) throws -> DeviceRows {
        DeviceRows(try tensor * (try Tensor(factors.map(Float.init), shape: [rowCount, 1], on: tensor.device)))
    }

    public func combined(with weights: [Double]) throws -> DeviceRows {
        let factors = try Tensor(weights.map(Float.init), shape: [rowCount], on: tensor.device)
        let result = try Tensor(uninitialized: [1, columnCount], on: tensor.device)
        try tensor.device.encode(
            .weightedRowSum(WeightedRowSum(rows: rowCount, columns: columnCount, stride: columnCount)),
            [tensor.storage, factors.storage, result.storage])
        return DeviceRows(result)
    }

    public static func + (left: DeviceRows, right: DeviceRows) throws -> DeviceRows {
        DeviceRows(try left.tensor + right.tensor)
    }
    public static func - (left: DeviceRows, right: DeviceRows) throws -> DeviceRows {
        DeviceRows(try left.tensor - right.tensor)
    }
    public static func * (left: DeviceRows, right: DeviceRows) throws -> DeviceRows {
        DeviceRows(try left.tensor * right.tensor)
    }
    public static func / (left: DeviceRows, right: DeviceRows) throws -> DeviceRows {
        DeviceRows(try left.tensor / right.tensor)
    }
    public func maximum(_ other: DeviceRows) throws -> DeviceRows { DeviceRows(try tensor.maximum(other.tensor)) }
    public func minimum(_ other: DeviceRows) throws -> DeviceRows { DeviceRows(try tensor.minimum(other.tensor)) }
    public func greater(than other: DeviceRows) throws -> DeviceRows {
        DeviceRows(try tensor.greater(than: other.tensor))
    }

    public func absolute() throws -> DeviceRows { DeviceRows(try tensor.absolute()) }
    public func squared() throws -> DeviceRows { DeviceRows(try tensor.squared()) }
    public func squareRoot() throws -> DeviceRows { DeviceRows(try tensor.squareRoot()) }
    public func affine(scale: Double, shift: Double) throws -> DeviceRows {
        DeviceRows(try tensor.affine(scale: Float(scale), shift: Float(shift)))
    }

    public func sums() throws -> [Double] { try tensor.sum(axes: [1]).floats().map(Double.init) }

    public func gramian() throws -> SquareMatrix { SquareMatrix(size: rowCount, values: try tensor.gramian()) }

    public func products(with other: DeviceRows) throws -> SquareMatrix {
        // One corner of the Gramian of both, which is summed in tiles.
        let both = try DeviceRows(Tensor.concatenate([tensor, other.tensor], axis: 0)).gramian()
        var result = SquareMatrix(size: rowCount)
        for row in 0..<rowCount {
            for column in 0..<rowCount { result[row, column] = both[row, rowCount + column] }
        }
        return result
    }

    public func uniform(at position: RandomPosition) throws -> DeviceRows {
        DeviceRows(try Tensor.uniform([1, columnCount], random: position, on: tensor.device))
    }
}
