import Checkpoints
import Compute
import Foundation
import Networks
import Tensors
import TestDevices
import Testing
import Transfer

/// The networks of `Fixtures/peft-record.py`.
private struct ForeignNetwork {
    let set: AdapterSet
    let layers: any Layer
    let arena: ParameterArena
    let isConvolutional: Bool

    init(_ name: String, _ adapter: PEFTAdapter, on device: any Device) throws {
        isConvolutional = name == "convolutional"
        set = try AdapterSet(.lowRank(adapter.adaptation), targets: adapter.targets)
        let scope = ParameterScope()
        let inner = scope["trunk"].adapting(set)
        if isConvolutional {
            layers = Sequential([
                Convolution2D(
                    inner["conv"], inputs: 3, outputs: 6, window: Window2D(size: 3, stride: 2, padding: 1),
                    activation: .relu), GlobalAveragePool2D(), Linear(inner["fc"], inputs: 6, outputs: 4),
            ])
        } else {
            layers = MLP(inner, inputs: 6, hidden: [7, 5])
        }
        arena = try ParameterArena(scope, seed: 2, on: device)
    }

    /// Takes over the base network of a reference, which has PyTorch's axes.
    func readBase(_ reference: SafetensorsFile) throws {
        for segment in arena.segments where segment.name.hasPrefix("trunk.") {
            let name = "base." + segment.name.dropFirst("trunk.".count)
            let shape = Shape(try reference.tensor(named: name).shape)
            let tensor = try Tensor(try reference.floats(of: name), shape: shape, on: arena.device)
            let order = shape.rank == 4 ? [2, 3, 1, 0] : shape.rank == 2 ? [1, 0] : [0]
            try arena.view(of: segment, in: arena.values).overwrite(with: tensor.transposed(order).floats())
        }
    }

    func output(_ reference: SafetensorsFile) throws -> [Float] {
        let shape = Shape(try reference.tensor(named: "input").shape)
        var input = try Tensor(try reference.floats(of: "input"), shape: shape, on: arena.device)
        if isConvolutional { input = try input.transposed([0, 2, 3, 1]) }
        return try layers(input, in: ForwardContext(arena, mode: .evaluation)).floats()
    }
}

@Suite("Adapters in the files of peft")
struct PEFTAdapterTests {
    private func folder(_ name: String) throws -> String {
        try #require(Bundle.module.url(forResource: "peft/\(name)", withExtension: nil)).path
    }

    private func loaded(_ name: String, on device: any Device) throws -> (ForeignNetwork, SafetensorsFile) {
        let folder = try folder(name)
        let adapter = try PEFTAdapter(folder: folder)
        let reference = try SafetensorsFile(path: folder + "/reference.safetensors")
        let network = try ForeignNetwork(name, adapter, on: device)
        try network.readBase(reference)
        try adapter.load(into: network.set, in: network.arena)
        return (network, reference)
    }

    @Test("peft's adapters give peft's outputs", arguments: TestDevice.available, ["connected", "convolutional"])
    func reads(device: TestDevice, name: String) throws {
        let (network, reference) = try loaded(name, on: try device.make())
        let (adapted, plain) = (try reference.floats(of: "output"), try reference.floats(of: "plain"))
        #expect(zip(adapted, plain).contains { abs($0 - $1) > 0.1 })
        expectClose(try network.output(reference), adapted, within: 1e-5)
        try AdapterSet.merge([network.set], in: network.arena)
        expectClose(try network.output(reference), adapted, within: 1e-5)
    }

