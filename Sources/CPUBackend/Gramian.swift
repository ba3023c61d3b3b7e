import CPUKernels
import Compute

extension CPUDevice {
    func run(_ gramian: Gramian, _ arguments: inout Arguments) {
        let (rows, columns, stride) = (gramian.rows, gramian.columns, gramian.stride)
        let span = rows == 0 ? 0 : (rows - 1) * stride + columns
        let (left, right) = (arguments.floats(span), arguments.floats(span))
        let products = arguments.floats(gramian.tiles * rows * rows)
        workers.run(parts: gramian.tiles) { tile, _ in
            let first = tile * Gramian.tileColumns
            concord_gramian_tile(
                left + first, right + first, rows, min(Gramian.tileColumns, columns - first), stride,
                products + tile * rows * rows)
        }
    }
}
