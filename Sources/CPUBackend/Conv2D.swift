import CPUKernels
import Compute

// A convolution runs without an intermediate matrix of windows: pointers lead from every target pixel to the source
// pixels under its taps, and a register tile of pixels and channels gathers from there. The data gradient is the same
// with deltas as the source; the weight gradient sums outer products over the same pointers. A 1×1 convolution is a
// matrix product.

extension CPUDevice {
    func run(_ convolution: Conv2D, _ arguments: inout Arguments) throws(ComputeError) {
        switch convolution.pass {
        case .forward:
            let input = arguments.floats(convolution.inputCount)
            let filter = arguments.floats(convolution.filterCount)
            let output = arguments.floats(convolution.outputCount)
            let bias = arguments.floats(convolution.outputChannels, if: convolution.bias)
            try convolve(convolution, input, filter, output, bias)
        case .dataGradient:
            let deltas = arguments.floats(convolution.outputCount)
            let filter = arguments.floats(convolution.filterCount)
            let gradient = arguments.floats(convolution.inputCount)
            try spread(convolution, deltas, filter, gradient)
        case .weightGradient:
            let input = arguments.floats(convolution.inputCount)
            let deltas = arguments.floats(convolution.tasks * convolution.outputCount)
            let gradients = arguments.floats(convolution.tasks * convolution.filterCount)
            try correlate(convolution, input, deltas, gradients)
        }
    }

    private func convolve(
        _ convolution: Conv2D, _ input: UnsafePointer<Float>, _ filter: UnsafePointer<Float>,
        _ output: UnsafeMutablePointer<Float>, _ bias: UnsafePointer<Float>?
    ) throws(ComputeError) {
        guard !convolution.isPointwise else {
            let product = GEMM(
                rows: convolution.batch * convolution.inputHeight * convolution.inputWidth,
                columns: convolution.outputChannels, inner: convolution.inputChannels, bias: convolution.bias,
                activation: convolution.activation)
            return multiply(product, input, filter, output, bias: bias)
        }
        guard !convolution.hasDepthwiseRows else {
            return gatherDepthwiseRows(convolution, input, filter, output, bias: bias)
        }
        let source = try windowSource(convolution, input)
        let work = Gather(
            phases: source.phase.withoutPadding(batch: convolution.batch), filterTaps: source.phase.taps,
            run: source.run,
            sourceGroup: convolution.inputChannels / convolution.groups,
            columns: convolution.outputChannels / convolution.groups,
            filterTapStride: source.run * convolution.outputChannels, filterRowStride: convolution.outputChannels,
            filterColumnStride: 1, bias: bias, accumulate: false, activation: convolution.activation)
        try gather(convolution, work, source.pointer, filter, output)
        withExtendedLifetime(source) {}
    }

    private func spread(
        _ convolution: Conv2D, _ deltas: UnsafePointer<Float>, _ filter: UnsafePointer<Float>,
        _ gradient: UnsafeMutablePointer<Float>
    ) throws(ComputeError) {
        guard !convolution.isPointwise else {
            let product = GEMM(
                rows: convolution.batch * convolution.inputHeight * convolution.inputWidth,
                columns: convolution.inputChannels, inner: convolution.outputChannels, transposeB: true,
                accumulate: convolution.accumulate)
            return multiply(product, deltas, filter, gradient)
        }
        guard !convolution.hasDepthwiseRows else {
            return gatherDepthwiseRows(convolution, deltas, filter, gradient, bias: nil)
        }
        guard !convolution.hasWindowRows else { return try addWindows(convolution, deltas, filter, gradient) }
        let window = convolution.window
        let work = Gather(
            phases: Phase.dataGradient(convolution).flatMap { $0.withoutPadding(batch: convolution.batch) },
            filterTaps: window.height * window.width,
            run: convolution.outputChannels / convolution.groups,
            sourceGroup: convolution.outputChannels / convolution.groups,
            columns: convolution.inputChannels / convolution.groups,
            filterTapStride: convolution.inputChannels / convolution.groups * convolution.outputChannels,
            filterRowStride: 1, filterColumnStride: convolution.outputChannels, bias: nil,
            accumulate: convolution.accumulate, activation: .none)
        try gather(convolution, work, deltas, filter, gradient)
    }

