import Optimizers
import Testing

@Suite struct LearningRateScheduleTests {
    static let schedules: [(String, LearningRateSchedule)] = [
        ("constant", .constant(rate: 0.3)),
        ("step", .step(rate: 0.3, interval: 7, gamma: 0.4)),
        ("cosine", .cosine(rate: 0.3, minimum: 0.01, steps: 29)),
        ("oneCycle", .oneCycle(maximum: 0.6, steps: 30)),
        ("oneCycleOptions", .oneCycle(maximum: 0.6, steps: 30, share: 0.45, division: 10, finalDivision: 100)),
        ("warmConstant", .warmUp(steps: 5, startFactor: 0.1, then: .constant(rate: 0.3))),
        ("warmStep", .warmUp(steps: 5, startFactor: 0.1, then: .step(rate: 0.3, interval: 7, gamma: 0.4))),
        ("warmCosine", .warmUp(steps: 6, startFactor: 0.01, then: .cosine(rate: 0.3, minimum: 0.01, steps: 23))),
    ]

    @Test("is PyTorch's, step for step", arguments: schedules)
    func recorded(name: String, schedule: LearningRateSchedule) throws {
        let expected = try #require(try Fixture.load().schedules[name])
        for (step, rate) in expected.enumerated() {
            // The value is rounded to Float32 once; PyTorch's recursions drift by some roundings of Float64.
            #expect(
                abs(Double(schedule.learningRate(at: step)) - rate) <= 0x1p-23 * rate + 1e-12, "step \(step)")
        }
    }

    @Test("stays at its last value when it is over")
    func afterwards() {
        #expect(LearningRateSchedule.cosine(rate: 1, minimum: 0.25, steps: 10).learningRate(at: 15) == 0.25)
        #expect(
            LearningRateSchedule.oneCycle(maximum: 1, steps: 10, division: 2, finalDivision: 4).learningRate(at: 50)
                == 0.125)
    }
}
