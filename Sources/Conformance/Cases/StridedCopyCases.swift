import Compute

/// Slices, concatenations, transpositions, broadcasts and boxes of many axes.
enum StridedCopyCases {
    static var all: [ConformanceCase] {
        boxes.flatMap { name, extents, source, destination in
            [false, true].map { accumulates in
                make(
                    name,
                    StridedCopy(
                        extents: extents, sourceStrides: source, destinationStrides: destination,
                        accumulates: accumulates))
            }
        }
    }

    private static let boxes: [(String, Shape, Shape, Shape)] = [
        ("one element", [1], [1], [1]),
        ("dense 17", [17], [1], [1]),
        ("dense 100003", [100_003], [1], [1]),
        ("gather", [33], [3], [1]),
        ("scatter", [33], [1], [5]),
        ("broadcast", [65], [0], [1]),
        ("rows of a wider matrix", [17, 33], [65, 1], [33, 1]),
        ("columns into a wider matrix", [33, 3], [3, 1], [17, 1]),
        ("transpose 3x17", [17, 3], [1, 17], [3, 1]),
        ("transpose 65x33", [33, 65], [1, 33], [65, 1]),
        ("transpose 130x257", [257, 130], [1, 257], [130, 1]),
        ("transpose into gaps", [33, 17], [1, 40], [19, 1]),
        ("broadcast rows", [17, 33], [0, 1], [33, 1]),
        ("broadcast columns", [17, 33], [1, 0], [33, 1]),
        ("channels first to last", [2, 9, 7, 5], [315, 7, 1, 63], [315, 35, 5, 1]),
        ("filters OIHW to HWIO", [3, 3, 5, 10], [3, 1, 9, 45], [150, 50, 10, 1]),
        ("pad an image", [2, 5, 6, 3], [90, 18, 3, 1], [216, 27, 3, 1]),
        ("every second pixel", [2, 4, 3, 17], [952, 238, 34, 1], [204, 51, 17, 1]),
        ("swap task and batch", [3, 17, 65], [65, 195, 1], [1105, 65, 1]),
        ("rank 8", [2, 3, 2, 1, 2, 3, 1, 5], [1, 2, 6, 12, 12, 24, 72, 72], [180, 60, 30, 30, 15, 5, 5, 1]),
        ("axes of extent 1", [1, 33, 1], [7, 2, 9], [100, 1, 50]),
    ]

    private static func make(_ name: String, _ copy: StridedCopy) -> ConformanceCase {
        ConformanceCase("StridedCopy", name + (copy.accumulates ? " accumulates" : ""), .stridedCopy(copy)) { data in
            let source = span(copy.extents, copy.sourceStrides)
            let destination = span(copy.extents, copy.destinationStrides)
            var expected = [Expected](repeating: .untouched, count: destination)
            var trial = Trial(.stridedCopy(copy))
            if copy.accumulates {
                let terms = data.floats(source)
                let previous = data.floats(destination)
                for pair in Reference.stridedCopy(copy) {
                    expected[pair.destination] = .near(
                        Estimate(previous[pair.destination]) + Estimate(terms[pair.source]))
                }
                trial.input("source", terms)
                trial.output("destination", expected, contents: previous.map(\.bitPattern))
            } else {
                // Any bits: a copy of Int32 must not pass through arithmetic.
                let elements = (0..<source).map { _ in data.word() }
                for pair in Reference.stridedCopy(copy) { expected[pair.destination] = .bits(elements[pair.source]) }
                trial.input("source", bits: elements)
                trial.output("destination", expected)
            }
            return trial
        }
    }

    /// Elements from the first of a box to its last.
    private static func span(_ extents: Shape, _ strides: Shape) -> Int {
        zip(extents, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
    }
}
