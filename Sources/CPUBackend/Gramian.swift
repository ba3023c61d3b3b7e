import CPUKernels
import Compute

extension CPUDevice {
    func run(_ gramian: Gramian, _ arguments: inout Arguments) {
        let (rows, columns, stride) = (gramian.rows, gramian.columns, gramian.stride)
        let matrix = arguments.floats(rows == 0 ? 0 : (rows - 1) * stride + columns)
        let products = arguments.floats(gramian.tiles * rows * rows)
        workers.run(parts: gramian.tiles) { tile, _ in
            let first = tile * Gramian.tileColumns
            concord_gramian_tile(
                matrix + first, rows, min(Gramian.tileColumns, columns - first), stride, products + tile * rows * rows)
        }
    }
}
