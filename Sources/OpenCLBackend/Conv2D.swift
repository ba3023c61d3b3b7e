import Compute

extension Conv2D {
    /// In this order: a 1×1 window without stride and padding is a matrix product; one filter per channel has kernels
    /// of its own; all others gather (forward, data gradient) or sum outer products (weight gradient).
    func plan(_ tuning: Tuning) -> Plan {
        if isProduct { return product.plan(tuning) }
        if let plan = groupTiledPlan(tuning) { return plan }
        let isDepthwise = groups > 1 && groups == inputChannels && groups == outputChannels
        return switch pass {
        case .forward:
            isDepthwise
                ? depthwiseForwardPlan(tuning)
                : tuning.transposesSquares && hasSingleChannel ? singleChannelForwardPlan(tuning) : forwardPlan(tuning)
        case .dataGradient:
            isDepthwise
                ? depthwiseDataGradientPlan(tuning)
                : isNarrow ? narrowDataGradientPlan(tuning) : dataGradientPlan(tuning)
        case .weightGradient: isDepthwise ? depthwiseWeightGradientPlan(tuning) : weightGradientPlan(tuning)
        }
    }

    private var depth: Int { inputChannels / groups }
    private var columns: Int { outputChannels / groups }
    private var pixels: Int { batch * outputHeight * outputWidth }
    private var taps: Int { window.height * window.width }

    private var isProduct: Bool {
        taps == 1 && groups == 1 && window.strideHeight == 1 && window.strideWidth == 1
            && outputHeight == inputHeight && outputWidth == inputWidth && window.paddingTop == 0
            && window.paddingLeft == 0
    }

    private var product: GEMM {
        switch pass {
        case .forward:
            GEMM(rows: pixels, columns: outputChannels, inner: inputChannels, bias: bias, activation: activation)
        case .dataGradient:
            GEMM(
                rows: pixels, columns: inputChannels, inner: outputChannels, transposeB: true, accumulate: accumulate)
        case .weightGradient:
            GEMM(
                rows: inputChannels, columns: outputChannels, inner: pixels, transposeA: true, batch: tasks,
                strideA: 0, accumulate: accumulate)
        }
    }

    private var strideAndDilation: [Argument] {
        [
            .int(window.strideHeight), .int(window.strideWidth), .int(window.dilationHeight),
            .int(window.dilationWidth),
        ]
    }

    /// Whether so many taps meet padding alone that tiles are made of one place of neighbouring samples, which can leave
    /// them out.
    ///
    /// - Parameters:
    ///   - pixels: pixels of a sample that tiles are made of; each meets all taps where nothing is left out.
    ///   - share: up to which share of taps that meet a pixel leaving out the others pays for the less regular way
    ///     through memory, in percent.
    private func isSparse(pixels: Int, upTo share: Int) -> Bool {
        let rows = Conv2D.coveredTaps(
            outputs: outputHeight, inputs: inputHeight, window: window.height, stride: window.strideHeight,
            dilation: window.dilationHeight, padding: window.paddingTop)
        let columns = Conv2D.coveredTaps(
            outputs: outputWidth, inputs: inputWidth, window: window.width, stride: window.strideWidth,
            dilation: window.dilationWidth, padding: window.paddingLeft)
        return 100 * rows * columns <= share * pixels * taps
    }

    /// The pairs of an output and a tap along one axis that meet the input.
    private static func coveredTaps(
        outputs: Int, inputs: Int, window: Int, stride: Int, dilation: Int, padding: Int
    ) -> Int {
        (0..<window).reduce(0) { sum, tap in
            let shift = tap * dilation - padding
            return sum + (0..<outputs).count { (0..<inputs).contains($0 * stride + shift) }
        }
    }

    private func forwardPlan(_ tuning: Tuning) -> Plan {
        let tile = tuning.tile(rows: pixels, columns: columns)
        return Plan(
            Launch(
                file: "conv2d", macros: tile.macros + ["DATA_GRADIENT=0"], kernel: "conv2d_gather",
                items: (
                    quotient(pixels, roundedUpBy: tile.rows), quotient(columns, roundedUpBy: tile.width), groups
                ),
                arguments: [
                    .operand(0), .operand(1), .operand(2), .operand(3, if: bias), .zeros(window.width * depth),
                    .int(batch), .int(inputHeight), .int(inputWidth), .int(inputChannels), .int(outputHeight),
                    .int(outputWidth), .int(outputChannels), .int(window.height), .int(window.width),
                ] + strideAndDilation + [
                    .int(window.paddingTop), .int(window.paddingLeft), .int(groups), .int(depth), .int(columns),
                    .long(columns), .flag(bias), .flag(false), .int(Int(activation.rawValue)),
                    .flag(isSparse(pixels: outputHeight * outputWidth, upTo: 91)),
                ]))
    }

