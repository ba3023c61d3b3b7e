import Datasets
import Testing

@Suite("Datasets of arrays")
struct ArrayDatasetTests {
    private let inputs: [Float] = [0, 1, 10, 11, 20, 21]

    @Test("a batch gathers inputs, targets and masks in the order of the indices")
    func batch() throws {
        let dataset = try ArrayDataset(
            inputs: inputs, inputShape: [2, 1],
            targets: [
                .classes("kind", labels: [2, -100, 0], count: 3, names: ["a", "b", "c"]),
                .regression("place", values: [1, 2, 3, 4, 5, 6], columns: 2, mask: [1, 0, 0.5]),
            ])
        #expect(dataset.count == 3)
        #expect(dataset.tasks.map(\.name) == ["kind", "place"])
        #expect(dataset.tasks[0].kind == .classes(count: 3, names: ["a", "b", "c"]))
        #expect(dataset.tasks[1].kind == .regression(columns: 2))

        let batch = dataset.batch(of: [2, 0, 2, 1])
        #expect(batch.count == 4)
        #expect(batch.inputs == HostTensor([20, 21, 0, 1, 20, 21, 10, 11] as [Float], shape: [4, 2, 1]))
        #expect(batch.targets.count == 2)
        #expect(batch.targets["kind"] == HostTensor([0, 2, 0, -100] as [Int32], shape: [4]))
        #expect(batch.targets["place"] == HostTensor([5, 6, 1, 2, 5, 6, 3, 4] as [Float], shape: [4, 2]))
        #expect(batch.masks == ["place": HostTensor([0.5, 1, 0.5, 0] as [Float], shape: [4])])
    }

    @Test("a label out of range names the task, the sample, the label and the number of classes", arguments: [3, -1, 99])
    func labelOutOfRange(label: Int32) {
        let error = DatasetError.labelOutOfRange(task: "kind", sample: 1, label: Int(label), classes: 3)
        #expect(throws: error) {
            try ArrayDataset(
                inputs: inputs, inputShape: [2], targets: [.classes("kind", labels: [0, label, 99], count: 3)])
        }
        for part in ["\"kind\"", "sample 1", "label \(label)", "3 classes"] {
            #expect(error.description.contains(part))
        }
    }

    @Test("arrays that do not fit together are refused")
    func wrongCounts() {
        #expect(throws: DatasetError.partialSample(values: 6, perSample: 4)) {
            try ArrayDataset(inputs: inputs, inputShape: [2, 2], targets: [])
        }
        #expect(throws: DatasetError.wrongCount(what: "labels", task: "kind", found: 2, expected: 3)) {
            try ArrayDataset(inputs: inputs, inputShape: [2], targets: [.classes("kind", labels: [0, 1], count: 2)])
        }
        #expect(throws: DatasetError.wrongCount(what: "class names", task: "kind", found: 1, expected: 2)) {
            try ArrayDataset(
                inputs: inputs, inputShape: [2],
                targets: [.classes("kind", labels: [0, 1, 0], count: 2, names: ["only"])])
        }
        #expect(throws: DatasetError.wrongCount(what: "target values", task: "place", found: 5, expected: 6)) {
            try ArrayDataset(
                inputs: inputs, inputShape: [2],
                targets: [.regression("place", values: [1, 2, 3, 4, 5], columns: 2)])
        }
        #expect(throws: DatasetError.wrongCount(what: "values of the mask", task: "kind", found: 4, expected: 3)) {
            try ArrayDataset(
                inputs: inputs, inputShape: [2],
                targets: [.classes("kind", labels: [0, 1, 0], count: 2, mask: [1, 1, 1, 1])])
        }
        #expect(throws: DatasetError.duplicateTask(name: "kind")) {
            try ArrayDataset(
                inputs: inputs, inputShape: [2],
                targets: [
                    .classes("kind", labels: [0, 1, 0], count: 2), .regression("kind", values: [1, 2, 3], columns: 1),
                ])
        }
    }

    @Test("numbers that cannot be trained on are refused")
    func unusableValues() {
        #expect(throws: DatasetError.unusableValue(what: "an input value", task: nil, sample: 1, value: "nan")) {
            try ArrayDataset(inputs: [0, 1, 2, .nan], inputShape: [2], targets: [])
        }
        #expect(throws: DatasetError.unusableValue(what: "a target value", task: "place", sample: 2, value: "-inf")) {
            try ArrayDataset(
                inputs: inputs, inputShape: [2],
                targets: [.regression("place", values: [1, 2, 3, 4, 5, -.infinity], columns: 2)])
        }
        #expect(throws: DatasetError.unusableValue(what: "the mask", task: "place", sample: 0, value: "-1.0")) {
            try ArrayDataset(
                inputs: inputs, inputShape: [2],
                targets: [.regression("place", values: [1, 2, 3], columns: 1, mask: [-1, 0, 1])])
        }
    }
}
