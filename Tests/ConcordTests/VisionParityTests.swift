import Concord
import Foundation
import Testing

private let assets = FileManager.default.currentDirectoryPath + "/Assets"
private let recorded = assets + "/vision-parity/expected.safetensors"
private let hasAssets = FileManager.default.fileExists(atPath: recorded)
private let devices = ["cpu", "opencl"].filter { (try? Devices.choose($0)) != nil }

/// Pretrained networks on photographs, against PyTorch; see `scripts/check-vision.sh`.
@Suite(.enabled(if: hasAssets, "NOT CHECKED ON REAL WEIGHTS: scripts/check-vision.sh fetches and records them"))
struct VisionParityTests {

    private func imageNames() throws -> [String] {
        try TensorArchives.open(recorded).tensors.map(\.name).filter { $0.hasPrefix("logits.") }.map {
            String($0.dropFirst("logits.".count))
        }
    }

    private func image(_ name: String) throws -> Bitmap {
        try Bitmap(contentsOf: assets + "/vision-parity/\(name).png")
    }

    private func distance(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> Float {
        zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }

    @Test("EfficientNet-Lite0: logits to 1e-3, the same best class", arguments: devices)
    func efficientNet(device: String) throws {
        let device = try Devices.choose(device).device
        let scope = ParameterScope()
        let network = EfficientNetLite(scope, .lite0, classes: 1000)
        let arena = try ParameterArena(scope, seed: 0, on: device)
        let weights = try TensorArchives.open(
            assets + "/efficientnet-lite0/efficientnet-lite0-57934424.pth")
        let report = try WeightMapping.efficientNetLite().apply(weights, to: arena)
        #expect(report.missing.isEmpty && report.leftOver.isEmpty)

        let preprocessing = try #require(ImagePreprocessing.presets["efficientnet-lite0"])
        let names = try imageNames()
        #expect(names.count == 20)
        let inputs = try names.flatMap { preprocessing(try image($0)) }
        let logits = try network(
            try Tensor(inputs, shape: [names.count, 224, 224, 3], on: device),
            in: ForwardContext(arena, mode: .evaluation)
        ).floats()
        let expected = try TensorArchives.open(recorded)
        var worst: Float = 0
        for (row, name) in names.enumerated() {
            let theirs = try expected.floats(of: "logits.\(name)")
            let ours = Array(logits[row * 1000..<(row + 1) * 1000])
            worst = max(worst, distance(ours, theirs))
            #expect(ours.firstIndex(of: ours.max() ?? 0) == theirs.firstIndex(of: theirs.max() ?? 0), "\(name)")
        }
        print("EfficientNet-Lite0 on \(device.information.name): logits off by at most \(worst)")
        #expect(worst <= 1e-3)
    }

    @Test("O-Net: all three outputs to 1e-4", arguments: devices)
    func onet(device: String) throws {
        let device = try Devices.choose(device).device
        let scope = ParameterScope()
        let trunk = ONet(scope)
        let heads = ONet.tasks.map { task in
            MLP(scope[task.name], inputs: trunk.featureCount, hidden: [], outputs: task.outputs)
        }
        let arena = try ParameterArena(scope, seed: 0, on: device)
        try WeightMapping.onet().apply(
            try TensorArchives.open(assets + "/mtcnn/onet.pt"), to: arena)

        let preprocessing = try #require(ImagePreprocessing.presets["onet"])
        let expected = try TensorArchives.open(recorded)
        var worst: Float = 0
        for name in try imageNames() {
            let input = try Tensor(preprocessing(try image(name)), shape: [1, 48, 48, 3], on: device)
            let context = ForwardContext(arena, mode: .evaluation)
            let features = try trunk(input, in: context)
            for (task, head) in zip(ONet.tasks, heads) {
                let output = try head(features, in: context)
                let values = try (task.name == "face" ? try output.softmax() : output).floats()
                worst = max(worst, distance(values, try expected.floats(of: "onet.\(name).\(task.name)")))
            }
        }
        print("O-Net on \(device.information.name): outputs off by at most \(worst)")
        #expect(worst <= 1e-4)
    }

    @Test(
        "JPEG files lead to the same class as without loss",
        .enabled(
            if: FileManager.default.fileExists(atPath: assets + "/vision-images"),
            "NO PHOTOGRAPHS: scripts/fetch-vision-images.sh fetches them"))
    func jpeg() throws {
        let device = try Devices.choose("cpu").device
        let scope = ParameterScope()
        let network = EfficientNetLite(scope, .lite0, classes: 1000)
        let arena = try ParameterArena(scope, seed: 0, on: device)
        try WeightMapping.efficientNetLite().apply(
            try TensorArchives.open(
                assets + "/efficientnet-lite0/efficientnet-lite0-57934424.pth"), to: arena)
        let preprocessing = try #require(ImagePreprocessing.presets["efficientnet-lite0"])
        // The three with a class of ImageNet among those that are stored as JPEG.
        for (name, label) in [("squirrel_cls", 335), ("baboon", 372), ("orange", 950)] {
            let image = try Bitmap(contentsOf: assets + "/vision-images/\(name).jpg")
            let logits = try network(
                try Tensor(preprocessing(image), shape: [1, 224, 224, 3], on: device),
                in: ForwardContext(arena, mode: .evaluation)
            ).floats()
            #expect(logits.firstIndex(of: logits.max() ?? 0) == label)
        }
    }
}