    private func dataGradientPlan(_ tuning: Tuning) -> Plan {
        let residues = window.strideHeight * window.strideWidth
        // The residue with the most pixels decides.
        let pixelsOfResidue =
            batch * quotient(inputHeight, roundedUpBy: window.strideHeight)
            * quotient(inputWidth, roundedUpBy: window.strideWidth)
        let tile = tuning.tile(rows: pixelsOfResidue, columns: depth)
        return Plan(
            .packPanels(
                from: .operand(1), to: .scratch(0), columns: depth, lines: outputChannels, panelWidth: depth,
                columnStep: outputChannels, lineStep: 1, matrices: taps, sourceStride: depth * outputChannels,
                panelsStride: depth * outputChannels, tuning),
            Launch(
                file: "conv2d", macros: tile.macros + ["DATA_GRADIENT=1"], kernel: "conv2d_gather",
                items: (
                    quotient(pixelsOfResidue, roundedUpBy: tile.rows), quotient(depth, roundedUpBy: tile.width),
                    groups * residues
                ),
                arguments: [
                    .operand(0), .scratch(0), .operand(2), .absent, .zeros(columns), .int(batch), .int(outputHeight),
                    .int(outputWidth), .int(outputChannels), .int(inputHeight), .int(inputWidth), .int(inputChannels),
                    .int(window.height), .int(window.width),
                ] + strideAndDilation + [
                    .int(window.paddingTop), .int(window.paddingLeft), .int(groups), .int(columns), .int(depth),
                    .long(columns * depth), .flag(false), .flag(accumulate), .int(0),
                    .flag(isSparse(pixels: inputHeight * inputWidth / residues, upTo: 91)),
                ]),
            scratch: [filterCount])
    }

    /// Whether lanes along the output's channels would stay partly empty where those along the row do not, which takes
    /// neighbouring pixels that are neighbouring elements.
    private var hasSingleChannel: Bool {
        groups == 1 && inputChannels == 1 && outputChannels <= 16 && window.strideWidth == 1
            && 3 * padded(outputWidth, to: 16) <= 4 * outputWidth
    }

    private func singleChannelForwardPlan(_ tuning: Tuning) -> Plan {
        Plan(
            Launch(
                file: "conv2d_single", macros: ["CHANNELS=\(outputChannels)"], kernel: "conv2d_single",
                items: (batch * outputHeight, 1, 1),
                arguments: [
                    .operand(0), .operand(1), .operand(2), .operand(3, if: bias), .int(batch), .int(inputHeight),
                    .int(inputWidth), .int(outputHeight), .int(outputWidth), .int(window.height), .int(window.width),
                    .int(window.strideHeight), .int(window.dilationHeight), .int(window.dilationWidth),
                    .int(window.paddingTop), .int(window.paddingLeft), .flag(bias), .int(Int(activation.rawValue)),
                ]))
    }

    /// Whether lanes along the input's channels would stay mostly empty, and a row of the window is one run of
    /// neighbouring elements.
    private var isNarrow: Bool {
        groups == 1 && inputChannels < 16 && window.width > 1 && window.dilationWidth == 1
    }

    private func narrowDataGradientPlan(_ tuning: Tuning) -> Plan {
        let run = window.width * inputChannels
        let tile = tuning.tile(rows: outputWidth, columns: run)
        let panels = quotient(run, roundedUpBy: tile.width)
        let panelsStride = panels * tile.width * outputChannels
        return Plan(
            .packPanels(
                from: .operand(1), to: .scratch(0), columns: run, lines: outputChannels, panelWidth: tile.width,
                columnStep: outputChannels, lineStep: 1, matrices: window.height, sourceStride: run * outputChannels,
                panelsStride: panelsStride, tuning),
            Launch(
                file: "conv2d_narrow", macros: tile.macros, kernel: "conv2d_add_runs",
                items: (batch * inputHeight, 1, 1),
                arguments: [
                    .operand(0), .scratch(0), .operand(2), .int(batch), .int(inputHeight), .int(inputWidth),
                    .int(inputChannels), .int(outputHeight), .int(outputWidth), .int(outputChannels),
                    .int(window.height), .int(window.strideHeight), .int(window.strideWidth),
                    .int(window.dilationHeight), .int(window.paddingTop), .int(window.paddingLeft), .int(run),
                    .int(quotient(window.width, roundedUpBy: window.strideWidth)), .flag(accumulate),
                ]),
            scratch: [window.height * panelsStride])
    }

