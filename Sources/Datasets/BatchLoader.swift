import Foundation
import Synchronization

/// Cuts a dataset into batches, epoch by epoch.
///
/// ```swift
/// let loader = try BatchLoader(dataset, batchSize: 256, order: .shuffled(seed: 1))
/// let batches = try loader.epoch(0)
/// while let batch = try batches.next() { … }
/// ```
///
/// Which samples a batch holds depends on the loader's settings and the epoch alone, not on the timing of threads.
public struct BatchLoader: Sendable {
    public let dataset: any Dataset
    public let batchSize: Int
    public let order: SampleOrder
    /// Whether the last batch of an epoch is left out where it is shorter than ``batchSize``.
    public let dropsShortBatch: Bool
    /// How many batches wait ready at most.
    public let prefetchDepth: Int

    /// - Throws: ``DatasetError`` where the dataset is empty, or a setting leaves nothing to train on.
    public init(
        _ dataset: any Dataset, batchSize: Int, order: SampleOrder, dropsShortBatch: Bool = false,
        prefetchDepth: Int = 4
    ) throws(DatasetError) {
        guard batchSize > 0 else {
            throw .invalidSetting(name: "batch size", found: batchSize, expected: "at least 1")
        }
        guard prefetchDepth > 0 else {
            throw .invalidSetting(name: "prefetch depth", found: prefetchDepth, expected: "at least 1")
        }
        guard dataset.count > 0 else { throw .emptyDataset }
        guard !dropsShortBatch || batchSize <= dataset.count else {
            throw .invalidSetting(
                name: "batch size", found: batchSize,
                expected: "at most the number of samples, \(dataset.count), where short batches are dropped")
        }
        self.dataset = dataset
        self.batchSize = batchSize
        self.order = order
        self.dropsShortBatch = dropsShortBatch
        self.prefetchDepth = prefetchDepth
    }

    /// Number of batches in an epoch.
    public var batchCount: Int {
        dropsShortBatch ? dataset.count / batchSize : (dataset.count - 1) / batchSize + 1
    }

    /// Starts to prepare the batches of an epoch on a thread of their own.
    ///
    /// - Parameter firstBatch: the batch to begin with: where an interrupted epoch goes on. ``batchCount`` gives an empty
    ///   stream.
    public func epoch(_ epoch: Int, startingAt firstBatch: Int = 0) throws(DatasetError) -> BatchStream {
        guard (0...batchCount).contains(firstBatch) else {
            throw .invalidSetting(
                name: "first batch", found: firstBatch, expected: "0...\(batchCount), the batches of an epoch")
        }
        return BatchStream(loader: self, epoch: epoch, batches: firstBatch..<batchCount)
    }
}

/// The batches of one epoch, prepared ahead on a background thread while the caller trains.
///
/// Dropping the stream early is fine: its thread ends as soon as the batch at hand is done, and nobody waits for it.
public final class BatchStream {
    /// Batches still to come.
    public private(set) var remaining: Int
    private let queue: BatchQueue
    private var failure: (any Error)?

    fileprivate init(loader: BatchLoader, epoch: Int, batches: Range<Int>) {
        let queue = BatchQueue(depth: loader.prefetchDepth)
        self.queue = queue
        remaining = batches.count
        guard !batches.isEmpty else { return }
        // The thread knows the queue but not this object, so that dropping the object can end the thread.
        let thread = Thread {
            let order = loader.order.indices(count: loader.dataset.count, epoch: epoch)
            for batch in batches {
                guard queue.waitForSpace() else { return }
                let samples = order.dropFirst(batch * loader.batchSize).prefix(loader.batchSize)
                let result = Result { try loader.dataset.batch(of: Array(samples), epoch: epoch) }
                queue.append(result)
                if case .failure = result { return }
            }
        }
        thread.name = "batches"
        thread.start()
    }

    deinit { queue.close() }

    /// The next batch, or nil after the last one. Waits where it is not ready yet.
    ///
    /// - Throws: the dataset's error, in place of the batch that it kept from being read, and at every later call.
    public func next() throws -> Batch? {
        if let failure { throw failure }
        guard remaining > 0 else { return nil }
        switch queue.removeFirst() {
        case .success(let batch):
            remaining -= 1
            return batch
        case .failure(let error):
            failure = error
            throw error
        }
    }

    /// Ends the stream: ``next()`` returns nil from now on, and the thread stops.
    public func cancel() {
        remaining = 0
        queue.close()
    }
}

/// A bounded queue between the thread that prepares batches and the one that takes them.
private final class BatchQueue: Sendable {
    private struct State {
        var results: [Result<Batch, any Error>] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    /// Counts free places and filled ones. Both start at zero, for a semaphore must not die below its initial value.
    private let free = DispatchSemaphore(value: 0)
    private let filled = DispatchSemaphore(value: 0)

    init(depth: Int) {
        for _ in 0..<depth { free.signal() }
    }

    /// Waits for a free place; false once the queue is closed.
    func waitForSpace() -> Bool {
        free.wait()
        return state.withLock { !$0.isClosed }
    }

    /// Fills the place that was waited for.
    func append(_ result: Result<Batch, any Error>) {
        state.withLock { state in
            if !state.isClosed { state.results.append(result) }
        }
        filled.signal()
    }

    /// Waits for a result. To be called only while one is still to come.
    func removeFirst() -> Result<Batch, any Error> {
        filled.wait()
        let result = state.withLock { $0.results.removeFirst() }
        free.signal()
        return result
    }

    /// Drops what is waiting and ends the thread that fills the queue.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.results.removeAll()
        }
        free.signal()
    }
}
