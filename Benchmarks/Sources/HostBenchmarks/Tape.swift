import Concord

/// What recording and walking back cost per operation, on tensors so small that their own work hardly counts.
func tapeBenchmarks() throws -> [HostBenchmark] {
    let device = CPUDevice(threads: 1)
    let input = try Tensor([1] as [Float], shape: [1], on: device)
    let length = 1000
    let shape = "chain of \(length) operations, each"
    func chain(from first: Tensor) throws -> Tensor {
        var value = first
        for _ in 0..<length { value = try value.negated() }
        return value
    }
    return [
        HostBenchmark(operation: "operation without a tape", shape: shape, repetitions: length) {
            _ = try chain(from: input)
        },
        HostBenchmark(operation: "operation with a tape", shape: shape, repetitions: length) {
            _ = try chain(from: Tape().watch(input, as: 0))
        },
        HostBenchmark(operation: "operation with a tape and back", shape: shape, repetitions: length) {
            let tape = Tape()
            let result = try chain(from: tape.watch(input, as: 0))
            _ = try tape.backward(from: [Seed(result, task: 0)])
        },
    ]
}
