import Compute
import Testing

@Suite struct BinaryTests {
    struct Merge: Sendable, CustomTestStringConvertible {
        var left: Shape
        var right: Shape
        var extents: Shape
        var leftStrides: Shape
        var rightStrides: Shape
        var testDescription: String { "\(left) and \(right)" }
    }

    @Test(
        "neighbouring axes that behave alike are merged",
        arguments: [
            Merge(left: [], right: [], extents: [1], leftStrides: [1], rightStrides: [1]),
            Merge(left: [1, 1], right: [1], extents: [1], leftStrides: [1], rightStrides: [1]),
            Merge(left: [2, 3, 4], right: [2, 3, 4], extents: [24], leftStrides: [1], rightStrides: [1]),
            Merge(left: [2, 3, 4], right: [], extents: [24], leftStrides: [1], rightStrides: [0]),
            Merge(left: [2, 3, 4], right: [4], extents: [6, 4], leftStrides: [4, 1], rightStrides: [0, 1]),
            Merge(left: [2, 3, 4], right: [2, 1, 1], extents: [2, 12], leftStrides: [12, 1], rightStrides: [1, 0]),
            Merge(
                left: [2, 1, 4], right: [2, 3, 4], extents: [2, 3, 4], leftStrides: [4, 0, 1], rightStrides: [12, 4, 1]),
            Merge(left: [5, 1], right: [1, 7], extents: [5, 7], leftStrides: [1, 0], rightStrides: [0, 1]),
            Merge(left: [2, 1, 3], right: [2, 1, 3], extents: [6], leftStrides: [1], rightStrides: [1]),
        ])
    func merge(_ merge: Merge) {
        let binary = Binary(.add, left: merge.left, right: merge.right)
        #expect(binary.extents == merge.extents)
        #expect(binary.leftStrides == merge.leftStrides)
        #expect(binary.rightStrides == merge.rightStrides)
    }

    @Test("a stretched operand is read once")
    func bytesMoved() {
        #expect(Binary(.add, left: [6, 4], right: [4]).bytesMoved == 4 * (24 + 4 + 24))
    }
}

@Suite struct Window2DTests {
    /// Values of PyTorch's formula: ⌊(in + padding - dilation·(size - 1) - 1) / stride⌋ + 1.
    @Test(
        "output sizes",
        arguments: [
            (Window2D(size: 5), 36, 32), (Window2D(size: 2, stride: 2), 7, 3), (Window2D(size: 3, padding: 1), 8, 8),
            (Window2D(size: 7, stride: 2, padding: 3), 224, 112), (Window2D(size: 3, stride: 2, padding: 1), 56, 28),
            (Window2D(size: 3, dilation: 2), 5, 1), (Window2D(size: 1, stride: 3), 10, 4),
            (Window2D(size: 3, padding: 1), 1, 1),
        ])
    func outputSizes(window: Window2D, input: Int, output: Int) {
        #expect(window.outputHeight(input) == output)
        #expect(window.outputWidth(input) == output)
    }

    @Test("both axes keep their own stride, dilation and padding")
    func axes() {
        let window = Window2D(
            height: 3, width: 2, strideHeight: 2, strideWidth: 3, dilationHeight: 1, dilationWidth: 4, paddingTop: 0,
            paddingBottom: 1, paddingLeft: 2, paddingRight: 3)
        #expect(window.outputHeight(8) == 4)
        #expect(window.outputWidth(9) == 4)
    }
}

@Suite struct Conv2DTests {
    @Test("counts follow from the window and the groups")
    func counts() {
        let conv = Conv2D(
            .weightGradient, batch: 2, inputHeight: 9, inputWidth: 7, inputChannels: 6, outputChannels: 4,
            window: Window2D(size: 3, stride: 2, padding: 1), groups: 2, tasks: 3)
        #expect((conv.outputHeight, conv.outputWidth) == (5, 4))
        #expect(conv.inputCount == 2 * 9 * 7 * 6)
        #expect(conv.outputCount == 2 * 5 * 4 * 4)
        #expect(conv.filterCount == 3 * 3 * 3 * 4)
        #expect(conv.floatingPointOperations == 2 * 3 * (2 * 5 * 4 * 4) * 9 * 3)
    }
}

@Suite struct GramianTests {
    @Test("the last tile may be short", arguments: [(1, 1), (4096, 1), (4097, 2), (100_000, 25)])
    func tiles(columns: Int, tiles: Int) {
        #expect(Gramian(rows: 3, columns: columns, stride: columns).tiles == tiles)
    }
}
