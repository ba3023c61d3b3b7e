import Compute
import Tensors

/// Texts of a batch one behind the other, without their padding, so that nothing is computed for it.
///
/// The number of rows is rounded up, so that batches of all lengths have few different sizes; the rows at the end make a
/// sequence of their own, which nobody looks at.
public struct PackedSequences {
    /// Number of texts.
    public let samples: Int
    /// Tokens of the longest sequence.
    public let longest: Int
    /// Int32 `[rows]`: the numbers of the tokens.
    public let tokens: Tensor
    /// Int32 `[rows]`: their places in their texts.
    public let places: Tensor
    /// Int32 `[samples + 2]`: the first rows of the texts and of what fills up, and the end.
    private let allStarts: Tensor

    /// Rows are a multiple of this.
    private static let step = 32

    /// - Parameter padded: Int32 `[samples, length]`, 0 for padding. It is read back from the device.
    public init(_ padded: Tensor) throws(ComputeError) {
        let (samples, length) = (padded.shape[0], padded.shape[1])
        let numbers = try padded.integers()
        var tokens: [Int32] = []
        var places: [Int32] = []
        var starts: [Int32] = [0]
        var longest = 1
        tokens.reserveCapacity(numbers.count + PackedSequences.step)
        places.reserveCapacity(numbers.count + PackedSequences.step)
        for sample in 0..<samples {
            for place in 0..<length where numbers[sample * length + place] != 0 {
                tokens.append(numbers[sample * length + place])
                places.append(Int32(place))
            }
            longest = max(longest, tokens.count - Int(starts[sample]))
            starts.append(Int32(tokens.count))
        }
        let filling = (PackedSequences.step - tokens.count % PackedSequences.step) % PackedSequences.step
        // What fills up may be longer than the texts.
        longest = max(longest, filling)
        tokens += Array(repeating: 0, count: filling)
        places += Array(repeating: 0, count: filling)
        starts.append(Int32(tokens.count))
        self.samples = samples
        self.longest = longest
        self.tokens = try Tensor(tokens, shape: [tokens.count], on: padded.device)
        self.places = try Tensor(places, shape: [places.count], on: padded.device)
        allStarts = try Tensor(starts, shape: [starts.count], on: padded.device)
    }

    /// The layout of all rows, for layers.
    public var layout: SequenceLayout { .packed(starts: allStarts, longest: longest) }
    /// Int32 `[samples + 1]`: the first rows of the texts, and the end of the last one.
    public var starts: Tensor { Tensor(viewing: allStarts.storage, shape: [samples + 1], elementType: .int32) }
    /// Int32 `[samples]`: the rows of the first tokens.
    public var firstRows: Tensor { Tensor(viewing: allStarts.storage, shape: [samples], elementType: .int32) }
}
