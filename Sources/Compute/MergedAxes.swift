/// A box of elements in several strided layouts with as few axes as possible.
///
/// Axes of extent 1 vanish, and neighbours become one where every layout steps through them evenly. Fewer axes mean
/// simpler loops in every kernel, and the same work has one description.
struct MergedAxes {
    /// At least one axis.
    let extents: Shape
    /// Per layout, as many strides as extents.
    let strides: [Shape]

    init(extents: Shape, strides: [[Int]]) {
        var merged: [Int] = []
        var mergedStrides = [[Int]](repeating: [], count: strides.count)
        for axis in extents.indices where extents[axis] != 1 {
            let continues = strides.indices.allSatisfy { layout in
                mergedStrides[layout].last.map { $0 == strides[layout][axis] * extents[axis] } ?? false
            }
            if let outer = merged.indices.last, continues {
                merged[outer] *= extents[axis]
                for layout in strides.indices { mergedStrides[layout][outer] = strides[layout][axis] }
            } else {
                merged.append(extents[axis])
                for layout in strides.indices { mergedStrides[layout].append(strides[layout][axis]) }
            }
        }
        if merged.isEmpty {
            merged = [1]
            mergedStrides = mergedStrides.map { _ in [1] }
        }
        self.extents = Shape(merged)
        self.strides = mergedStrides.map { Shape($0) }
    }
}
