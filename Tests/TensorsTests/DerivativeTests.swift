import Compute
import Conformance
import TestDevices
import Testing

@Suite struct DerivativeTests {
    @Test("agrees with differences, and stacked with separate walks", arguments: TestDevice.available, DerivativeCase.all)
    func derivative(device: TestDevice, derivativeCase: DerivativeCase) throws {
        let device = try device.make()
        for tasks in [1, 2, 3] {
            let result = try derivativeCase.run(on: device, tasks: tasks)
            #expect(result.passed, "\(tasks) tasks: \(result)")
        }
    }
}
