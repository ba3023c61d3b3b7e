import CZlib
import Compute
import Datasets
import Foundation
import Images
import Testing

/// A PNG file of grey pixels.
func png(width: Int, height: Int, _ pixels: [UInt8]) throws -> [UInt8] {
    var rows: [UInt8] = []
    for row in 0..<height {
        rows.append(0)
        rows += pixels[row * width..<(row + 1) * width]
    }
    var length = compressBound(UInt(rows.count))
    var packed = [UInt8](repeating: 0, count: Int(length))
    #expect(compress(&packed, &length, rows, UInt(rows.count)) == Z_OK)
    func word(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
    func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + content
        let checksum = Int(crc32(0, body, UInt32(body.count)))
        return word(content.count) + body + word(checksum)
    }
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    file += chunk("IHDR", word(width) + word(height) + [8, 0, 0, 0, 0])
    file += chunk("IDAT", Array(packed.prefix(Int(length))))
    return file + chunk("IEND", [])
}

@Suite struct ImageDatasetTests {
    /// Values stay as they are.
    private func plain(_ width: Int, _ height: Int, channels: Int = 1) throws -> ImagePreprocessing {
        try ImagePreprocessing(
            height: height, width: width, channels: channels, framing: .stretch, resize: ImageResize(.bilinear),
            mean: Array(repeating: 0, count: channels), deviation: Array(repeating: 1, count: channels))
    }

