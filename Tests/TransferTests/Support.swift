import Checkpoints
import MultiTask
import Networks
import Tensors

extension Tensor {
    /// Replaces the elements in place.
    func overwriteForTest(with values: [Float]) throws {
        let result = values.withUnsafeBytes { bytes in Result { try device.upload(bytes, to: storage) } }
        try result.get()
    }

    func overwriteForTest(with value: Float) throws {
        try overwriteForTest(with: [Float](repeating: value, count: count))
    }
}

extension RunFolder {
    func readModel(into arena: ParameterArena) throws { try NetworkCheckpoint.read(model, into: arena) }
}
