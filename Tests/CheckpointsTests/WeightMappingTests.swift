import Checkpoints
import Networks
import TestDevices
import Tensors
import Testing

@Suite("Mappings of weights")
struct WeightMappingTests {
    private let folder: TemporaryFolder
    private var path: String { "\(folder.path)/foreign.safetensors" }

    init() throws { folder = try TemporaryFolder() }

    // MARK: Names

    @Test(
        "wildcards stand for parts and for any text",
        arguments: [
            ("a.*.b", "a.12.b", ["12"]), ("a.*.b", "a.1.2.b", nil), ("a.**.b", "a.1.2.b", ["1.2"]), ("*.*", "x.y", ["x", "y"]),
            ("**", "", [""]), ("*", "", nil), ("**.bias", "a.bias.bias", ["a.bias"]), ("exact", "exact", []), ("exact", "exactly", nil),
            ("ä*", "äö", ["ö"]),
        ] as [(String, String, [String]?)])
    func patterns(_ pattern: String, _ name: String, _ texts: [String]?) {
        #expect(NamePattern(pattern).matches(name) == texts)
    }

    // MARK: Layouts

    /// The value of an element is its place in the source, told by the axes' names.
    @Test("layouts move every element where its axes say")
    func layouts() {
        func values(_ shape: [Int]) -> [Float] { (0..<shape.reduce(1, *)).map(Float.init) }

        // Linear [outputs 2, inputs 3].
        #expect(WeightTransform.linear.apply(values([2, 3]), [2, 3]) == [0, 3, 1, 4, 2, 5])
        #expect(WeightTransform.linear.shape(of: [2, 3]) == [3, 2])
        #expect(WeightTransform.linear.shape(of: [2, 3, 1]) == nil)

        // Convolution [o 2, i 3, h 2, w 2] to [h, w, i, o].
        let filter = WeightTransform.convolution.apply(values([2, 3, 2, 2]), [2, 3, 2, 2])
        #expect(WeightTransform.convolution.shape(of: [2, 3, 2, 2]) == [2, 2, 3, 2])
        for o in 0..<2 {
            for i in 0..<3 {
                for h in 0..<2 {
                    for w in 0..<2 {
                        #expect(filter[((h * 2 + w) * 3 + i) * 2 + o] == Float(((o * 3 + i) * 2 + h) * 2 + w))
                    }
                }
            }
        }

        // TensorFlow's depthwise filter keeps its order.
        #expect(WeightTransform.depthwise.shape(of: [3, 3, 8, 2]) == [3, 3, 1, 16])
        #expect(WeightTransform.depthwise.apply(values([1, 1, 2, 2]), [1, 1, 2, 2]) == [0, 1, 2, 3])

        // Linear after flattening [o 2, c 2 · h 1 · w 3] to [h · w · c, o].
        let flattened = WeightTransform.linearAfterFlatten(channels: 2, height: 1, width: 3)
        #expect(flattened.shape(of: [2, 6]) == [6, 2])
        #expect(flattened.shape(of: [2, 5]) == nil)
        #expect(flattened.apply(values([2, 6]), [2, 6]) == [0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11])

        #expect(WeightTransform.linearFromConvolution.shape(of: [4, 3, 2, 1]) == [6, 4])
        #expect(WeightTransform.permuted([2, 0, 1]).shape(of: [4, 3, 2]) == [2, 4, 3])
        #expect(WeightTransform.permuted([0, 0, 1]).shape(of: [4, 3, 2]) == nil)
        #expect(WeightTransform.reshaped.fits([4, 3], into: [2, 6]))
        #expect(!WeightTransform.reshaped.fits([4, 3], into: [2, 5]))
    }

    // MARK: Imports

    /// A trunk of two layers and a head.
    private func arena() throws -> ParameterArena {
        let scope = ParameterScope()
        _ = Linear(scope["trunk"]["layers"]["0"], inputs: 2, outputs: 3)
        _ = BatchNorm(scope["trunk"]["norm"], channels: 3)
        _ = Linear(scope["heads"]["a"], inputs: 3, outputs: 1)
        return try ParameterArena(scope, seed: 1, on: TestDevice.cpu.make())
    }

    private let mapping = WeightMapping(
        [
            .rule("encoder.*.dense.weight", "layers.*.weight", .linear),
            .rule("encoder.*.dense.bias", "layers.*.bias"),
            .rule("bn.**", "norm.**"),
        ], ignoring: ["**.num_batches_tracked"])

    private func foreign(without name: String? = nil, and others: [NamedTensor] = []) throws -> any TensorArchive {
        let tensors = [
            NamedTensor(name: "encoder.0.dense.weight", shape: [3, 2], elements: .float32([1, 2, 3, 4, 5, 6])),
            NamedTensor(name: "encoder.0.dense.bias", shape: [3], elements: .float32([7, 8, 9])),
            NamedTensor(name: "bn.weight", shape: [3], elements: .float32([1, 1, 2])),
            NamedTensor(name: "bn.bias", shape: [3], elements: .float32([0, 0, 3])),
            NamedTensor(name: "bn.running_mean", shape: [3], elements: .float32([4, 4, 4])),
            NamedTensor(name: "bn.running_var", shape: [3], elements: .float32([5, 5, 5])),
            NamedTensor(name: "bn.num_batches_tracked", shape: [], elements: .int64([100])),
        ]
        try SafetensorsFile.write(tensors.filter { $0.name != name } + others, to: path)
        return try TensorArchives.open(path)
    }

