import Datasets
import Foundation
import Testing

private let isInstalled = FileManager.default.fileExists(
    atPath: "\(MultiFashion.defaultFolder)/train-images-idx3-ubyte.gz")

@Suite("Multi-Fashion")
struct MultiFashionTests {
    /// The canvas by definition, pixel by pixel.
    private static func canvas(_ topLeft: ArraySlice<UInt8>, _ bottomRight: ArraySlice<UInt8>) -> [Float] {
        func pixel(_ image: ArraySlice<UInt8>, _ y: Int, _ x: Int) -> UInt8 {
            (0..<28).contains(y) && (0..<28).contains(x) ? image[image.startIndex + y * 28 + x] : 0
        }
        return (0..<36).flatMap { y in
            (0..<36).map { x in Float(max(pixel(topLeft, y, x), pixel(bottomRight, y - 8, x - 8))) / 255 }
        }
    }

    private static func expectComposition(_ dataset: MultiFashion, images: [UInt8], labels: [UInt8], indices: [Int]) {
        let batch = dataset.batch(of: indices)
        #expect(batch.count == indices.count)
        #expect(batch.inputs.shape == [indices.count, 36, 36, 1])
        #expect(batch.masks.isEmpty)
        #expect(batch.targets["topLeft"]?.ints == indices.map { Int32(labels[$0]) })
        #expect(batch.targets["bottomRight"]?.ints == indices.map { Int32(labels[dataset.partners[$0]]) })
        let expected = indices.flatMap { index in
            let partner = dataset.partners[index]
            return canvas(images[index * 784..<(index + 1) * 784], images[partner * 784..<(partner + 1) * 784])
        }
        #expect(batch.inputs.floats == expected)
    }

    @Test(
        "real canvases equal the definition",
        .enabled(
            if: isInstalled,
            "NOT CHECKED ON REAL DATA: Fashion-MNIST is missing, install it with `apt-get install dataset-fashion-mnist`"),
        arguments: MultiFashion.Split.allCases)
    func realData(split: MultiFashion.Split) throws {
        let dataset = try MultiFashion(split)
        #expect(dataset.count == (split == .train ? 60_000 : 10_000))
        #expect(dataset.inputShape == [36, 36, 1])
        #expect(dataset.tasks.map(\.name) == ["topLeft", "bottomRight"])
        for task in dataset.tasks { #expect(task.kind == .classes(count: 10, names: MultiFashion.classNames)) }
        #expect(dataset.partners.sorted() == Array(0..<dataset.count))

        let prefix = "\(MultiFashion.defaultFolder)/\(split == .train ? "train" : "t10k")"
        let images = Array(try gunzip(contentsOf: "\(prefix)-images-idx3-ubyte.gz").dropFirst(16))
        let labels = Array(try gunzip(contentsOf: "\(prefix)-labels-idx1-ubyte.gz").dropFirst(8))
        let indices = [0, dataset.count - 1, 3, 3] + stride(from: 11, to: dataset.count, by: dataset.count / 100)
        MultiFashionTests.expectComposition(dataset, images: images, labels: labels, indices: indices)
        // Published: every class has the same share.
        let batch = dataset.batch(of: Array(0..<10_000))
        let classes = try #require(batch.targets["topLeft"]?.ints)
        if split == .test {
            for label in 0..<Int32(10) { #expect(classes.count { $0 == label } == 1000) }
        }
    }

    @Test(
        "the partners are the recorded ones",
        .enabled(
            if: isInstalled,
            "NOT CHECKED ON REAL DATA: Fashion-MNIST is missing, install it with `apt-get install dataset-fashion-mnist`"))
    func partners() throws {
        // Printed by `permutations.py` beside this file.
        let dataset = try MultiFashion(.train, seed: 0)
        #expect(dataset.partners.prefix(5) == [41726, 40659, 53954, 16911, 130])
        #expect(dataset.partners.enumerated().reduce(0) { $0 + $1.offset * $1.element } == 53_989_585_888_275)
    }

    /// Writes the two files of a split.
    private func files(
        _ split: String = "train", images: [UInt8], labels: [UInt8], height: UInt32 = 28
    ) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let count = UInt32(images.count) / (height * 28)
        _ = try folder.write(gzip(idx([count, height, 28], images)), to: "\(split)-images-idx3-ubyte.gz")
        _ = try folder.write(gzip(idx([UInt32(labels.count)], labels)), to: "\(split)-labels-idx1-ubyte.gz")
        return folder
    }

    @Test("made-up canvases equal the definition", arguments: [UInt64(0), 1, 2])
    func generatedData(seed: UInt64) throws {
        let images = (0..<7 * 784).map { UInt8(truncatingIfNeeded: $0 * 37 + $0 / 256) }
        let labels: [UInt8] = [0, 9, 3, 3, 5, 1, 8]
        let folder = try files("t10k", images: images, labels: labels)
        let dataset = try MultiFashion(.test, folder: folder.path, seed: seed)
        MultiFashionTests.expectComposition(dataset, images: images, labels: labels, indices: [6, 0, 1, 2, 3, 4, 5, 5])
    }

    @Test("a missing file names its path and the package to install")
    func missing() throws {
        let folder = try TemporaryFolder()
        #expect {
            try MultiFashion(.train, folder: folder.path)
        } throws: { error in
            let message = "\(error)"
            return message.contains("\(folder.path)/train-images-idx3-ubyte.gz")
                && message.contains("dataset-fashion-mnist")
        }
    }

    @Test("files of another size, of different lengths or with other labels are refused")
    func misfits() throws {
        let images = [UInt8](repeating: 1, count: 2 * 784)
        let small = try files(images: images, labels: [1, 2], height: 14)
        #expect(throws: DatasetError.invalidFile(
            path: "\(small.path)/train-images-idx3-ubyte.gz",
            problem: .wrongDimensions(found: [4, 14, 28], expected: [4, 28, 28]))
        ) { try MultiFashion(.train, folder: small.path) }

        let unequal = try files(images: images, labels: [1, 2, 3])
        #expect(throws: DatasetError.invalidFile(
            path: "\(unequal.path)/train-labels-idx1-ubyte.gz",
            problem: .wrongDimensions(found: [3], expected: [2]))
        ) { try MultiFashion(.train, folder: unequal.path) }

        let mislabelled = try files(images: images, labels: [1, 10])
        #expect(throws: DatasetError.invalidFile(
            path: "\(mislabelled.path)/train-labels-idx1-ubyte.gz",
            problem: .labelOutOfRange(index: 1, label: 10, classes: 10))
        ) { try MultiFashion(.train, folder: mislabelled.path) }
    }
}
