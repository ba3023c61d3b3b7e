import Datasets
import Testing

@Suite("Host tensors and batches")
struct HostTensorTests {
    @Test("the elements' bytes are lent as they are")
    func bytes() {
        let floats = HostTensor([1, -2.5, 0, 3e10, .infinity, 6] as [Float], shape: [2, 3])
        let lent = floats.withUnsafeBytes { bytes in (0..<6).map { bytes.load(fromByteOffset: 4 * $0, as: Float.self) } }
        #expect(lent == [1, -2.5, 0, 3e10, .infinity, 6])
        #expect(floats.floats == lent)
        #expect(floats.ints == nil)

        let ints = HostTensor([7, -100] as [Int32], shape: [2])
        #expect(ints.withUnsafeBytes { $0.count } == 8)
        #expect(ints.withUnsafeBytes { $0.load(fromByteOffset: 4, as: Int32.self) } == -100)
        #expect(ints.ints == [7, -100])
        #expect(ints.floats == nil)
    }

    @Test("a scalar has one element")
    func scalar() {
        #expect(HostTensor([4] as [Float], shape: .scalar).count == 1)
    }

    @Test("an error passes through the loan")
    func errors() {
        let tensor = HostTensor([1] as [Float], shape: [1])
        #expect(throws: DatasetError.emptyDataset) {
            try tensor.withUnsafeBytes { (_) throws(DatasetError) in throw .emptyDataset }
        }
    }
}