    /// Multiplies deltas with the transposed filter and adds the resulting windows to the places that they cover.
    ///
    /// For few input channels, which would leave a register tile of channels mostly empty; a window has more elements.
    private func addWindows(
        _ convolution: Conv2D, _ deltas: UnsafePointer<Float>, _ filter: UnsafePointer<Float>,
        _ gradient: UnsafeMutablePointer<Float>
    ) throws(ComputeError) {
        let window = convolution.window
        let (height, width) = (convolution.outputHeight, convolution.outputWidth)
        let windowCount = window.height * window.width * convolution.inputChannels
        let imageCount = convolution.inputHeight * convolution.inputWidth * convolution.inputChannels
        // As many rows of the output as leave their windows in the second-level cache.
        let rows = max(1, min(height, Gather.windowElements / (width * windowCount)))
        let windowsCount = rows * width * windowCount
        let windows = try scratch(count: workers.count * windowsCount)
        let transposed = try scratch(count: convolution.filterCount)
        UnsafeRawPointer(filter).withMemoryRebound(to: UInt32.self, capacity: convolution.filterCount) { from in
            UnsafeMutableRawPointer(transposed.floats).withMemoryRebound(
                to: UInt32.self, capacity: convolution.filterCount
            ) { to in
                concord_copy_matrix(
                    from, 1, convolution.outputChannels, to, windowCount, 1, convolution.outputChannels, windowCount)
            }
        }
        let geometry = concord_conv_rows(
            output_width: width, input_height: convolution.inputHeight, input_width: convolution.inputWidth,
            channels: convolution.inputChannels, window_height: window.height, window_width: window.width,
            stride_height: window.strideHeight, stride_width: window.strideWidth,
            dilation_height: window.dilationHeight, padding_top: window.paddingTop, padding_left: window.paddingLeft)
        workers.run(parts: convolution.batch) { image, worker in
            var geometry = geometry
            let target = gradient + image * imageCount
            let windows = windows.floats + worker * windowsCount
            if !convolution.accumulate { target.update(repeating: 0, count: imageCount) }
            for first in stride(from: 0, to: height, by: rows) {
                let last = min(height, first + rows)
                let product = GEMM(
                    rows: (last - first) * width, columns: windowCount, inner: convolution.outputChannels)
                product.product(
                    of: deltas + (image * height + first) * width * convolution.outputChannels,
                    and: transposed.floats, in: windows, rows: product.rows, columns: windowCount)
                concord_conv_add_windows(&geometry, windows, first, last, target)
            }
        }
        withExtendedLifetime((windows, transposed)) {}
    }