    private func values(_ arena: ParameterArena) throws -> [String: [Float]] {
        Dictionary(uniqueKeysWithValues: try arena.namedTensors.map { ($0.name, try $0.tensor.floats()) })
    }

    @Test("parameters and statistics take the values of the file in the network's layout")
    func complete() throws {
        let arena = try arena()
        let before = try values(arena)
        let report = try mapping.apply(foreign(), to: arena, under: "trunk")
        #expect(report.isComplete)
        #expect(report.used.count == 6)
        #expect(report.ignored == ["bn.num_batches_tracked"])
        let after = try values(arena)
        #expect(after["trunk.layers.0.weight"] == [1, 3, 5, 2, 4, 6])
        #expect(after["trunk.layers.0.bias"] == [7, 8, 9])
        #expect(after["trunk.norm.running_mean"] == [4, 4, 4])
        #expect(after["trunk.norm.running_var"] == [5, 5, 5])
        #expect(after["heads.a.weight"] == before["heads.a.weight"])
    }

    @Test("without a scope new heads are missing, unless they are to be kept")
    func heads() throws {
        let arena = try arena()
        let whole = WeightMapping(
            [
                .rule("encoder.*.dense.weight", "trunk.layers.*.weight", .linear),
                .rule("encoder.*.dense.bias", "trunk.layers.*.bias"), .rule("bn.**", "trunk.norm.**"),
            ], ignoring: ["**.num_batches_tracked"])
        let archive = try foreign()
        #expect(throws: CheckpointError.self) { try whole.apply(archive, to: arena) }
        let report = try whole.apply(archive, to: arena, keeping: ["heads.**"])
        #expect(report.kept == ["heads.a.weight", "heads.a.bias"])
        #expect(report.isComplete)
    }

    /// What can be amiss, what allows it, and what the error says.
    private enum Trouble: CaseIterable {
        case missing, leftOver, withoutPlace, otherShape

        var allowance: WeightMapping.Allowance {
            switch self {
            case .missing: .missing
            case .leftOver, .withoutPlace: .leftOver
            case .otherShape: [.otherShape]
            }
        }

        var words: String {
            switch self {
            case .missing: "missing in the file: trunk.layers.0.bias"
            case .leftOver: "without a place in the network: pooler"
            case .withoutPlace: "without a place in the network: encoder.1.dense.bias"
            case .otherShape: "encoder.0.dense.bias is [4], trunk.layers.0.bias expects [3]"
            }
        }
    }

    @Test("whatever is amiss is refused and changes nothing, unless allowed", arguments: Trouble.allCases)
    private func partial(_ trouble: Trouble) throws {
        let arena = try arena()
        let before = try values(arena)
        let archive: any TensorArchive
        switch trouble {
        case .missing: archive = try foreign(without: "encoder.0.dense.bias")
        case .leftOver:
            archive = try foreign(and: [NamedTensor(name: "pooler", shape: [1], elements: .float32([1]))])
        case .withoutPlace:
            archive = try foreign(and: [NamedTensor(name: "encoder.1.dense.bias", shape: [1], elements: .float32([1]))])
        case .otherShape:
            archive = try foreign(
                without: "encoder.0.dense.bias",
                and: [NamedTensor(name: "encoder.0.dense.bias", shape: [4], elements: .float32([1, 2, 3, 4]))])
        }
        let error = #expect(throws: CheckpointError.self) { try mapping.apply(archive, to: arena, under: "trunk") }
        #expect(String(describing: error).contains(trouble.words))
        #expect(try values(arena) == before)

        let report = try mapping.apply(archive, to: arena, under: "trunk", allowing: trouble.allowance)
        #expect(!report.isComplete)
        #expect(try values(arena)["trunk.layers.0.weight"] == [1, 3, 5, 2, 4, 6])
        if trouble == .missing || trouble == .otherShape {
            #expect(try values(arena)["trunk.layers.0.bias"] == before["trunk.layers.0.bias"])
        }
    }

    @Test("tensors that cannot be read as floats leave the network as it was")
    func integers() throws {
        let arena = try arena()
        let before = try values(arena)
        let archive = try foreign(
            without: "bn.bias", and: [NamedTensor(name: "bn.bias", shape: [3], elements: .int32([1, 2, 3]))])
        #expect(throws: CheckpointError.self) { try mapping.apply(archive, to: arena, under: "trunk") }
        #expect(try values(arena) == before)
    }

    @Test("two tensors that go to one are refused")
    func collision() throws {
        let arena = try arena()
        let archive = try foreign(and: [NamedTensor(name: "again", shape: [3], elements: .float32([1, 2, 3]))])
        let double = WeightMapping(mapping.rules + [.rule("again", "layers.0.bias")], ignoring: ["**.num_batches_tracked"])
        let error = #expect(throws: CheckpointError.self) { try double.apply(archive, to: arena, under: "trunk") }
        #expect(String(describing: error).contains("trunk.layers.0.bias"))
    }
}
