import Compute

extension StridedCopy {
    private struct Axis {
        var extent: Int
        var source: Int
        var destination: Int
    }

    /// The axes, innermost in the destination first, after neighbours that are contiguous in both layouts were merged.
    private var mergedAxes: [Axis] {
        let axes = (0..<extents.rank).map {
            Axis(extent: extents[$0], source: sourceStrides[$0], destination: destinationStrides[$0])
        }
        var merged: [Axis] = []
        for axis in axes.filter({ $0.extent != 1 }).sorted(by: { $0.destination < $1.destination }) {
            if let inner = merged.last, axis.source == inner.source * inner.extent,
                axis.destination == inner.destination * inner.extent
            {
                merged[merged.count - 1].extent *= axis.extent
            } else {
                merged.append(axis)
            }
        }
        return merged.isEmpty ? [Axis(extent: 1, source: 1, destination: 1)] : merged
    }

    func plan(_ tuning: Tuning) -> Plan {
        var axes = mergedAxes
        let inner = axes.removeFirst()
        let isContiguous = inner.source == 1 && inner.destination == 1
        // A transposition reads along the axis that is innermost in the source.
        let closest = isContiguous ? axes.indices.first : axes.indices.min { axes[$0].source < axes[$1].source }
        let second = closest.map { axes.remove(at: $0) } ?? Axis(extent: 1, source: 0, destination: 0)
        let rest = axes.reduce(1) { $0 * $1.extent }

        // Edge of the blocks of a transposition: 16 lines of 16 elements are 16 cache lines on both sides.
        let edge = tuning.transposesSquares ? 16 : 4
        let innerBlock = isContiguous ? min(tuning.chunk, padded(inner.extent, to: 16)) : edge
        let secondBlock = isContiguous ? tuning.block(lineLength: innerBlock) : edge
        return Plan(
            Launch(
                file: "stridedcopy", macros: tuning.transposeMacros, kernel: "strided_copy",
                items: (
                    quotient(inner.extent, roundedUpBy: max(1, innerBlock)),
                    quotient(second.extent, roundedUpBy: secondBlock), rest
                ),
                arguments: [
                    .operand(0), .operand(1), .int(inner.extent), .int(second.extent), .int(rest),
                    .longs(inner.source, inner.destination), .longs(second.source, second.destination),
                    .int(axes.count), .axes(axes.map(\.extent)), .axes(axes.map(\.source)),
                    .axes(axes.map(\.destination)), .int(innerBlock), .int(secondBlock), .flag(accumulates),
                ]))
    }
}
