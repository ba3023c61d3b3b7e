import Compute

/// Attention and its derivative with and without masks: lengths around whole vectors, heads that are narrow, wide and no
/// whole vectors, queries that see nothing.
enum AttentionCases {
    static var all: [ConformanceCase] {
        extents.flatMap { samples, length, heads, width in
            Attention.Layout.allCases.flatMap { layout in [(layout, false), (layout, true)] }.flatMap { layout, causal in
                // Some rows in front and behind belong to no sample.
                let rows = layout == .packed ? starts(samples, length).reduce(0) { max($0, Int($1)) } + 2 : nil
                let attention = Attention(
                    samples: samples, length: length, heads: heads, width: width, layout: layout, rows: rows,
                    causal: causal)
                return [forward(attention)] + [1, 3].map { gradient(AttentionGradient(attention, tasks: $0)) }
            }
        }
    }

    private static let extents = [
        (1, 1, 1, 1), (2, 3, 1, 3), (1, 17, 2, 16), (3, 16, 2, 5), (2, 33, 3, 17), (1, 65, 1, 33), (2, 21, 2, 32),
        (1, 5, 1, 100),
    ]

    /// The first rows of packed sequences, of which the first is the longest and the last one empty if there are three.
    private static func starts(_ samples: Int, _ length: Int) -> [Int32] {
        (0..<samples).reduce(into: [1]) { starts, sample in
            let own = sample == 2 ? 0 : max(length - 5 * sample, 1)
            starts.append(starts[sample] + Int32(own))
        }
    }

    private static func name(_ attention: Attention) -> String {
        "\(attention.samples)x\(attention.length), \(attention.heads) heads of \(attention.width)"
            + (attention.layout == .uniform ? "" : " \(attention.layout)") + (attention.causal ? " causal" : "")
    }

    private struct Inputs {
        let queries: [Float]
        let keys: [Float]
        let values: [Float]
        /// Mask or starts.
        let layout: [Int32]?
        let scale: Float

        init(_ attention: Attention, _ data: inout CaseData) {
            queries = data.floats(attention.count, in: -2...2)
            keys = data.floats(attention.count, in: -2...2)
            values = data.floats(attention.count)
            scale = 1 / Float(attention.width).squareRoot()
            // The last sample of several sees nothing.
            layout =
                attention.layout == .packed
                ? AttentionCases.starts(attention.samples, attention.length)
                : attention.layout == .masked
                ? (0..<attention.samples * attention.length).map { place in
                    attention.samples > 1 && place / attention.length == attention.samples - 1
                        ? 0 : Int32(data.integer(below: 3)) * 1000
                } : nil
        }

        func add(to trial: inout Trial) {
            trial.input("queries", queries)
            trial.input("keys", keys)
            trial.input("values", values)
            if let layout { trial.input("layout", integers: layout) }
        }
    }

    private static func forward(_ attention: Attention) -> ConformanceCase {
        ConformanceCase("Attention", name(attention), .attention(attention)) { data in
            let inputs = Inputs(attention, &data)
            let expected = Reference.attention(
                attention, queries: inputs.queries, keys: inputs.keys, values: inputs.values, layout: inputs.layout,
                scale: inputs.scale)
            var trial = Trial(.attention(attention), scalars: [inputs.scale])
            inputs.add(to: &trial)
            trial.output("result", expected.result.map(Expected.init))
            trial.output("normalizers", expected.normalizers.map(Expected.init))
            return trial
        }
    }

    private static func gradient(_ gradient: AttentionGradient) -> ConformanceCase {
        let attention = gradient.attention
        let name = "gradient \(name(attention)) tasks \(gradient.tasks)"
        return ConformanceCase("Attention", name, .attentionGradient(gradient)) { data in
            let inputs = Inputs(attention, &data)
            let forward = Reference.attention(
                attention, queries: inputs.queries, keys: inputs.keys, values: inputs.values, layout: inputs.layout,
                scale: inputs.scale)
            let result = forward.result.map { Float($0?.value ?? .nan) }
            let normalizers = forward.normalizers.map { Float($0?.value ?? .nan) }
            let deltas = data.floats(gradient.tasks * attention.count)
            let expected = Reference.attentionGradient(
                gradient, queries: inputs.queries, keys: inputs.keys, values: inputs.values, layout: inputs.layout,
                result: result, normalizers: normalizers, deltas: deltas, scale: inputs.scale)
            var trial = Trial(.attentionGradient(gradient), scalars: [inputs.scale])
            inputs.add(to: &trial)
            trial.input("result", result)
            trial.input("normalizers", normalizers)
            trial.input("deltas", deltas)
            trial.output("query gradients", expected.queries.map(Expected.init))
            trial.output("key gradients", expected.keys.map(Expected.init))
            trial.output("value gradients", expected.values.map(Expected.init))
            return trial
        }
    }
}

extension Expected {
    /// Nil is not written.
    fileprivate init(_ estimate: Estimate?) { self = estimate.map(Expected.near) ?? .untouched }
}
