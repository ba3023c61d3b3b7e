import Concord
import Foundation
import Testing

@Suite("README")
struct ReadmeTests {
    private var root: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    @Test("the library example is the one that is compiled here, and short")
    func exampleIsCompiled() throws {
        let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        let example = try String(
            contentsOf: root.appending(path: "Tests/ConcordTests/ReadmeExample.swift"), encoding: .utf8)
        #expect(readme.contains("```swift\n\(example)```"))
        #expect(example.split(separator: "\n", omittingEmptySubsequences: false).count <= 31)
    }

    @Test("the library example runs")
    func exampleRuns() throws {
        var inputs = [Float](repeating: 0, count: 8 * 36 * 36)
        for index in inputs.indices { inputs[index] = Float(index % 17) / 17 }
        let labels = (0..<8).map { Int32($0 % 10) }
        let data = try ArrayDataset(
            inputs: inputs, inputShape: [36, 36, 1],
            targets: [
                .classes("topLeft", labels: labels, count: 10), .classes("bottomRight", labels: labels.reversed(), count: 10),
            ])
        try trainTwoTasks(epochs: 1, training: data, test: data)
    }
}