    /// Computes every target pixel from the source pixels under its taps.
    private func gather(
        _ convolution: Conv2D, _ work: Gather, _ source: UnsafePointer<Float>, _ filter: UnsafePointer<Float>,
        _ target: UnsafeMutablePointer<Float>
    ) throws(ComputeError) {
        let depthwise = convolution.isDepthwise
        let groups = depthwise ? 1 : convolution.groups
        let channels = depthwise ? convolution.inputChannels : work.columns
        let run = depthwise ? channels : work.run
        let tile = depthwise ? 1 : Int(CONCORD_TILE_PIXELS)
        let panelWidth = Int(CONCORD_TILE_CHANNELS)
        let panelStride = work.filterTaps * run * panelWidth
        let panelsPerGroup = (work.columns + panelWidth - 1) / panelWidth

        // Padding is read at the offset of every group.
        let zeros = try scratch(count: groups * run)
        zeros.floats.update(repeating: 0, count: groups * run)
        // The depthwise loops read the filter as it is.
        let panels = depthwise ? nil : try scratch(count: groups * panelsPerGroup * panelStride)
        if let panels {
            workers.run(count: groups * panelsPerGroup, grain: max(1, Workers.elementGrain / panelStride)) { range in
                for panel in range {
                    let first = panel % panelsPerGroup * panelWidth
                    let column = panel / panelsPerGroup * (work.filterColumnStride == 1 ? work.columns : run)
                    concord_conv_pack(
                        filter + column + first * work.filterColumnStride, work.filterTapStride, work.filterRowStride,
                        work.filterColumnStride, work.filterTaps, run, min(panelWidth, work.columns - first),
                        panels.floats + panel * panelStride)
                }
            }
        }

        let parts = work.phases.enumerated().flatMap { index, phase in
            GatherPart.parts(
                of: index, positions: convolution.batch * phase.grid.height * phase.grid.width,
                operationsPerPosition: max(1, 2 * phase.taps * groups * (depthwise ? channels : run * channels)),
                panels: groups > 1 || depthwise ? 1 : panelsPerGroup, panelElements: panelStride)
        }
        let isLarge = convolution.floatingPointOperations > GatherPart.grainOperations
        let workers = isLarge ? self.workers : Workers(count: 1)
        let pointerCount = work.phases.reduce(0) { max($0, $1.taps) } + 1
        let longestPart = parts.reduce(0) { max($0, $1.positions.count) } + tile
        let pointers = try scratch(count: workers.count * pointerCount * longestPart * Scratch.elementsPerPointer)
        workers.run(parts: parts.count) { index, worker in
            let part = parts[index]
            let phase = work.phases[part.phase]
            let (first, count) = (part.positions.lowerBound, part.positions.count)
            let sources = pointers.sources + worker * pointerCount * longestPart
            let targets = pointers.targets + (worker * pointerCount + phase.taps) * longestPart
            var grid = phase.grid
            concord_conv_sources(
                &grid, phase.tapRows, phase.tapColumns, phase.taps, source, zeros.floats, first,
                count, tile, sources)
            concord_conv_targets(&grid, target + phase.targetOffset, first, count, targets)
            let firstColumn = part.panels.lowerBound * panelWidth
            let lastColumn = groups > 1 || depthwise ? channels : min(channels, part.panels.upperBound * panelWidth)
            for group in 0..<groups {
                let groupPanels = panels.map {
                    $0.floats + (group * panelsPerGroup + part.panels.lowerBound) * panelStride
                }
                var kernel = concord_conv_work(
                    taps: phase.taps, run: run, columns: lastColumn - firstColumn,
                    source_offset: group * work.sourceGroup, target_offset: group * channels + firstColumn,
                    panels: groupPanels.map { UnsafePointer($0) } ?? filter, panel_stride: panelStride,
                    bias: work.bias.map { $0 + group * channels + firstColumn }, accumulate: work.accumulate ? 1 : 0,
                    activation: work.activation.kernel)
                if depthwise {
                    concord_conv_depthwise_gather(&kernel, phase.filterTaps, sources, targets, count)
                } else {
                    concord_conv_gather(&kernel, phase.filterTaps, sources, targets, count)
                }
            }
        }
        withExtendedLifetime(pointers) {}
        withExtendedLifetime((zeros, panels)) {}
    }

