import Compute

/// Dropout at several places of the random sequence: the mask must be the documented one, element by element.
enum DropoutCases {
    static var all: [ConformanceCase] {
        [1, 3, 17, 33, 65, 130, 257, 1000, 100_003].flatMap { count in
            [Float(0), 0.1, 0.5, 1].flatMap { probability in
                [
                    make(count: count, tasks: 1, probability: probability, inPlace: false),
                    make(count: count, tasks: 3, probability: probability, inPlace: true),
                ]
            }
        }
    }

    private static func make(count: Int, tasks: Int, probability: Float, inPlace: Bool) -> ConformanceCase {
        let dropout = Dropout(count: count, tasks: tasks)
        let name = "\(count) tasks \(tasks) probability \(probability)\(inPlace ? " in place" : "")"
        return ConformanceCase("Dropout", name, .dropout(dropout)) { data in
            let position = RandomPosition(seed: 0x1234_5678_9ABC_DEF0, stream: 0xFEDC_BA98_7654_3210, block: 77)
            let input = data.floats(tasks * count, in: 1...2)
            let expected = Reference.dropout(dropout, input: input, probability: probability, at: position)
            var trial = Trial(.dropout(dropout), scalars: [probability], random: position)
            trial.input("input", input)
            if inPlace { trial.output(inPlaceOf: 0, expected) } else { trial.output("output", expected) }
            return trial
        }
    }
}
