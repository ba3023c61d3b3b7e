import Compute
import Testing

@Suite("Shapes")
struct ShapeTests {
    // Three axes and 24 elements: whoever mixes the two up shows.
    private let shape: Shape = [2, 3, 4]

    @Test("a sequence of the extents has one element per axis")
    func sequence() {
        #expect(Array(shape) == [2, 3, 4])
        #expect(shape.map { $0 * 10 } == [20, 30, 40])
        #expect(shape.description == "[2, 3, 4]")
        #expect(shape.prepending(5) == [5, 2, 3, 4])
        #expect(Shape.scalar.map { $0 } == [])
        #expect(shape.count == 24)
        #expect(Shape.scalar.count == 1)
        #expect(shape.first == 2)
        #expect(shape.last == 4)
        #expect(Shape.scalar.first == nil)
        #expect(Shape.scalar.last == nil)
    }

    @Test("parts of a shape are shapes")
    func parts() {
        #expect(shape[1...] == [3, 4])
        #expect(shape[..<1] == [2])
        #expect(shape[1..<2] == [3])
        #expect(shape[1..<1] == .scalar)
        #expect(shape[3...] == .scalar)
        #expect(shape.dropFirst() == [3, 4])
        #expect(shape.dropFirst(7) == .scalar)
        #expect(shape.dropLast(2) == [2])
        #expect(shape.dropLast(7) == .scalar)
        // Parts compare like shapes that were never longer.
        #expect(Set([shape.dropLast(), [2, 3], Shape([2, 3].lazy.map { $0 })]).count == 1)
    }
}