    /// Sums the outer products of source and delta over all pixels, for every tap.
    private func correlate(
        _ convolution: Conv2D, _ input: UnsafePointer<Float>, _ deltas: UnsafePointer<Float>,
        _ gradients: UnsafeMutablePointer<Float>
    ) throws(ComputeError) {
        let tasks = convolution.tasks
        let positions = convolution.batch * convolution.outputHeight * convolution.outputWidth
        guard !convolution.isPointwise || convolution.filterCount < Correlation.pointwiseElements else {
            let product = GEMM(
                rows: convolution.inputChannels, columns: convolution.outputChannels, inner: positions,
                transposeA: true, batch: tasks, strideA: 0, accumulate: convolution.accumulate)
            return multiply(product, input, deltas, gradients)
        }
        let depthwise = convolution.isDepthwise
        let source = try windowSource(convolution, input)
        let phase = source.phase
        let run = depthwise ? convolution.inputChannels : source.run
        let groups = depthwise ? 1 : convolution.groups
        let columns = convolution.outputChannels / groups
        let cut = Correlation(
            positions: positions, rows: depthwise ? 1 : phase.taps * run, groups: groups,
            resultElements: tasks * convolution.filterCount, operations: convolution.floatingPointOperations)

        let zeros = try scratch(count: run)
        zeros.floats.update(repeating: 0, count: run)
        let block = Correlation.block
        let panelCount = block * (columns + Int(CONCORD_TILE_CHANNELS))
        let workers = cut.isLarge ? self.workers : Workers(count: 1)
        let phases = phase.withoutPadding(batch: convolution.batch)
        let pointers = try scratch(count: workers.count * (phase.taps + 1) * block * Scratch.elementsPerPointer)
        let panels = try scratch(count: workers.count * panelCount)
        let resultCount = tasks * convolution.filterCount
        let sums = try scratch(count: cut.positionParts * resultCount)
        self.workers.elements(cut.positionParts * resultCount) { range in
            concord_fill(sums.floats + range.lowerBound, range.count, 0)
        }

        workers.run(parts: cut.positionParts * cut.rowParts * groups) { part, worker in
            let rows = cut.rows(part % cut.rowParts)
            let group = part / cut.rowParts % groups
            let positionPart = part / cut.rowParts / groups
            let sum = sums.floats + positionPart * resultCount + group * columns
            let sources = pointers.sources + worker * (phase.taps + 1) * block
            let targets = pointers.targets + (worker * (phase.taps + 1) + phase.taps) * block
            let panel = panels.floats + worker * panelCount
            for phase in phases {
                var grid = phase.grid
                let range = cut.positions(positionPart, of: convolution.batch * grid.height * grid.width)
                for first in stride(from: range.lowerBound, to: range.upperBound, by: block) {
                    let count = min(block, range.upperBound - first)
                    concord_conv_sources(
                        &grid, phase.tapRows, phase.tapColumns, phase.taps,
                        source.pointer + group * (depthwise ? 0 : run), zeros.floats, first, count, count, sources)
                    for task in 0..<tasks {
                        let offset = task * convolution.outputCount + group * columns + phase.targetOffset
                        let delta = UnsafeMutablePointer(mutating: deltas) + offset
                        let gradient = sum + task * convolution.filterCount
                        concord_conv_targets(&grid, delta, first, count, targets)
                        if depthwise {
                            for (tap, place) in phase.filterTaps.enumerated() {
                                concord_conv_depthwise_outer(
                                    sources + tap * count, targets, count, columns, gradient + place * columns)
                            }
                            continue
                        }
                        concord_conv_pack_deltas(targets, count, columns, panel)
                        for (tap, place) in phase.filterTaps.enumerated() {
                            let firstRow = max(0, rows.lowerBound - place * run)
                            let lastRow = min(run, rows.upperBound - place * run)
                            guard firstRow < lastRow else { continue }
                            concord_conv_outer(
                                sources + tap * count, count, firstRow, lastRow, panel, columns,
                                gradient + place * run * convolution.outputChannels, convolution.outputChannels)
                        }
                    }
                }
            }
        }

        let ones = [Float](repeating: 1, count: cut.positionParts)
        self.workers.elements(resultCount) { range in
            concord_weighted_row_sum(
                sums.floats + range.lowerBound, cut.positionParts, range.count, resultCount, ones,
                convolution.accumulate ? 1 : 0, gradients + range.lowerBound)
        }
        withExtendedLifetime((zeros, pointers, panels, sums, source)) {}
    }

    /// The images that the windows of a convolution slide over.
    ///
    /// Where pixels have few channels, a row of the window is one run of neighbouring elements: that takes columns of
    /// padding that are really there, so the images are copied if they need any.
    private func windowSource(
        _ convolution: Conv2D, _ input: UnsafePointer<Float>
    ) throws(ComputeError) -> WindowSource {
        let window = convolution.window
        let channels = convolution.inputChannels
        guard convolution.hasWindowRows else {
            return WindowSource(
                pointer: input, run: channels / convolution.groups, phase: Phase.windows(convolution), padded: nil)
        }
        let paddedWidth = convolution.inputWidth + window.paddingLeft + window.paddingRight
        let phase = Phase.windowRows(convolution, sourceWidth: paddedWidth)
        guard paddedWidth > convolution.inputWidth else {
            return WindowSource(pointer: input, run: window.width * channels, phase: phase, padded: nil)
        }
        let rows = convolution.batch * convolution.inputHeight
        let padded = try scratch(count: rows * paddedWidth * channels)
        let (left, middle) = (window.paddingLeft * channels, convolution.inputWidth * channels)
        workers.rows(rows, columns: paddedWidth * channels) { range in
            for row in range {
                let target = padded.floats + row * paddedWidth * channels
                target.update(repeating: 0, count: left)
                (target + left).update(from: input + row * middle, count: middle)
                (target + left + middle).update(repeating: 0, count: window.paddingRight * channels)
            }
        }
        return WindowSource(pointer: padded.floats, run: window.width * channels, phase: phase, padded: padded)
    }
}