    @Test("a list gives images with the labels of several tasks, of which some are missing")
    func list() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: "\(folder.path)/images", withIntermediateDirectories: true)
        for (name, value) in [("a", 10), ("b", 20), ("c", 30)] {
            _ = try folder.write(
                try png(width: 3, height: 2, [UInt8](repeating: UInt8(value), count: 6)), to: "images/\(name).png")
        }
        let text = "image,kind,size,old\nimages/a.png,cat,1.5,yes\nimages/b.png,dog,,no\n\(folder.path)/images/c.png,?,3,\n"
        let path = try folder.write(Array(text.utf8), to: "list.csv")
        let schema = TabularSchema(targets: [
            TabularSchema.Target(task: "kind", column: "kind", kind: .classes),
            TabularSchema.Target(task: "size", column: "size", kind: .number),
            TabularSchema.Target(task: "old", column: "old", kind: .binary(positive: ["yes"])),
        ])
        let list = try ImageList(path: path, column: "image", schema: schema)
        let labels = try list.preprocessing()
        let dataset = try list.dataset(labels: labels, preprocessing: try plain(3, 2, channels: 3))
        #expect(dataset.count == 3 && dataset.inputShape == [2, 3, 3])
        #expect(dataset.tasks.first?.kind == .classes(count: 2, names: ["cat", "dog"]))
        let batch = try dataset.batch(of: [2, 0, 1])
        let values: [Float] = [30, 10, 20]
        #expect(batch.inputs.floats == values.flatMap { [Float](repeating: $0, count: 18) })
        #expect(batch.targets["kind"]?.ints == [ArrayDataset.Target.ignoredLabel, 0, 1])
        #expect(batch.targets["size"]?.floats == [3, 1.5, 0] && batch.masks["size"]?.floats == [1, 1, 0])
        #expect(batch.targets["old"]?.floats == [0, 1, 0] && batch.masks["old"]?.floats == [0, 1, 1])

        // The classes are those of the training list.
        let other = try folder.write(Array("image,kind,size,old\nimages/a.png,horse,1,no\n".utf8), to: "other.csv")
        #expect(throws: DatasetError.self) {
            try ImageList(path: other, column: "image", schema: schema).dataset(
                labels: labels, preprocessing: try plain(3, 2))
        }
        // Files are looked for before training begins, and read when they are needed.
        let lost = try folder.write(Array("image,kind,size,old\nimages/d.png,cat,1,no\n".utf8), to: "lost.csv")
        #expect(throws: DatasetError.missingFile(
            path: "\(folder.path)/images/d.png",
            advice: "\(lost) lists it; relative paths begin in the folder of the list.")
        ) {
            try ImageList(path: lost, column: "image", schema: schema).dataset(
                labels: labels, preprocessing: try plain(3, 2))
        }
        _ = try folder.write([], to: "images/b.png")
        #expect(throws: ImageError.invalidFile(path: "\(folder.path)/images/b.png", problem: .empty)) {
            try dataset.batch(of: [1])
        }
    }

    @Test("a folder per class")
    func folder() throws {
        let folder = try TemporaryFolder()
        for (name, value) in [("train/wolf/1", 1), ("train/ape/2", 2), ("train/ape/1", 3), ("test/wolf/x", 4)] {
            let file = "\(folder.path)/\(name).png"
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            _ = try folder.write(try png(width: 1, height: 1, [UInt8(value)]), to: "\(name).png")
        }
        _ = try folder.write(Array("notes".utf8), to: "train/ape/notes.txt")
        let training = try ImageFolder(path: "\(folder.path)/train")
        let dataset = try training.dataset(preprocessing: try plain(1, 1))
        #expect(dataset.tasks == [TaskDescription(name: "class", kind: .classes(count: 2, names: ["ape", "wolf"]))])
        let batch = try dataset.batch(of: [0, 1, 2])
        #expect(batch.inputs.floats == [3, 2, 1] && batch.targets["class"]?.ints == [0, 0, 1])
        let test = try ImageFolder(path: "\(folder.path)/test", classes: training.classes)
        #expect(try test.dataset(preprocessing: try plain(1, 1)).batch(of: [0]).targets["class"]?.ints == [1])
        #expect(throws: DatasetError.self) { try ImageFolder(path: "\(folder.path)/test", classes: ["ape"]) }
        #expect(throws: DatasetError.self) { try ImageFolder(path: "\(folder.path)/train/ape") }
        #expect(throws: DatasetError.self) { try ImageFolder(path: "\(folder.path)/nowhere") }
    }

    /// The files of a training split with `count` images of every class; every pixel of an image is its number.
    private func fashion(_ count: Int) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let images = UInt32(10 * count)
        _ = try folder.write(
            try gzip(idx([images, 28, 28], (0..<784 * images).map { UInt8($0 / 784) })),
            to: "train-images-idx3-ubyte.gz")
        _ = try folder.write(
            try gzip(idx([images], (0..<images).map { UInt8($0 * 3 % 10) })), to: "train-labels-idx1-ubyte.gz")
        return folder
    }

    @Test("Fashion-MNIST in the size and colours of a network, with as many labels of every class")
    func fashionMNIST() throws {
        let folder = try fashion(5)
        let preprocessing = try plain(7, 9, channels: 3)
        func read(_ samples: Int?, seed: UInt64 = 0) throws -> ImageDataset {
            try FashionMNIST.dataset(
                .train, folder: folder.path, samples: samples, seed: seed, preprocessing: preprocessing)
        }
        let all = try read(nil)
        #expect(all.count == 50 && all.inputShape == [9, 7, 3])
        let batch = try all.batch(of: [4])
        #expect(batch.inputs.floats == [Float](repeating: 4, count: 9 * 7 * 3))
        // 4 · 3 mod 10 is the class 2, a pullover, worn above the waist.
        #expect(batch.targets["class"]?.ints == [2] && batch.targets["group"]?.ints == [0])
        let classes = try all.batch(of: Array(0..<10)).targets
        let groups = Dictionary(
            zip(classes["class"]?.ints ?? [], classes["group"]?.ints ?? []), uniquingKeysWith: { $1 })
        #expect(groups == [0: 0, 1: 1, 2: 0, 3: 0, 4: 0, 5: 2, 6: 0, 7: 2, 8: 3, 9: 2])

        let some = try read(20)
        let labels = try #require(try some.batch(of: Array(0..<20)).targets["class"]?.ints)
        for label in Int32(0)..<10 { #expect(labels.count { $0 == label } == 2) }
        #expect(try read(20).batch(of: Array(0..<20)) == some.batch(of: Array(0..<20)))
        #expect(try read(20, seed: 1).batch(of: Array(0..<20)) != some.batch(of: Array(0..<20)))
        #expect(throws: DatasetError.self) { try read(51) }
    }

    @Test("random changes follow the epoch, and validation samples have none")
    func augmentation() throws {
        let pixels = (0..<64).map { UInt8($0 * 4) }
        let dataset = try ImageDataset(
            .grey(bytes: pixels + pixels, width: 8, height: 8),
            targets: [.classes("class", labels: [0, 1], count: 2)], preprocessing: try plain(8, 8),
            augmentation: ImageAugmentation(crop: 0.3, brightness: 0.5), seed: 5)
        let still = try dataset.batch(of: [1, 0])
        #expect(still.inputs.floats == (pixels + pixels).map(Float.init))
        let (first, second) = (try dataset.batch(of: [1, 0], epoch: 3), try dataset.batch(of: [1, 0], epoch: 4))
        #expect(first != still && first != second)
        #expect(try dataset.batch(of: [1, 0], epoch: 3) == first)
        // What happens to a sample does not depend on the batch, nor on the part of the data set that it is seen in.
        let subset = Subset(of: dataset, [1])
        #expect(try subset.batch(of: [0], epoch: 3).inputs.floats == first.inputs.floats.map { Array($0.prefix(64)) })
        #expect(try dataset.withoutAugmentation.batch(of: [1, 0], epoch: 3) == still)
        // The loader tells the epoch.
        let loader = try BatchLoader(dataset, batchSize: 2, order: .sequential)
        #expect(try loader.epoch(3).next() == dataset.batch(of: [0, 1], epoch: 3))
    }

    @Test("mixed images and targets have the same share, and drawn classes follow it in the mean")
    func mixup() throws {
        // An image is bright or dark as its class says, so that the share of either can be read off.
        let pixels = (0..<40).map { UInt8($0 % 2 * 200) }
        let dataset = try ImageDataset(
            .grey(bytes: pixels, width: 1, height: 1),
            targets: [
                .classes("class", labels: (0..<40).map { $0 % 2 }, count: 2),
                .regression("value", values: (0..<40).map { Float($0 % 2 * 200) }, columns: 1),
                .regression(
                    "some", values: (0..<40).map { Float($0 % 2) }, columns: 1,
                    mask: (0..<40).map { $0 % 4 < 2 ? 1 : 0 }),
            ], preprocessing: try plain(1, 1), augmentation: ImageAugmentation(mixup: 0.4), seed: 1)
        var shares: Set<Float> = []
        var (drawn, expected) = (0.0, 0.0)
        for epoch in 0..<150 {
            let batch = try dataset.batch(of: Array(0..<40), epoch: epoch)
            #expect(try dataset.batch(of: Array(0..<40), epoch: epoch) == batch)
            let inputs = try #require(batch.inputs.floats)
            let numbers = try #require(batch.targets["value"]?.floats)
            #expect(zip(numbers, inputs).allSatisfy { abs($0 - $1) < 1e-3 })
            let labels = try #require(batch.targets["class"]?.ints)
            for (input, label) in zip(inputs, labels) {
                drawn += Double(label)
                expected += Double(input / 200)
                shares.insert(input / 200)
            }
            // Where only one of two has a number, that one counts, by its share.
            let (values, weights) = (batch.targets["some"]?.floats ?? [], batch.masks["some"]?.floats ?? [])
            #expect(values.allSatisfy { (0...1).contains($0) } && weights.allSatisfy { (0...1.0001).contains($0) })
        }
        // 6000 draws: three deviations are below 120.
        #expect(abs(drawn - expected) < 120)
        // Beta(0.4, 0.4) lies near the ends: two thirds are within a quarter of them.
        #expect(shares.count > 100)
        let inner = shares.filter { $0 > 0.25 && $0 < 0.75 }
        #expect(Double(inner.count) < 0.45 * Double(shares.count) && !inner.isEmpty)
    }
}
