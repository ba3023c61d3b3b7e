import Compute

extension SegmentMean {
    func plan(_ tuning: Tuning) -> Plan {
        Plan(
            Launch(
                file: "segmentmean", kernel: "segment_mean", items: (quotient(width, roundedUpBy: 16), segments, 1),
                arguments: (0..<3).map { .operand($0) } + [.int(segments), .int(width)]))
    }
}

extension SegmentMeanGradient {
    func plan(_ tuning: Tuning) -> Plan {
        Plan(
            Launch(
                file: "segmentmean", kernel: "segment_mean_gradient",
                items: (quotient(width, roundedUpBy: 16), tasks * segments, 1),
                arguments: (0..<3).map { .operand($0) } + [.int(rows), .int(segments), .int(width), .int(tasks)]))
    }
}