extension Conv2D {
    /// Whether the convolution is a matrix product of pixels with the filter.
    fileprivate var isPointwise: Bool { window == Window2D(size: 1) && groups == 1 }
    /// Whether pixels have few channels, and a row of the window is one run of neighbouring elements.
    fileprivate var hasWindowRows: Bool {
        groups == 1 && inputChannels < Int(CONCORD_TILE_CHANNELS) && window.width > 1 && window.dilationWidth == 1
    }
    /// Whether every channel has a filter of its own.
    fileprivate var isDepthwise: Bool { groups == inputChannels && groups == outputChannels && groups > 1 }
}

extension Scratch {
    /// Room for a pointer, in elements.
    fileprivate static let elementsPerPointer = MemoryLayout<UnsafePointer<Float>>.size / 4

    fileprivate var sources: UnsafeMutablePointer<UnsafePointer<Float>?> {
        UnsafeMutableRawPointer(buffer.handle).assumingMemoryBound(to: UnsafePointer<Float>?.self)
    }
    fileprivate var targets: UnsafeMutablePointer<UnsafeMutablePointer<Float>?> {
        UnsafeMutableRawPointer(buffer.handle).assumingMemoryBound(to: UnsafeMutablePointer<Float>?.self)
    }
}

/// The images of a convolution, or a padded copy of them.
private struct WindowSource {
    let pointer: UnsafePointer<Float>
    /// Neighbouring elements that a tap covers.
    let run: Int
    let phase: Phase
    /// Owns the copy.
    let padded: Scratch?
}

/// Target pixels that share a set of taps.
private struct Phase {
    var grid: concord_conv_grid
    /// Of the first target pixel.
    var targetOffset = 0
    var tapRows: [Int]
    var tapColumns: [Int]
    /// The taps' places in the filter.
    var filterTaps: [Int]
    var taps: Int { filterTaps.count }

    /// All output pixels, with the input under every tap.
    static func windows(_ convolution: Conv2D) -> Phase {
        let window = convolution.window
        let taps = 0..<window.height * window.width
        return Phase(
            grid: outputGrid(convolution, sourceWidth: convolution.inputWidth),
            tapRows: taps.map { $0 / window.width * window.dilationHeight - window.paddingTop },
            tapColumns: taps.map { $0 % window.width * window.dilationWidth - window.paddingLeft },
            filterTaps: Array(taps))
    }

    /// All output pixels, with the input under every row of the window; `sourceWidth` counts the padding.
    static func windowRows(_ convolution: Conv2D, sourceWidth: Int) -> Phase {
        let window = convolution.window
        let rows = 0..<window.height
        return Phase(
            grid: outputGrid(convolution, sourceWidth: sourceWidth),
            tapRows: rows.map { $0 * window.dilationHeight - window.paddingTop }, tapColumns: rows.map { _ in 0 },
            filterTaps: Array(rows))
    }

    private static func outputGrid(_ convolution: Conv2D, sourceWidth: Int) -> concord_conv_grid {
        let row = convolution.outputWidth * convolution.outputChannels
        return concord_conv_grid(
            height: convolution.outputHeight, width: convolution.outputWidth,
            row_step: convolution.window.strideHeight, column_step: convolution.window.strideWidth,
            source_height: convolution.inputHeight, source_width: sourceWidth,
            source_row: sourceWidth * convolution.inputChannels, source_pixel: convolution.inputChannels,
            target_image: convolution.outputHeight * row, target_row: row, target_column: convolution.outputChannels)
    }

