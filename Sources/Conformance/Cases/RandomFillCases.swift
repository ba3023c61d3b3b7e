import Compute

/// Random numbers at the beginning of a sequence, in the middle, and where the block counter carries into its high word.
enum RandomFillCases {
    static var all: [ConformanceCase] {
        [1, 2, 3, 4, 5, 17, 33, 65, 130, 257, 1000, 100_003].flatMap { count in
            positions.flatMap { name, position in
                [
                    make(.uniform, count: count, scalars: [0, 1], name, position),
                    make(.uniform, count: count, scalars: [-0.3, 2.5], name, position),
                    make(.normal, count: count, scalars: [0, 1], name, position),
                    make(.normal, count: count, scalars: [5, 0.02], name, position),
                ]
            }
        }
    }

    private static let positions = [
        ("at the beginning", RandomPosition(seed: 0, stream: 0)),
        ("in the middle", RandomPosition(seed: 0xA409_3822_299F_31D0, stream: 0x1319_8A2E_0370_7344, block: 4711)),
        ("across a carry", RandomPosition(seed: 42, stream: 7, block: 0xFFFF_FFFE)),
    ]

    private static func make(
        _ distribution: RandomFill.Distribution, count: Int, scalars: [Float], _ name: String,
        _ position: RandomPosition
    ) -> ConformanceCase {
        let fill = RandomFill(distribution, count: count)
        let name = "\(distribution) \(scalars[0]), \(scalars[1]) \(count) \(name)"
        return ConformanceCase("RandomFill", name, .randomFill(fill)) { _ in
            let expected =
                switch distribution {
                case .uniform: Reference.uniformFill(count: count, low: scalars[0], high: scalars[1], at: position)
                case .normal: Reference.normalFill(count: count, mean: scalars[0], deviation: scalars[1], at: position)
                }
            var trial = Trial(.randomFill(fill), scalars: scalars, random: position)
            trial.output("output", expected)
            return trial
        }
    }
}
