import CPUKernels
import Compute

extension CPUDevice {
    func run(_ copy: StridedCopy, _ arguments: inout Arguments) {
        let box = Box(copy)
        let source = arguments.words(box.sourceSpan)
        let destination = arguments.words(box.destinationSpan)
        guard box.count > 0 else { return }
        let (rows, columns) = (box.rows, box.columns)
        // Several blocks of the transpose, so that neighbouring cache lines of the source are read together.
        let width = min(columns.extent, Workers.elementGrain)
        let height = min(rows.extent, max(64, Workers.elementGrain / max(width, 1) / 64 * 64))
        let across = (columns.extent + width - 1) / width
        let parts = (rows.extent + height - 1) / height * across
        workers.run(count: box.outerCount * parts, grain: max(1, Workers.elementGrain / (height * width))) {
            for part in $0 {
                let (row, column) = (part % parts / across * height, part % across * width)
                let (rowCount, columnCount) = (min(height, rows.extent - row), min(width, columns.extent - column))
                let (sourceOffset, destinationOffset) = box.offsets(part / parts)
                let from = source + sourceOffset + row * rows.sourceStride + column * columns.sourceStride
                let to = destination + destinationOffset + row * rows.destinationStride
                    + column * columns.destinationStride
                if copy.accumulates {
                    UnsafeRawPointer(from).withMemoryRebound(to: Float.self, capacity: 1) { from in
                        UnsafeMutableRawPointer(to).withMemoryRebound(to: Float.self, capacity: 1) { to in
                            concord_add_matrix(
                                from, rows.sourceStride, columns.sourceStride, to, rows.destinationStride,
                                columns.destinationStride, rowCount, columnCount)
                        }
                    }
                } else {
                    concord_copy_matrix(
                        from, rows.sourceStride, columns.sourceStride, to, rows.destinationStride,
                        columns.destinationStride, rowCount, columnCount)
                }
            }
        }
    }
}

/// The box of a copy as matrices: axes that lie alike in both layouts are merged, the two that decide about speed come
/// last.
private struct Box {
    struct Axis {
        var extent: Int
        var sourceStride: Int
        var destinationStride: Int
    }

    let outer: [Axis]
    /// The axis along which the source is dense, if that is not the last one.
    let rows: Axis
    /// The axis along which the destination is dense.
    let columns: Axis
    let count: Int
    let sourceSpan: Int
    let destinationSpan: Int

    init(_ copy: StridedCopy) {
        count = copy.extents.count
        var axes: [Axis] = []
        for index in 0..<copy.extents.rank where copy.extents[index] != 1 {
            let axis = Axis(
                extent: copy.extents[index], sourceStride: copy.sourceStrides[index],
                destinationStride: copy.destinationStrides[index])
            precondition(
                axis.destinationStride != 0,
                "StridedCopy: the destination of \(copy) takes several elements in one place")
            if let last = axes.last, last.sourceStride == axis.sourceStride * axis.extent,
                last.destinationStride == axis.destinationStride * axis.extent
            {
                axes[axes.count - 1] = Axis(
                    extent: last.extent * axis.extent, sourceStride: axis.sourceStride,
                    destinationStride: axis.destinationStride)
            } else {
                axes.append(axis)
            }
        }
        let isEmpty = copy.extents.count == 0
        sourceSpan = isEmpty ? 0 : axes.reduce(1) { $0 + ($1.extent - 1) * $1.sourceStride }
        destinationSpan = isEmpty ? 0 : axes.reduce(1) { $0 + ($1.extent - 1) * $1.destinationStride }
        let unit = Axis(extent: 1, sourceStride: 1, destinationStride: 1)
        // Outermost axes first in the destination.
        axes.sort { $0.destinationStride > $1.destinationStride }
        columns = axes.popLast() ?? unit
        if columns.sourceStride != 1, let dense = axes.lastIndex(where: { $0.sourceStride == 1 }) {
            rows = axes.remove(at: dense)
        } else {
            rows = axes.popLast() ?? unit
        }
        outer = axes
    }

    var outerCount: Int { outer.reduce(1) { $0 * $1.extent } }

    /// Where a matrix starts.
    func offsets(_ matrix: Int) -> (source: Int, destination: Int) {
        var (rest, source, destination) = (matrix, 0, 0)
        for axis in outer.reversed() {
            let index = rest % axis.extent
            rest /= axis.extent
            source += index * axis.sourceStride
            destination += index * axis.destinationStride
        }
        return (source, destination)
    }
}