    /// Input pixels with the deltas that their values reached. Pixels whose coordinates leave the same remainders by
    /// the strides share the taps that divide evenly.
    static func dataGradient(_ convolution: Conv2D) -> [Phase] {
        let window = convolution.window
        var phases: [Phase] = []
        for row in 0..<min(window.strideHeight, convolution.inputHeight) {
            for column in 0..<min(window.strideWidth, convolution.inputWidth) {
                phases.append(dataGradient(convolution, row: row, column: column))
            }
        }
        return phases
    }

    private static func dataGradient(_ convolution: Conv2D, row: Int, column: Int) -> Phase {
        let window = convolution.window
        let imageRow = convolution.inputWidth * convolution.inputChannels
        let outputRow = convolution.outputWidth * convolution.outputChannels
        var phase = Phase(
            grid: concord_conv_grid(
                height: (convolution.inputHeight - row + window.strideHeight - 1) / window.strideHeight,
                width: (convolution.inputWidth - column + window.strideWidth - 1) / window.strideWidth,
                row_step: 1, column_step: 1, source_height: convolution.outputHeight,
                source_width: convolution.outputWidth, source_row: outputRow,
                source_pixel: convolution.outputChannels, target_image: convolution.inputHeight * imageRow,
                target_row: window.strideHeight * imageRow,
                target_column: window.strideWidth * convolution.inputChannels),
            targetOffset: row * imageRow + column * convolution.inputChannels, tapRows: [], tapColumns: [],
            filterTaps: [])
        for filterRow in 0..<window.height {
            let down = row + window.paddingTop - filterRow * window.dilationHeight
            guard down % window.strideHeight == 0 else { continue }
            for filterColumn in 0..<window.width {
                let across = column + window.paddingLeft - filterColumn * window.dilationWidth
                guard across % window.strideWidth == 0 else { continue }
                phase.tapRows.append(down / window.strideHeight)
                phase.tapColumns.append(across / window.strideWidth)
                phase.filterTaps.append(filterRow * window.width + filterColumn)
            }
        }
        return phase
    }
}

extension Phase {
    /// The same pixels, apart by the taps that lie inside the image, where much of the work would multiply padding.
    ///
    /// - Parameter batch: the number of images; few leave too few pixels to a part.
    func withoutPadding(batch: Int) -> [Phase] {
        let rows = Phase.runs(of: grid.height) { row in
            tapRows.map { (0..<grid.source_height).contains(row * grid.row_step + $0) }
        }
        let columns = Phase.runs(of: grid.width) { column in
            tapColumns.map { (0..<grid.source_width).contains(column * grid.column_step + $0) }
        }
        let parts = rows.flatMap { row in columns.map { self.part(rows: row, columns: $0) } }
        let work = parts.reduce(0) { $0 + $1.taps * $1.grid.height * $1.grid.width }
        let isWorthwhile = 8 * work <= 7 * taps * grid.height * grid.width && batch >= Phase.smallestBatch
        return isWorthwhile ? parts : [self]
    }

    /// Fewer pixels than this use a panel of the filter too seldom.
    private static let smallestBatch = 24

    /// Ranges of neighbouring indices with the same result.
    private static func runs(of count: Int, _ taps: (Int) -> [Bool]) -> [Range<Int>] {
        let all = (0..<count).map(taps)
        let borders = all.indices.filter { $0 == 0 || all[$0] != all[$0 - 1] } + [count]
        return zip(borders, borders.dropFirst()).map { $0..<$1 }
    }

    /// Some of the pixels, which have the same taps inside the image.
    private func part(rows: Range<Int>, columns: Range<Int>) -> Phase {
        var part = self
        (part.grid.height, part.grid.width) = (rows.count, columns.count)
        part.targetOffset += rows.lowerBound * grid.target_row + columns.lowerBound * grid.target_column
        let (down, across) = (rows.lowerBound * grid.row_step, columns.lowerBound * grid.column_step)
        let inside = filterTaps.indices.filter {
            (0..<grid.source_height).contains(down + tapRows[$0])
                && (0..<grid.source_width).contains(across + tapColumns[$0])
        }
        part.tapRows = inside.map { down + tapRows[$0] }
        part.tapColumns = inside.map { across + tapColumns[$0] }
        part.filterTaps = inside.map { filterTaps[$0] }
        return part
    }
}

