import Checkpoints
import Foundation
import Networks
import Tensors
import TestDevices
import Testing

@Suite("Networks from ONNX models")
struct ONNXNetworkTests {
    private struct Expected: Decodable {
        let input: [Float]
        let output: [Float]
    }

    @Test("a model of all operators computes what onnxruntime does", arguments: TestDevice.available)
    func parity(_ device: TestDevice) throws {
        let expected = try JSONDecoder().decode(
            Expected.self, from: Data(contentsOf: URL(fileURLWithPath: fixture("network.json"))))
        let file = try ONNXFile(path: fixture("network.onnx"))
        let scope = ParameterScope()
        let network = try ONNXNetwork(scope["trunk"], importing: file)
        #expect(network.inputShape == [7, 5, 3])
        #expect(network.outputShape == [5])
        let device = try device.make()
        let arena = try ParameterArena(scope, seed: 1, on: device)
        try network.loadWeights(from: file, into: arena)
        let input = try Tensor(expected.input, shape: [2, 7, 5, 3], on: device)
        let output = try network(input, in: ForwardContext(arena, mode: .evaluation)).floats()
        #expect(output.count == expected.output.count)
        for (found, expected) in zip(output, expected.output) { #expect(abs(found - expected) < 1e-6) }
        // Training reaches every parameter.
        let tape = Tape()
        let loss = try network(input, in: ForwardContext(arena, mode: .training, tape: tape)).squared().sum()
        #expect(try loss.scalar().isFinite)
    }

    // MARK: Models that cannot be imported

    private func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        precondition(content.count < 128)
        return [number << 3 | 2, UInt8(content.count)] + content
    }

    private func text(_ number: UInt8, _ string: String) -> [UInt8] { field(number, Array(string.utf8)) }

    /// A model of an input "x" of samples of three numbers, an output "y", and these nodes.
    private func importing(
        _ nodes: [(operator: String, inputs: [String], output: String)], sampleShape: [Int]? = [3]
    ) throws -> ONNXNetwork {
        var graph: [UInt8] = []
        for node in nodes {
            graph += field(
                1, node.inputs.flatMap { text(1, $0) } + text(2, node.output) + text(3, "name of " + node.output)
                    + text(4, node.operator))
        }
        graph += field(11, text(1, "x")) + field(12, text(1, "y"))
        let model: [UInt8] = [0x08, 8, 0x3A] + [UInt8(graph.count & 0x7F | 0x80), UInt8(graph.count >> 7)] + graph
        let folder = try TemporaryFolder()
        try overwrite("\(folder.path)/model.onnx", with: model)
        return try ONNXNetwork(
            ParameterScope(), importing: ONNXFile(path: "\(folder.path)/model.onnx"), sampleShape: sampleShape)
    }

    private func expectRefusal(
        _ nodes: [(operator: String, inputs: [String], output: String)], sampleShape: [Int]? = [3], _ words: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) {
            try importing(nodes, sampleShape: sampleShape)
        }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(words), "\(text)", sourceLocation: sourceLocation)
    }

    @Test("cyclic graphs, unknown operators and what does not fit are errors that name the node")
    func refusals() throws {
        #expect(try importing([("Relu", ["x"], "a"), ("Tanh", ["a"], "y")]).outputShape == [3])
        expectRefusal([("Add", ["x", "b"], "a"), ("Relu", ["a"], "b"), ("Relu", ["b"], "y")], "the graph is cyclic: Add (node \"name of a\")")
        expectRefusal([("Relu", ["y"], "y")], "cyclic")
        expectRefusal([("If", ["x"], "y")], "the operator If (node \"name of y\")")
        expectRefusal([("Relu", ["z"], "y")], "Relu (node \"name of y\") needs \"z\"")
        expectRefusal([("Relu", ["x"], "y"), ("Tanh", ["x"], "y")], "two nodes make \"y\"")
        expectRefusal([("Relu", ["x"], "z")], "no node makes the output \"y\"")
        expectRefusal([("Conv", ["x", "x"], "y")], "Conv (node \"name of y\") does not fit samples of [3]")
        expectRefusal([("GlobalAveragePool", ["x"], "y")], "does not fit samples of [3]")
        expectRefusal([("Relu", ["x"], "y")], sampleShape: nil, "give the shape of a sample")
        expectRefusal([("Relu", ["x"], "y")], sampleShape: [3, 3], "an input whose samples are [3, 3]")
        expectRefusal([("Relu", ["x"], "y")], sampleShape: [1 << 40, 1 << 40, 1 << 40], "an input whose samples are")
    }
}
