import Compute

extension Reference {
    /// Pairs of source and destination positions, relative to the box's first elements.
    static func stridedCopy(_ copy: StridedCopy) -> [(source: Int, destination: Int)] {
        (0..<copy.extents.count).map { element in
            var rest = element
            var pair = (source: 0, destination: 0)
            for axis in copy.extents.indices.reversed() {
                let coordinate = rest % copy.extents[axis]
                rest /= copy.extents[axis]
                pair.source += coordinate * copy.sourceStrides[axis]
                pair.destination += coordinate * copy.destinationStrides[axis]
            }
            return pair
        }
    }
}