/// What the gathering passes differ in.
private struct Gather {
    let phases: [Phase]
    /// Taps of the whole filter.
    let filterTaps: Int
    let run: Int
    /// Channels from one group of the source to the next.
    let sourceGroup: Int
    /// Target channels of a group.
    let columns: Int
    let filterTapStride: Int
    let filterRowStride: Int
    let filterColumnStride: Int
    let bias: UnsafePointer<Float>?
    let accumulate: Bool
    let activation: Activation

    /// Elements of windows that stay in the second-level cache.
    static let windowElements = 1 << 16
}

/// Target pixels and channels that one thread computes at a time.
private struct GatherPart {
    let phase: Int
    let positions: Range<Int>
    /// Panels of the filter.
    let panels: Range<Int>

    /// Operations that are worth a thread.
    static let grainOperations = 1 << 21
    /// Positions of a part: many enough to use a panel of the filter again and again, few enough to keep their sources
    /// in the second-level cache.
    private static let usualGrain = 96
    /// The same where the filter itself comes from further away.
    private static let grainOfLargeFilter = 192
    private static let secondLevelElements = 1 << 18
    private static let largestGrain = 4096
    /// Parts of a phase that keep the threads busy.
    private static let wantedParts = 16

    /// Cuts the pixels of a phase, and the channels too where there are few pixels.
    static func parts(
        of phase: Int, positions: Int, operationsPerPosition: Int, panels: Int, panelElements: Int
    ) -> [GatherPart] {
        let tile = Int(CONCORD_TILE_PIXELS)
        let isLarge = panels * panelElements > secondLevelElements
        let byWork = min(grainOperations / operationsPerPosition, largestGrain)
        let grain = (max(byWork, isLarge ? grainOfLargeFilter : usualGrain) + tile - 1) / tile * tile
        let positionParts = (positions + grain - 1) / grain
        let wantedPanelParts = max(1, min(panels / 2, wantedParts / max(positionParts, 1)))
        let panelGrain = (panels + wantedPanelParts - 1) / wantedPanelParts
        return stride(from: 0, to: positions, by: grain).flatMap { first in
            stride(from: 0, to: panels, by: panelGrain).map { panel in
                GatherPart(
                    phase: phase, positions: first..<min(positions, first + grain),
                    panels: panel..<min(panels, panel + panelGrain))
            }
        }
    }
}

/// How the sum of a weight gradient is cut: along the pixels where the result is small, along the rows of the result
/// (taps and source channels) where it is large. Partial results are added in a fixed order.
private struct Correlation {
    let positionParts: Int
    let rowParts: Int
    let isLarge: Bool
    private let rowCount: Int

    /// Pixels whose outer products are summed in registers.
    static let block = 128
    /// A 1×1 convolution with a filter of this size is left to the matrix product.
    static let pointwiseElements = 1 << 16
    /// Elements of all partial results together.
    private static let partialElements = 1 << 22
    private static let parts = 32
    private static let smallestRows = 96

    init(positions: Int, rows: Int, groups: Int, resultElements: Int, operations: Int) {
        rowCount = rows
        positionParts = max(
            1,
            min(
                Correlation.parts, positions / (8 * Correlation.block),
                Correlation.partialElements / max(resultElements, 1)))
        rowParts = max(1, min(Correlation.parts / (positionParts * groups), rows / Correlation.smallestRows))
        isLarge = operations > GatherPart.grainOperations
    }

    /// The pixels of a part, of `count`.
    func positions(_ part: Int, of count: Int) -> Range<Int> {
        Correlation.range(count, part, of: positionParts, multiple: Correlation.block)
    }

    /// The rows of a part.
    func rows(_ part: Int) -> Range<Int> {
        Correlation.range(rowCount, part, of: rowParts, multiple: Int(CONCORD_TILE_PIXELS))
    }

    private static func range(_ count: Int, _ part: Int, of parts: Int, multiple: Int) -> Range<Int> {
        let length = ((count + parts - 1) / parts + multiple - 1) / multiple * multiple
        return min(count, part * length)..<min(count, (part + 1) * length)
    }
}
