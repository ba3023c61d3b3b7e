import Compute
import Datasets
import Foundation
import Synchronization
import Testing

/// Sample `i` has the input `i`; a sample may fail or take its time.
private final class CountingDataset: Dataset {
    struct Failure: Error, Equatable { var sample: Int }

    let count: Int
    let inputShape: Shape = [1]
    let tasks: [TaskDescription] = []
    let failingSample: Int?
    let delay: TimeInterval
    let batchesRead = Atomic(0)

    init(count: Int, failingSample: Int? = nil, delay: TimeInterval = 0) {
        self.count = count
        self.failingSample = failingSample
        self.delay = delay
    }

    func batch(of indices: [Int]) throws -> Batch {
        batchesRead.add(1, ordering: .relaxed)
        if delay > 0 { Thread.sleep(forTimeInterval: delay) }
        if let failingSample, indices.contains(failingSample) { throw Failure(sample: failingSample) }
        return Batch(inputs: HostTensor(indices.map(Float.init), shape: [indices.count, 1]), targets: [:])
    }
}

/// Whether a condition comes true in good time.
private func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<2000 {
        if condition() { return true }
        Thread.sleep(forTimeInterval: 0.005)
    }
    return false
}

@Suite("Loading batches")
struct BatchLoaderTests {
    private func samples(_ stream: BatchStream) throws -> [[Int]] {
        var batches: [[Int]] = []
        while let batch = try stream.next() { batches.append(try #require(batch.inputs.floats).map { Int($0) }) }
        return batches
    }

    @Test("the batches are the epoch's order, cut", arguments: 1...4, [0, 1, 5])
    func order(prefetchDepth: Int, epoch: Int) throws {
        let order = SampleOrder.shuffled(seed: 11)
        let loader = try BatchLoader(
            CountingDataset(count: 103), batchSize: 10, order: order, prefetchDepth: prefetchDepth)
        let batches = try samples(loader.epoch(epoch))
        #expect(loader.batchCount == 11)
        #expect(batches.map(\.count) == [Int](repeating: 10, count: 10) + [3])
        #expect(batches.flatMap { $0 } == order.indices(count: 103, epoch: epoch))
    }

    @Test("batches that take their time come in the same order", arguments: 1...4)
    func slowDataset(prefetchDepth: Int) throws {
        let loader = try BatchLoader(
            CountingDataset(count: 12, delay: 0.003), batchSize: 2, order: .sequential, prefetchDepth: prefetchDepth)
        #expect(try samples(loader.epoch(0)) == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10, 11]])
    }

    @Test("an epoch can start at any batch", arguments: [false, true])
    func resume(dropsShortBatch: Bool) throws {
        let loader = try BatchLoader(
            CountingDataset(count: 47), batchSize: 5, order: .shuffled(seed: 2), dropsShortBatch: dropsShortBatch)
        let whole = try samples(loader.epoch(3))
        #expect(whole.count == (dropsShortBatch ? 9 : 10))
        for first in 0...loader.batchCount {
            let stream = try loader.epoch(3, startingAt: first)
            #expect(stream.remaining == loader.batchCount - first)
            #expect(try samples(stream) == Array(whole[first...]))
            #expect(stream.remaining == 0)
        }
    }

    @Test("the last short batch is kept or dropped", arguments: [
        (1, 1, 1, 1), (5, 1, 5, 5), (5, 2, 3, 2), (5, 5, 1, 1), (6, 3, 2, 2), (7, 3, 3, 2),
    ])
    func lastBatch(samples count: Int, batchSize: Int, kept: Int, dropped: Int) throws {
        let dataset = CountingDataset(count: count)
        let keeping = try BatchLoader(dataset, batchSize: batchSize, order: .sequential)
        #expect(keeping.batchCount == kept)
        #expect(try samples(keeping.epoch(0)).flatMap { $0 } == Array(0..<count))
        let dropping = try BatchLoader(dataset, batchSize: batchSize, order: .sequential, dropsShortBatch: true)
        #expect(dropping.batchCount == dropped)
        #expect(try samples(dropping.epoch(0)).flatMap { $0 } == Array(0..<dropped * batchSize))
    }

    @Test("a batch larger than the dataset is the whole dataset")
    func largeBatch() throws {
        let loader = try BatchLoader(CountingDataset(count: 3), batchSize: 8, order: .sequential)
        #expect(try samples(loader.epoch(0)) == [[0, 1, 2]])
    }

    @Test("an error of the dataset surfaces in its place and stays", arguments: 1...4)
    func failure(prefetchDepth: Int) throws {
        let loader = try BatchLoader(
            CountingDataset(count: 20, failingSample: 7), batchSize: 2, order: .sequential,
            prefetchDepth: prefetchDepth)
        let stream = try loader.epoch(0)
        for first in [0, 2, 4] {
            #expect(try stream.next()?.inputs.floats == [Float(first), Float(first + 1)])
        }
        for _ in 0..<3 { #expect(throws: CountingDataset.Failure(sample: 7)) { try stream.next() } }
    }

    @Test("no more batches are prepared than may wait", arguments: 1...4)
    func bound(prefetchDepth: Int) throws {
        let dataset = CountingDataset(count: 100)
        let stream = try BatchLoader(dataset, batchSize: 1, order: .sequential, prefetchDepth: prefetchDepth).epoch(0)
        _ = try stream.next()
        let expected = prefetchDepth + 1
        #expect(eventually { dataset.batchesRead.load(ordering: .relaxed) == expected })
        Thread.sleep(forTimeInterval: 0.02)
        #expect(dataset.batchesRead.load(ordering: .relaxed) == expected)
        withExtendedLifetime(stream) {}
    }

    @Test("an abandoned epoch lets go of its thread and dataset", arguments: 1...4, [0, 1, 3])
    func abandon(prefetchDepth: Int, taken: Int) throws {
        weak var dataset: CountingDataset?
        do {
            let counting = CountingDataset(count: 1000)
            dataset = counting
            let stream = try BatchLoader(counting, batchSize: 1, order: .sequential, prefetchDepth: prefetchDepth)
                .epoch(0)
            for _ in 0..<taken { _ = try stream.next() }
        }
        // The thread is the last one that could hold it.
        #expect(eventually { dataset == nil })
    }

    @Test("a cancelled epoch ends at once", arguments: 1...4)
    func cancel(prefetchDepth: Int) throws {
        weak var dataset: CountingDataset?
        let stream: BatchStream
        do {
            let counting = CountingDataset(count: 1000)
            dataset = counting
            stream = try BatchLoader(counting, batchSize: 1, order: .sequential, prefetchDepth: prefetchDepth).epoch(0)
            _ = try stream.next()
        }
        stream.cancel()
        stream.cancel()
        #expect(stream.remaining == 0)
        #expect(try stream.next() == nil)
        #expect(eventually { dataset == nil })
    }

    @Test("epochs started and dropped in a row do not get stuck")
    func manyStreams() throws {
        let loader = try BatchLoader(CountingDataset(count: 64), batchSize: 4, order: .shuffled(seed: 1))
        for epoch in 0..<300 {
            let stream = try loader.epoch(epoch)
            for _ in 0..<epoch % 18 { _ = try stream.next() }
        }
    }

    @Test("settings that leave nothing to train on are refused")
    func settings() throws {
        let dataset = CountingDataset(count: 4)
        for size in [0, -1] {
            #expect(throws: DatasetError.invalidSetting(name: "batch size", found: size, expected: "at least 1")) {
                try BatchLoader(dataset, batchSize: size, order: .sequential)
            }
        }
        #expect(throws: DatasetError.invalidSetting(name: "prefetch depth", found: 0, expected: "at least 1")) {
            try BatchLoader(dataset, batchSize: 1, order: .sequential, prefetchDepth: 0)
        }
        #expect(throws: DatasetError.emptyDataset) {
            try BatchLoader(CountingDataset(count: 0), batchSize: 1, order: .sequential)
        }
        #expect(throws: DatasetError.self) {
            try BatchLoader(dataset, batchSize: 5, order: .sequential, dropsShortBatch: true)
        }
        let loader = try BatchLoader(dataset, batchSize: 2, order: .sequential)
        for first in [-1, 3] {
            #expect(throws: DatasetError.invalidSetting(
                name: "first batch", found: first, expected: "0...2, the batches of an epoch")
            ) { try loader.epoch(0, startingAt: first) }
        }
    }
}
