import Compute
import Networks
import Tensors
import Testing

/// Forward and backward of a classifier.
///
/// - Parameter tolerance: share of a gradient's largest element; what Float32 loses grows with the depth.
func checkClassifier(
    _ network: some Layer, scope: ParameterScope, input shape: Shape, classes: Int,
    expected: Fixture.Classification, tolerance: Float, device: any Device
) throws -> ParameterArena {
    let arena = try ParameterArena(scope, seed: 0, on: device)
    try Fixture.fill(arena)
    let input = try Tensor(Fixture.uniform("input", count: shape.count), shape: shape, on: device)
    let labels = try Tensor(
        (0..<shape[0]).map { Int32((7 * $0 + 3) % classes) }, shape: [shape[0]], on: device)
    let tape = Tape()
    let context = ForwardContext(arena, mode: .training, tape: tape)
    let logits = try network(input, in: context)
    let loss = try logits.crossEntropy(labels: labels)
    expectClose(try logits.floats(), expected.logits, relative: tolerance, "logits")
    expectClose([try loss.scalar()], [expected.loss], relative: tolerance, "loss")

    let leaves = try tape.backward(from: [Seed(loss, task: 0)])
    #expect(Set(arena.segments.map(\.name)) == Set(expected.gradientNorms.keys))
    for (index, segment) in arena.segments.enumerated() {
        let leaf = try #require(leaves[index], "no gradient for \(segment.name)")
        let gradient = try leaf.rows(for: [0], columns: segment.shape.count, on: device)
        let norm = try gradient.sumOfSquares().squareRoot().scalar()
        let first = try #require(expected.firstGradients[segment.name])
        let expectedNorm = try #require(expected.gradientNorms[segment.name])
        if expectedNorm < 1e-9 {
            // The bias in front of another batch normalisation: a gradient of 0 but for rounding.
            #expect(norm < 1e-4, "\(segment.name)")
            continue
        }
        expectClose([norm], [expectedNorm], relative: tolerance, segment.name)
        expectClose(Array(try gradient.floats().prefix(first.count)), first, relative: tolerance, segment.name)
    }
    return arena
}