    private func weightGradientPlan(_ tuning: Tuning) -> Plan {
        let lines = taps * depth
        let tile = weightGradientTile(tuning)
        let tiles = quotient(lines, roundedUpBy: tile.rows) * quotient(columns, roundedUpBy: tile.width) * groups
        let samplesInnermost = isSparse(pixels: outputHeight * outputWidth, upTo: 85)
        let chunks = weightGradientChunks(tiles: tiles, samplesInnermost: samplesInnermost, tuning)
        let chunkPixels = quotient(samplesInnermost ? batch : pixels, roundedUpBy: chunks)

        // Channels of neighbouring pixels that lie far apart are copied together, so that a tile reads one stream.
        let packs = groups == 1 && columns >= 256
        let panel = packs ? pixels * tile.width : tile.width
        let taskSize = packs ? quotient(columns, roundedUpBy: tile.width) * panel : pixels * outputChannels

        let isPadded = window.paddingTop + window.paddingBottom + window.paddingLeft + window.paddingRight > 0
        let frameHeight =
            isPadded
            ? (outputHeight - 1) * window.strideHeight + (window.height - 1) * window.dilationHeight + 1 : inputHeight
        let frameWidth =
            isPadded
            ? (outputWidth - 1) * window.strideWidth + (window.width - 1) * window.dilationWidth + 1 : inputWidth
        var plan = Plan(
            Launch(
                file: "conv2d", macros: tile.macros + ["DATA_GRADIENT=0"], kernel: "conv2d_weight_gradient",
                items: (
                    quotient(lines, roundedUpBy: tile.rows), quotient(columns, roundedUpBy: tile.width) * groups,
                    chunks * tasks
                ),
                arguments: [
                    isPadded ? .scratch(0) : .operand(0), packs ? .scratch(2) : .operand(1),
                    chunks > 1 ? .scratch(1) : .operand(2),
                    .int(tasks), .int(batch), .int(frameHeight), .int(frameWidth), .int(inputChannels),
                    .int(outputHeight), .int(outputWidth), .int(outputChannels), .int(window.height),
                    .int(window.width),
                ] + strideAndDilation + [
                    .int(inputHeight), .int(inputWidth), .int(window.paddingTop), .int(window.paddingLeft),
                    .int(groups), .int(chunks), .int(chunkPixels), .int(packs ? tile.width : outputChannels),
                    .long(panel), .long(taskSize), .flag(accumulate && chunks == 1), .flag(samplesInnermost),
                ]),
            scratch: [0, 0, packs ? tasks * taskSize : 0])
        if packs {
            plan.launches.insert(
                .packPanels(
                    from: .operand(1), to: .scratch(2), columns: columns, lines: pixels, panelWidth: tile.width,
                    columnStep: 1, lineStep: outputChannels, matrices: tasks, sourceStride: pixels * outputChannels,
                    panelsStride: taskSize, tuning),
                at: 0)
        }
        if isPadded {
            plan.scratch[0] = batch * frameHeight * frameWidth * inputChannels
            plan.launches.insert(
                Launch(
                    file: "pack", macros: Launch.packMacros(tuning), kernel: "pad_images",
                    items: (batch * frameHeight, 1, 1),
                    arguments: [
                        .operand(0), .scratch(0), .int(batch), .int(inputHeight), .int(inputWidth),
                        .int(inputChannels), .int(frameHeight), .int(frameWidth), .int(window.paddingTop),
                        .int(window.paddingLeft),
                    ]),
                at: 0)
        }
        if chunks > 1 {
            plan.scratch[1] = chunks * tasks * filterCount
            plan.launches.append(
                Launch.sumSlices(
                    scratch: 1, count: tasks * filterCount, slices: chunks, result: .operand(2),
                    accumulate: accumulate, tuning: tuning))
        }
        return plan
    }

    /// The tile whose lines belong to one tap and lie in one line of the cache, where one has about as many sums as that
    /// which wastes the least, and hardly more work.
    private func weightGradientTile(_ tuning: Tuning) -> Tile {
        let best = tuning.tile(rows: taps * depth, columns: columns)
        guard depth % best.rows != 0 else { return best }
        return tuning.tiles.first { tile in
            depth % tile.rows == 0 && 7 * tile.rows * tile.width >= 6 * best.rows * best.width
                && 8 * padded(columns, to: tile.width) <= 9 * padded(columns, to: best.width)
        } ?? best
    }

    /// Into how many chunks the pixels of a weight gradient are cut: so that a chunk's input and deltas stay in the
    /// cache (which one place of all samples does not fill), that there is work for all cores, and that the partial sums neither cost more than a tenth of the
    /// products nor more than 64 MB.
    private func weightGradientChunks(tiles: Int, samplesInnermost: Bool, _ tuning: Tuning) -> Int {
        let bytesPerPixel = 4 * (window.strideHeight * window.strideWidth * inputChannels + outputChannels)
        let cached =
            samplesInnermost ? 1 : quotient(pixels, roundedUpBy: max(1024, tuning.cacheBytes / bytesPerPixel))
        let busy = min(quotient(tuning.minimumWorkItems, roundedUpBy: tiles * tasks), pixels / 64)
        return max(1, min(max(cached, busy), (16 << 20) / (tasks * filterCount)))
    }
}

