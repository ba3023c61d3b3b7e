import Compute
import Conformance
import TestDevices
import Testing

@Suite struct DerivativeTests {
    static let operations = Set(DerivativeCase.all.map(\.operation)).sorted()

    @Test("agrees with differences, and stacked with separate walks", arguments: TestDevice.available, operations)
    func derivative(device: TestDevice, operation: String) throws {
        // One device for all cases of an operation, because opening one takes longer than a case.
        let device = try device.make()
        for derivativeCase in DerivativeCase.all where derivativeCase.operation == operation {
            for tasks in [1, 2, 5] {
                let result = try derivativeCase.run(on: device, tasks: tasks)
                #expect(result.passed, "\(derivativeCase), \(tasks) tasks: \(result)")
            }
        }
    }
}
