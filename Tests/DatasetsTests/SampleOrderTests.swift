import Compute
import Datasets
import Testing

/// The recorded values are printed by `permutations.py` beside this file, an implementation of its own.
@Suite("The order of samples")
struct SampleOrderTests {
    @Test("the order of an epoch is the recorded one", arguments: [
        (0, 0, [1, 9, 4, 7, 8, 3, 5, 2, 0, 6]),
        (1, 0, [0, 8, 4, 9, 2, 6, 1, 5, 7, 3]),
        (1, 1, [5, 7, 9, 2, 0, 8, 6, 1, 4, 3]),
        (1 << 63 + 5, 3, [11, 13, 5, 0, 16, 2, 8, 1, 4, 14, 9, 6, 15, 12, 10, 3, 7]),
    ] as [(UInt64, Int, [Int])])
    func recorded(seed: UInt64, epoch: Int, order: [Int]) {
        #expect(SampleOrder.shuffled(seed: seed).indices(count: order.count, epoch: epoch) == order)
    }

    @Test("a long order is the recorded one")
    func recordedLong() {
        let order = SampleOrder.shuffled(seed: 1).indices(count: 60_000, epoch: 2)
        #expect(order.prefix(5) == [58339, 36545, 50214, 30115, 33781])
        #expect(order.enumerated().reduce(0) { $0 + $1.offset * $1.element } == 53_950_383_576_913)
    }

    @Test("every epoch is a permutation", arguments: [0, 1, 2, 3, 17, 1000], [0, 1, 1000, 1 << 24 - 1])
    func permutation(count: Int, epoch: Int) {
        let order = SampleOrder.shuffled(seed: 7).indices(count: count, epoch: epoch)
        #expect(order.sorted() == Array(0..<count))
    }

    @Test("seeds and epochs give orders of their own")
    func distinct() {
        let orders = (0..<20).flatMap { seed in
            (0..<20).map { SampleOrder.shuffled(seed: seed).indices(count: 50, epoch: $0) }
        }
        #expect(Set(orders).count == 400)
    }

    @Test("every order of four samples is equally likely")
    func uniform() {
        var occurrences: [[Int]: Int] = [:]
        let epochs = 24_000
        for epoch in 0..<epochs {
            occurrences[SampleOrder.shuffled(seed: 3).indices(count: 4, epoch: epoch), default: 0] += 1
        }
        #expect(occurrences.count == 24)
        let expected = Double(epochs) / 24
        let chiSquared = occurrences.values.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
        // The 99.9 % quantile of χ² with 23 degrees of freedom.
        #expect(chiSquared < 49.73)
    }

    @Test("without a shuffle the samples come as they are")
    func sequential() {
        #expect(SampleOrder.sequential.indices(count: 5, epoch: 9) == [0, 1, 2, 3, 4])
    }

    @Test("bounded integers are the recorded ones where draws are rejected")
    func boundedIntegers() {
        var generator = Philox(seed: 9, stream: "bounded")
        let drawn = (0..<6).map { _ in generator.integer(below: 1 << 62 + 1 << 61 + 1) }
        #expect(drawn == [
            4_138_329_362_435_427_322, 984_360_296_453_569_771, 3_170_005_500_372_048_620, 1_414_017_539_988_546_954,
            3_596_960_611_504_352_855, 3_187_003_138_912_015_152,
        ])
    }
}