// MARK: One filter per channel

extension Conv2D {
    private var channels: Int { inputChannels }

    private func depthwiseMacros(width: Int, flipped: Bool, _ tuning: Tuning) -> [String] {
        [
            "PIXELS=\(tuning.rowPixels(width: width))", "WINDOW=\(window.width)", "STRIDE=\(window.strideWidth)",
            "DILATION=\(window.dilationWidth)", "FLIPPED=\(flipped ? 1 : 0)",
        ]
    }

    private func depthwiseForwardPlan(_ tuning: Tuning) -> Plan {
        Plan(
            depthwiseGather(
                from: (inputHeight, inputWidth), to: (outputHeight, outputWidth),
                padding: (window.paddingTop, window.paddingLeft), flipped: false, tuning))
    }

    /// Gathers every result from the source pixels under its window.
    private func depthwiseGather(
        from source: (height: Int, width: Int), to result: (height: Int, width: Int), padding: (top: Int, left: Int),
        flipped: Bool, _ tuning: Tuning
    ) -> Launch {
        // Whole rows where there are enough of them: neighbouring channels share cache lines and pages.
        let rows = batch * result.height
        let vectors =
            rows >= tuning.minimumWorkItems
            ? quotient(channels, roundedUpBy: 16) : tuning.block(lineLength: 16 * result.width)
        return Launch(
            file: "depthwise", macros: depthwiseMacros(width: result.width, flipped: flipped, tuning),
            kernel: "depthwise_gather",
            items: (quotient(channels, roundedUpBy: 16 * vectors), rows, 1),
            arguments: [
                .operand(0), .operand(1), .operand(2), .operand(3, if: bias), .int(batch), .int(source.height),
                .int(source.width), .int(channels), .int(result.height), .int(result.width), .int(window.height),
                .int(window.strideHeight), .int(window.dilationHeight), .int(padding.top), .int(padding.left),
                .int(vectors), .flag(bias), .flag(accumulate), .int(Int(activation.rawValue)),
            ])
    }

    private func depthwiseDataGradientPlan(_ tuning: Tuning) -> Plan {
        if window.strideHeight == 1 && window.strideWidth == 1 {
            let padding = (
                (window.height - 1) * window.dilationHeight - window.paddingTop,
                (window.width - 1) * window.dilationWidth - window.paddingLeft
            )
            return Plan(
                depthwiseGather(
                    from: (outputHeight, outputWidth), to: (inputHeight, inputWidth), padding: padding, flipped: true,
                    tuning))
        }
        return Plan(
            Launch(
                file: "depthwise", macros: depthwiseMacros(width: outputWidth, flipped: false, tuning),
                kernel: "depthwise_data_gradient",
                items: (batch * inputHeight, quotient(channels, roundedUpBy: 16), 1),
                arguments: [
                    .operand(0), .operand(1), .operand(2), .int(batch), .int(inputHeight), .int(inputWidth),
                    .int(channels), .int(outputHeight), .int(outputWidth), .int(window.height), .int(window.width),
                ] + strideAndDilation + [.int(window.paddingTop), .int(window.paddingLeft), .flag(accumulate)]))
    }

    private func depthwiseWeightGradientPlan(_ tuning: Tuning) -> Plan {
        let rows = batch * outputHeight
        let block = max(1, min(rows, tuning.chunk / max(1, outputWidth)))
        let blocks = quotient(rows, roundedUpBy: block)
        var plan = Plan(
            Launch(
                file: "depthwise", macros: depthwiseMacros(width: outputWidth, flipped: false, tuning),
                kernel: "depthwise_weight_gradient",
                items: (quotient(channels, roundedUpBy: 16), window.height, blocks * tasks),
                arguments: [
                    .operand(0), .operand(1), blocks > 1 ? .scratch(0) : .operand(2), .int(tasks), .int(batch),
                    .int(inputHeight), .int(inputWidth), .int(channels), .int(outputHeight), .int(outputWidth),
                    .int(window.height), .int(window.strideHeight), .int(window.dilationHeight),
                    .int(window.paddingTop), .int(window.paddingLeft), .int(blocks), .int(block),
                    .flag(accumulate && blocks == 1),
                ]))
        if blocks > 1 {
            plan.scratch = [blocks * tasks * filterCount]
            plan.launches.append(
                Launch.sumSlices(
                    scratch: 0, count: tasks * filterCount, slices: blocks, result: .operand(2),
                    accumulate: accumulate, tuning: tuning))
        }
        return plan
    }
}
