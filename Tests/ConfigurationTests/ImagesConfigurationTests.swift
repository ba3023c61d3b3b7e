import Configuration
import Datasets
import Images
import Testing

@Suite struct ImagesConfigurationTests {
    private func read(_ dataset: String) throws -> ExperimentConfiguration {
        let yaml = """
            dataset: \(dataset)
            trunk: {model: efficientnet-lite0}
            tasks: [{name: class, loss: crossEntropy}]
            optimizer: {name: adam, learningRate: 1.0e-3}
            epochs: 1
            batchSize: 32
            """
        return try ExperimentConfiguration(yaml: yaml, source: "test.yaml")
    }

    private func message(_ dataset: String) -> String {
        do { _ = try read(dataset) } catch { return "\(error)" }
        return ""
    }

    @Test("Fashion-MNIST, folders and lists, with everything written out")
    func read() throws {
        let fashion = try read(
            "{name: fashion-mnist, samples: 1000, preprocessing: efficientnet-lite0, augmentation: {flip: 0.5, crop: 0.6}}")
        #expect(
            fashion.dataset.images
                == ImagesConfiguration(
                    source: .fashionMNIST(folder: MultiFashion.defaultFolder, samples: 1000),
                    preprocessing: try #require(ImagePreprocessing.presets["efficientnet-lite0"]),
                    augmentation: ImageAugmentation(flip: 0.5, crop: 0.6)))
        let folder = try read(
            "{name: image-folder, folder: pets, seed: 3, preprocessing: {name: imagenet, height: 64, width: 96, shortSide: 100}}")
        #expect(folder.dataset.images?.source == .folder("pets"))
        #expect(folder.dataset.images?.preprocessing.framing == .shortSide(100))
        #expect(folder.dataset.images?.preprocessing.width == 96)
        let list = try read(
            "{name: images, training: a.csv, test: b.csv, image: file, targets: [{column: class, kind: classes}], "
                + "preprocessing: {name: custom, channels: 1, share: 0.9, filter: bicubic, convention: torch, antialias: false, "
                + "height: 28, width: 28, mean: [0], deviation: [255]}}")
        let preprocessing = try #require(list.dataset.images?.preprocessing)
        #expect(preprocessing.framing == .centerCrop(share: 0.9))
        #expect(preprocessing.resize == ImageResize(.bicubic, .torch, antialias: false))
        #expect(preprocessing.mean == [0] && preprocessing.deviation == [255])
        for configuration in [fashion, folder, list] {
            let again = try ExperimentConfiguration(yaml: try configuration.yaml(), source: "again")
            #expect(again == configuration)
        }
    }

    @Test(
        "mistakes are named",
        arguments: [
            ("{name: fashion-mnist}", "dataset.preprocessing: missing"),
            (
                "{name: fashion-mnist, preprocessing: imagnet}",
                "unknown preprocessing \"imagnet\"; did you mean \"imagenet\"?"
            ),
            (
                "{name: fashion-mnist, preprocessing: {name: imagenet, height: 300}}",
                "found preprocessing: shortSide 256, expected at least 300"
            ),
            (
                "{name: fashion-mnist, preprocessing: imagenet, augmentation: {flip: 3}}",
                "found augmentation: flip 3.0, expected a probability"
            ),
            (
                "{name: fashion-mnist, preprocessing: imagenet, augmentation: {flipp: 1}}",
                "dataset.augmentation.flipp: unknown key; did you mean \"flip\"?"
            ),
            ("{name: image-folder, preprocessing: imagenet}", "dataset.folder: missing"),
        ])
    func mistakes(dataset: String, expected: String) {
        let found = message(dataset)
        #expect(found.contains(expected), "\(found)")
    }
}
