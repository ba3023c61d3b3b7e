import Compute

/// What one task of a dataset predicts.
public struct TaskDescription: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// One class out of `count`; `names` has one name per class or is empty. Targets are Int32 `[rows]`.
        case classes(count: Int, names: [String])
        /// `columns` real numbers. Targets are Float `[rows, columns]`.
        case regression(columns: Int)
    }

    public var name: String
    public var kind: Kind

    public init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
    }
}

/// Samples with targets for one or several tasks, accessible in any order.
///
/// A dataset is read from the thread that prepares batches, hence `Sendable`; it is a plain value or immutable.
public protocol Dataset: Sendable {
    /// Number of samples.
    var count: Int { get }
    /// The shape of one sample's input, without the batch axis.
    var inputShape: Shape { get }
    /// The tasks, in the order in which they are reported.
    var tasks: [TaskDescription] { get }
    /// What the columns of a sample are, for rows of tables; nil for everything else.
    var tabularLayout: TabularLayout? { get }

    /// The samples with these indices, in this order; an index may occur more than once.
    ///
    /// - Precondition: every index is in `0..<count`.
    /// - Throws: whatever keeps a sample from being read.
    func batch(of indices: [Int]) throws -> Batch

    /// The samples as an epoch of training sees them: with the random changes of that epoch, where a data set has some.
    /// Default: ``batch(of:)``.
    func batch(of indices: [Int], epoch: Int) throws -> Batch
}

extension Dataset {
    public var tabularLayout: TabularLayout? { nil }
    public func batch(of indices: [Int], epoch: Int) throws -> Batch { try batch(of: indices) }
}
