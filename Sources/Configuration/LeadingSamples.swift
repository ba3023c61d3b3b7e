import Compute
import Datasets

/// The first samples of a dataset.
struct LeadingSamples: Dataset {
    let base: any Dataset
    let count: Int

    init(of base: any Dataset, count: Int) {
        self.base = base
        self.count = min(count, base.count)
    }

    var inputShape: Shape { base.inputShape }
    var tasks: [TaskDescription] { base.tasks }

    func batch(of indices: [Int]) throws -> Batch { try base.batch(of: indices) }
}
