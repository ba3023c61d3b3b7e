import Datasets
import MultiTask

extension ExperimentConfiguration {
    /// A data set with the tasks that learn from it in batches of one size.
    public struct Source: Hashable, Sendable {
        public let dataset: DatasetConfiguration
        public let batchSize: Int
        /// Their names.
        public fileprivate(set) var tasks: [String]
    }

    /// Every data set with its tasks, in the order of the tasks. Tasks with the same data and batch size share batches.
    public var sources: [Source] {
        var sources: [Source] = []
        for task in tasks {
            let (dataset, size) = (task.dataset ?? dataset, task.batchSize ?? batchSize)
            if let index = sources.firstIndex(where: { $0.dataset == dataset && $0.batchSize == size }) {
                sources[index].tasks.append(task.name)
            } else {
                sources.append(Source(dataset: dataset, batchSize: size, tasks: [task.name]))
            }
        }
        return sources
    }

    /// The position of the source with the data of the run.
    package var mainSource: Int { sources.firstIndex { $0.dataset == dataset } ?? 0 }

    /// Reads every data set once, the data of the run first.
    ///
    /// - Returns: a value per source.
    package func readSources<Value>(_ read: (DatasetConfiguration) throws -> Value) rethrows -> [Value] {
        var known = [dataset: try read(dataset)]
        return try sources.map { source in
            if let value = known[source.dataset] { return value }
            let value = try read(source.dataset)
            known[source.dataset] = value
            return value
        }
    }

    /// The data set of every task, by the task's name.
    ///
    /// - Parameter datasets: one per source.
    package func datasetsByTask(_ datasets: [any Dataset]) -> [String: any Dataset] {
        var result: [String: any Dataset] = [:]
        for (source, dataset) in zip(sources, datasets) {
            for task in source.tasks { result[task] = dataset }
        }
        return result
    }
}
