import CPUKernels
import Compute

extension CPUDevice {
    func run(_ product: MaskedGEMM, _ arguments: inout Arguments) throws(ComputeError) {
        let (tasks, rows, columns, inner) = (product.tasks, product.rows, product.columns, product.inner)
        let a = arguments.floats(tasks * rows * inner)
        let b = arguments.floats(columns * inner)
        let c = arguments.floats(tasks * rows * columns)
        let mask = arguments.floats(rows * inner)

        let width = Int(CONCORD_TILE_CHANNELS)
        let panelCount = (columns + width - 1) / width
        let panels = try scratch(count: panelCount * inner * width)
        workers.rows(panelCount, columns: inner * width) { part in
            for panel in part {
                let first = panel * width
                concord_conv_pack(
                    b + first * inner, 0, 1, inner, 1, inner, min(width, columns - first),
                    panels.floats + first * inner)
            }
        }
        let places = try scratch(count: rows * (inner + 1))
        let counts = places.integers + rows * inner
        workers.rows(rows, columns: inner) { part in
            for row in part {
                counts[row] = Int32(concord_nonzero_places(mask + row * inner, inner, places.integers + row * inner))
            }
        }

        // A block of columns stays in the second-level cache for all rows.
        let blockColumns = Int(CONCORD_MASKED_PANELS) * width
        let blocks = (columns + blockColumns - 1) / blockColumns
        let rowParts = (rows + CPUDevice.maskedRows - 1) / CPUDevice.maskedRows
        workers.run(parts: blocks * rowParts) { part, _ in
            let (block, rowPart) = part.quotientAndRemainder(dividingBy: rowParts)
            let first = block * blockColumns
            for row in rowPart * CPUDevice.maskedRows..<min(rows, (rowPart + 1) * CPUDevice.maskedRows) {
                var line = concord_masked_row(
                    places: places.integers + row * inner, count: Int(counts[row]), a_stride: rows * inner,
                    c_stride: rows * columns, panel_stride: inner * width, accumulate: product.accumulate ? 1 : 0)
                concord_masked_products(
                    &line, tasks, a + row * inner, panels.floats + first * inner, min(blockColumns, columns - first),
                    c + row * columns + first)
            }
        }
        withExtendedLifetime((panels, places)) {}
    }

    /// Rows of the mask that are worth a thread.
    private static let maskedRows = 16
}
