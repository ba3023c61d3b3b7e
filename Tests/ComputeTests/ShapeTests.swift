import Compute
import Testing

@Suite struct ShapeTests {
    @Test(
        "strides are row-major",
        arguments: [
            ([], []), ([5], [1]), ([2, 3, 4], [12, 4, 1]), ([4, 1, 3], [3, 3, 1]), ([2, 0, 3], [3, 3, 1]),
        ] as [(Shape, Shape)])
    func strides(shape: Shape, strides: Shape) {
        #expect(shape.strides == strides)
    }

    @Test("counts its elements", arguments: [([], 1), ([7], 7), ([2, 3, 4], 24), ([5, 0, 2], 0)] as [(Shape, Int)])
    func count(shape: Shape, count: Int) {
        #expect(shape.count == count)
    }

    @Test(
        "broadcasts as NumPy does",
        arguments: [
            ([], [], []), ([3], [], [3]), ([3], [1], [3]), ([2, 3], [3], [2, 3]), ([2, 1], [1, 5], [2, 5]),
            ([4, 1, 3], [2, 1], [4, 2, 3]), ([0], [1], [0]), ([1, 1], [3], [1, 3]),
        ] as [(Shape, Shape, Shape)])
    func broadcast(left: Shape, right: Shape, result: Shape) {
        #expect(left.broadcast(with: right) == result)
        #expect(right.broadcast(with: left) == result)
    }

    @Test(
        "refuses shapes that do not broadcast", arguments: [([3], [4]), ([2, 3], [2]), ([0], [2])] as [(Shape, Shape)])
    func noBroadcast(left: Shape, right: Shape) {
        #expect(left.broadcast(with: right) == nil)
    }

    @Test("an axis may be counted from the end")
    func axis() {
        let shape: Shape = [2, 3, 4]
        #expect(shape.axis(0) == 0)
        #expect(shape.axis(-1) == 2)
        #expect(shape.axis(-3) == 0)
    }

    @Test("is equal by rank and extents, and prints them")
    func value() {
        #expect(Shape.scalar.rank == 0)
        #expect(Shape([3]) != Shape([3, 1]))
        #expect(Shape([2, 3]).prepending(5) == [5, 2, 3])
        #expect("\(Shape([2, 3]))" == "[2, 3]")
        var shape: Shape = [2, 3]
        shape[1] = 7
        #expect(Array(shape) == [2, 7])
    }
}
