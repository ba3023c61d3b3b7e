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

}

extension ParameterArena {
    /// Gives all parameters one value; the padding between them stays 0.
    func overwriteForTest(with value: Float) throws {
        var values = [Float](repeating: 0, count: count)
        for segment in segments {
            for element in segment.offset..<segment.offset + segment.shape.count { values[element] = value }
        }
        try self.values.overwriteForTest(with: values)
    }
}

extension RunFolder {
    func readModel(into arena: ParameterArena) throws { try NetworkCheckpoint.read(model, into: arena) }
}
