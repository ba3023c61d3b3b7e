import Foundation
import MultiTask
import Testing

/// The two-dimensional problem of the PCGrad paper: two losses whose valleys cross where one gradient is much steeper than
/// the other.
///
/// Source: Yu et al., "Gradient Surgery for Multi-Task Learning", NeurIPS 2020, figure 1.
struct ToyProblem {
    static let start = [0.5, -3.0]
    static let steps = 500_000

    /// `L₁ = 20·log max(|½θ₁ + tanh θ₂|, 5e-6)`, `L₂ = 25·log max(|½θ₁ - tanh θ₂ + 2|, 5e-6)`
    static func losses(at point: [Double]) -> [Double] {
        let height = tanh(point[1])
        return [
            20 * log(max(abs(0.5 * point[0] + height), 5e-6)), 25 * log(max(abs(0.5 * point[0] - height + 2), 5e-6)),
        ]
    }

    static func gradients(at point: [Double]) -> [[Double]] {
        let height = tanh(point[1])
        let slope = 1 - height * height
        let (first, second) = (0.5 * point[0] + height, 0.5 * point[0] - height + 2)
        return [
            abs(first) > 5e-6 ? [10 / first, 20 * slope / first] : [0, 0],
            abs(second) > 5e-6 ? [12.5 / second, -25 * slope / second] : [0, 0],
        ]
    }

    /// The points that Adam visits, every thousandth step.
    ///
    /// - Parameter weights: of the two gradients.
    static func path(_ weights: (SquareMatrix) throws -> [Double]) rethrows -> [[Double]] {
        var (point, first, second) = (start, [0.0, 0.0], [0.0, 0.0])
        var (firstPower, secondPower) = (1.0, 1.0)
        var path = [point]
        for step in 1...steps {
            let gradients = gradients(at: point)
            let weights = try weights(SquareMatrix(gramianOf: gradients))
            firstPower *= 0.9
            secondPower *= 0.999
            for axis in 0..<2 {
                let gradient = weights[0] * gradients[0][axis] + weights[1] * gradients[1][axis]
                first[axis] += 0.1 * (gradient - first[axis])
                second[axis] += 0.001 * (gradient * gradient - second[axis])
                point[axis] -=
                    1e-3 * first[axis] / (1 - firstPower) / ((second[axis] / (1 - secondPower)).squareRoot() + 1e-8)
            }
            if step % 1000 == 0 { path.append(point) }
        }
        return path
    }

    /// A drawing of paths and of the two valleys.
    static func drawing(_ paths: [(name: String, color: String, points: [[Double]])]) -> String {
        func position(_ point: [Double]) -> String {
            String(format: "%.1f,%.1f", (point[0] + 5) * 80, (7 - point[1]) * 40)
        }
        func line(_ points: [[Double]], _ style: String) -> String {
            "<polyline fill=\"none\" \(style) points=\"\(points.map(position).joined(separator: " "))\"/>"
        }
        let heights = stride(from: -4.0, through: 7, by: 0.1)
        var elements = [
            line(heights.map { [-2 * tanh($0), $0] }, "stroke=\"#bbb\" stroke-width=\"2\""),
            line(heights.map { [2 * tanh($0) - 4, $0] }, "stroke=\"#bbb\" stroke-width=\"2\" stroke-dasharray=\"6 4\""),
            "<text x=\"20\" y=\"426\" fill=\"#777\">grey: where loss 1 (solid) and loss 2 (dashed) are least</text>",
        ]
        for (index, path) in paths.enumerated() {
            let end = position(path.points.last ?? start).split(separator: ",")
            elements += [
                line(path.points, "stroke=\"\(path.color)\" stroke-width=\"2\""),
                "<circle cx=\"\(end[0])\" cy=\"\(end[1])\" r=\"5\" fill=\"\(path.color)\"/>",
                "<text x=\"430\" y=\"\(40 + 22 * index)\" fill=\"\(path.color)\">\(path.name)</text>",
            ]
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="640" height="440" font-family="sans-serif" font-size="14">
            <rect width="640" height="440" fill="white"/>
            \(elements.joined(separator: "\n"))
            </svg>

            """
    }
}

@Suite("The toy problem of the PCGrad paper")
struct ToyProblemTests {
    @Test("Adam on the sum stalls in the valley, PCGrad reaches the global minimum")
    func reachesMinimum() throws {
        var pcgrad = PCGrad(seed: 0)
        let step = StepContext(taskCount: 2)
        let sum = ToyProblem.path { _ in [1, 1] }
        let surgery = try ToyProblem.path { try pcgrad.weights(for: $0, in: step) }
        let (stalled, reached) = (ToyProblem.losses(at: try #require(sum.last)), ToyProblem.losses(at: try #require(surgery.last)))
        // In the valley of the first loss, far up on the second.
        #expect(stalled[0] < -50 && stalled[1] > 30)
        // The valleys meet at θ₁ = -2, θ₂ → ∞.
        #expect(reached[0] < -50 && reached[1] < -50)
        #expect(abs(try #require(surgery.last)[0] + 2) < 0.1)
        if let file = ProcessInfo.processInfo.environment["CONCORD_TOY_PLOT"] {
            let paths = [
                (name: "Adam on the sum", color: "#c33", points: sum), (name: "Adam with PCGrad", color: "#36c", points: surgery),
            ]
            try ToyProblem.drawing(paths).write(toFile: file, atomically: true, encoding: .utf8)
        }
    }
}