    @Test("what is written is read again, bit for bit", arguments: ["connected", "convolutional"])
    func writes(name: String) throws {
        let (network, _) = try loaded(name, on: try TestDevice.cpu.make())
        let written = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: written) }
        try PEFTAdapter.write(network.set, in: network.arena, baseModel: "base", to: written)
        let (own, foreign) = (
            try SafetensorsFile(path: "\(written)/\(PEFTAdapter.tensorFile)"),
            try SafetensorsFile(path: "\(try folder(name))/\(PEFTAdapter.tensorFile)")
        )
        #expect(Set(own.tensors.map(\.name)) == Set(foreign.tensors.map(\.name)))
        for tensor in foreign.tensors {
            #expect(try own.tensor(named: tensor.name).shape == tensor.shape)
            #expect(try own.floats(of: tensor.name) == foreign.floats(of: tensor.name))
        }
        let adapter = try PEFTAdapter(folder: written)
        #expect(adapter.adaptation == (try PEFTAdapter(folder: folder(name))).adaptation)
        let second = try ForeignNetwork(name, adapter, on: network.arena.device)
        #expect(second.set.layers.map(\.path) == network.set.layers.map(\.path))
    }

    /// For `scripts/check-peft.sh`, which has peft read what this writes.
    @Test(
        "peft reads what is written",
        .enabled(if: ProcessInfo.processInfo.environment["CONCORD_PEFT"] != nil, "run scripts/check-peft.sh"))
    func writesForPeft() throws {
        let target = try #require(ProcessInfo.processInfo.environment["CONCORD_PEFT"])
        for name in ["connected", "convolutional"] {
            let (network, reference) = try loaded(name, on: try TestDevice.cpu.make())
            // Adapters that peft has not seen.
            try fill(network.arena, containing: "lora_")
            try PEFTAdapter.write(network.set, in: network.arena, to: "\(target)/\(name)")
            var tensors = try reference.tensors.filter { $0.name != "output" && $0.name != "plain" }.map {
                NamedTensor(name: $0.name, shape: $0.shape, elements: .float32(try reference.floats(of: $0.name)))
            }
            tensors.append(
                NamedTensor(
                    name: "output", shape: try reference.tensor(named: "output").shape,
                    elements: .float32(try network.output(reference))))
            try SafetensorsFile.write(tensors, metadata: [:], to: "\(target)/\(name)/reference.safetensors")
        }
    }

    @Test("adapters of other networks, and options that compute something else, are refused")
    func refuses() throws {
        let source = try folder("connected")
        let copy = temporaryPath()
        try FileManager.default.copyItem(atPath: source, toPath: copy)
        defer { try? FileManager.default.removeItem(atPath: copy) }
        let path = "\(copy)/\(PEFTAdapter.configurationFile)"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        func error(_ old: String, _ new: String) throws -> String {
            #expect(text.contains(old))
            try text.replacing(old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
            do {
                _ = try PEFTAdapter(folder: copy)
                return "accepted"
            } catch {
                return "\(error)"
            }
        }
        #expect(try error(#""peft_type": "LORA""#, #""peft_type": "IA3""#).contains(#"peft_type is "IA3""#))
        #expect(try error(#""use_dora": false"#, #""use_dora": true"#).contains("use_dora is true"))
        #expect(try error(#""fan_in_fan_out": false"#, #""fan_in_fan_out": true"#).contains("fan_in_fan_out"))
        #expect(try error(#""bias": "none""#, #""bias": "all""#).contains(#"bias is "all""#))
        #expect(try error(#""rank_pattern": {}"#, #""rank_pattern": {"0": 4}"#).contains("rank_pattern"))
        #expect(try error(#""r": 3"#, #""rank": 3"#).contains(#""r" is missing"#))
        #expect(try error(#""r": 3"#, #""r": "three""#).contains(#""r" is of another type"#))
        #expect(try error(text, "no JSON").contains("no JSON"))
        #expect(throws: CheckpointError.missingFile(path: "/nowhere/adapter_config.json")) {
            try PEFTAdapter(folder: "/nowhere")
        }
        // Rank stabilisation divides by the root of the rank.
        #expect(try error(#""use_rslora": false"#, #""use_rslora": true"#) == "accepted")
        let stabilized = try PEFTAdapter(folder: copy).adaptation
        #expect(abs(stabilized.alpha / 3 - 6 / Float(3).squareRoot()) < 1e-6)

        // A set of one layer alone leaves tensors over; a wider network has other shapes. Nothing changes.
        let adapter = try PEFTAdapter(folder: source)
        func failure(targets: AdapterTargets, hidden: Int, rank: Int = 3) throws -> String {
            let set = try AdapterSet(.lowRank(LowRankAdaptation(rank: rank, alpha: 6)), targets: targets)
            let scope = ParameterScope()
            _ = MLP(scope["trunk"].adapting(set), inputs: 6, hidden: [hidden, 5])
            let arena = try ParameterArena(scope, seed: 2, on: try TestDevice.cpu.make())
            let before = try arena.values.floats()
            defer { #expect((try? arena.values.floats()) == before) }
            do {
                try adapter.load(into: set, in: arena)
                return "loaded"
            } catch {
                return "\(error)"
            }
        }
        #expect(try failure(targets: .names(["0"]), hidden: 7).contains("no such tensor"))
        #expect(try failure(targets: .allLinear, hidden: 8).contains("is [7, 3], the adapters of this network expect [8, 3]"))
        #expect(try failure(targets: .allLinear, hidden: 7, rank: 2).contains("rank 3"))
    }
}
