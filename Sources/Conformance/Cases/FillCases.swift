import Compute

enum FillCases {
    static var all: [ConformanceCase] {
        [1, 3, 17, 33, 65, 130, 257, 1000, 100_003].flatMap { count in
            [Float(0), -1.25, .infinity].map { value in
                let fill = Fill(count: count)
                return ConformanceCase("Fill", "\(count) with \(value)", .fill(fill)) { _ in
                    var trial = Trial(.fill(fill), scalars: [value])
                    trial.output("output", Reference.fill(fill, value: value))
                    return trial
                }
            }
        }
    }
}
