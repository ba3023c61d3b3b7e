import Compute

extension Conv2D {
    /// The convolution on the tiled family, as a product with a gathered factor; nil where the device has no tiles, for
    /// several groups of channels, and where an index would not fit into 32 bits.
    func groupTiledPlan(_ tuning: Tuning) -> Plan? {
        let limit = Int(Int32.max)
        guard groups == 1, inputCount <= limit, outputCount <= limit, filterCount <= limit else { return nil }
        return switch pass {
        case .forward: groupTiledForwardPlan(tuning)
        case .dataGradient: groupTiledDataGradientPlan(tuning)
        case .weightGradient: groupTiledWeightGradientPlan(tuning)
        }
    }

    private func macros(channels: Int) -> [String] {
        ["PASS=\(pass.rawValue)", "LINE_VECTORS=\(channels % 4 == 0 ? 1 : 0)"]
    }

    private func groupTiledForwardPlan(_ tuning: Tuning) -> Plan? {
        let lines = filterLines()
        let (height, width) = (outputHeight, outputWidth)
        guard
            let tiling = GroupTiling(
                rows: batch * height * width, columns: outputChannels, inner: lines.count, slices: 1,
                isSplittable: !bias && activation == .none, gathers: true, tuning)
        else { return nil }
        return tiling.plan(count: outputCount, accumulate: false, tuning) { result, _ in
            tiling.launch(
                file: "conv2d_tiled", macros: macros(channels: inputChannels), kernel: "conv2d_gather_tiled",
                arguments: [
                    .operand(0), .operand(1), result, .operand(3, if: bias), .table(FilterLine.table(of: [lines])),
                    .int(batch), .int(inputHeight), .int(inputWidth), .int(inputChannels), .int(height), .int(width),
                    .int(outputChannels), .int(window.strideHeight), .int(window.strideWidth),
                    .int(window.paddingTop), .int(window.paddingLeft), .int(1), .int(1), .int(tiling.splitLength),
                    .long(outputCount), .flag(bias), .flag(false), .int(Int(activation.rawValue)),
                ])
        }
    }

    private func groupTiledDataGradientPlan(_ tuning: Tuning) -> Plan? {
        let (strideHeight, strideWidth) = (window.strideHeight, window.strideWidth)
        let residues = (0..<strideHeight).flatMap { y in (0..<strideWidth).map { x in filterLines(residue: (y, x)) } }
        guard
            let tiling = GroupTiling(
                rows: batch * quotient(inputHeight, roundedUpBy: strideHeight)
                    * quotient(inputWidth, roundedUpBy: strideWidth),
                columns: inputChannels, inner: residues.map(\.count).max() ?? 0, slices: residues.count,
                isSplittable: residues.count == 1, gathers: true, tuning)
        else { return nil }
        return tiling.plan(count: inputCount, accumulate: accumulate, tuning) { result, accumulates in
            tiling.launch(
                file: "conv2d_tiled", macros: macros(channels: outputChannels), kernel: "conv2d_gather_tiled",
                arguments: [
                    .operand(0), .operand(1), result, .absent, .table(FilterLine.table(of: residues)), .int(batch),
                    .int(outputHeight), .int(outputWidth), .int(outputChannels), .int(inputHeight), .int(inputWidth),
                    .int(inputChannels), .int(1), .int(1), .int(0), .int(0), .int(strideHeight), .int(strideWidth),
                    .int(tiling.splitLength), .long(inputCount), .flag(false), .flag(accumulates), .int(0),
                ])
        }
    }

    private func groupTiledWeightGradientPlan(_ tuning: Tuning) -> Plan? {
        let lines = filterLines()
        let (height, width) = (outputHeight, outputWidth)
        guard
            let tiling = GroupTiling(
                rows: lines.count, columns: outputChannels, inner: batch * height * width, slices: tasks,
                isSplittable: true, gathers: true, tuning)
        else { return nil }
        return tiling.plan(count: tasks * filterCount, accumulate: accumulate, tuning) { result, accumulates in
            tiling.launch(
                file: "conv2d_tiled", macros: macros(channels: inputChannels), kernel: "conv2d_weights_tiled",
                arguments: [
                    .operand(0), .operand(1), result, .table(lines.flatMap(\.entry)), .int(lines.count), .int(tasks),
                    .int(batch), .int(inputHeight), .int(inputWidth), .int(inputChannels), .int(height), .int(width),
                    .int(outputChannels), .int(window.strideHeight), .int(window.strideWidth),
                    .int(window.paddingTop), .int(window.paddingLeft), .int(tiling.splitLength), .flag(accumulates),
                ])
        }
    }

    /// The lines of the filter, as the input is read from a window's corner.
    private func filterLines() -> [FilterLine] {
        (0..<window.height).flatMap { r in
            (0..<window.width).flatMap { s in
                let (row, column) = (r * window.dilationHeight, s * window.dilationWidth)
                return (0..<inputChannels).map { channel in
                    FilterLine(
                        offset: (row * inputWidth + column) * inputChannels + channel, row: row, column: column)
                }
            }
        }
    }

    /// The lines of the filter that reach the input's pixels of one residue modulo the strides, as the deltas are read
    /// from such a pixel's index among its like.
    private func filterLines(residue: (y: Int, x: Int)) -> [FilterLine] {
        (0..<window.height).flatMap { r -> [FilterLine] in
            let rise = residue.y + window.paddingTop - r * window.dilationHeight
            guard rise % window.strideHeight == 0 else { return [] }
            return (0..<window.width).flatMap { s -> [FilterLine] in
                let run = residue.x + window.paddingLeft - s * window.dilationWidth
                guard run % window.strideWidth == 0 else { return [] }
                let (row, column) = (rise / window.strideHeight, run / window.strideWidth)
                return (0..<outputChannels).map { channel in
                    FilterLine(
                        offset: (row * outputWidth + column) * outputChannels + channel, row: row, column: column,
                        filter: (r * window.width + s) * inputChannels * outputChannels + channel)
                }
            }
        }
    }
}

/// One channel of one tap of a window: what a gathering work-item looks up instead of dividing.
private struct FilterLine {
    /// Elements from the window's corner.
    var offset: Int
    /// Rows and columns of the image from the window's corner.
    var row: Int
    var column: Int
    /// Where the line's part of the filter starts.
    var filter = 0

    var entry: [Int32] { [Int32(offset), Int32(row), Int32(column), Int32(filter)] }

    /// The lines of several residues one behind the other, after an entry per residue with their begin and end.
    static func table(of residues: [[FilterLine]]) -> [Int32] {
        var spans: [Int32] = []
        var end = residues.count
        for lines in residues {
            spans += [Int32(end), Int32(end + lines.count), 0, 0]
            end += lines.count
        }
        return spans + residues.joined().flatMap(\.entry)
    }
}
