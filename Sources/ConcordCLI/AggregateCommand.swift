import ArgumentParser
import Concord
import Foundation

struct AggregateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aggregate",
        abstract: "Applies a method to task gradients.",
        discussion: """
            Reads one object a line, {"jacobian": [[…], …]} with a row per task, and optionally "losses": […], for methods \
            that use them, and for pcgrad and gradvac "orders": [[…], …], per task the order in which it visits the others. \
            Prints one object a line, {"weights": […], "aggregate": […]}; weights are null for methods without. Methods \
            with a memory keep it from line to line: a line is a step, and an epoch where a method counts epochs. modo and \
            sdmgrad combine two batches: a line and the one before.
            """)

    @Option(help: "One of \(Method.names.joined(separator: ", ")).")
    var method: String

    @Option(
        name: .customLong("set"),
        help: "A parameter of the method as key=value; seed=N of its random numbers. A wrong name lists the right ones.")
    var settings: [String] = []

    @Argument(help: "A file, or - for standard input.")
    var file = "-"

    private struct Input: Decodable {
        let jacobian: [[Double]]
        let losses: [Double]?
        let orders: [[Int]]?
    }

    private struct Output: Encodable {
        let weights: [Double]?
        let aggregate: [Double]

        private enum Key: CodingKey { case weights, aggregate }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            // A missing key would be the standard for nil.
            try container.encode(weights, forKey: .weights)
            try container.encode(aggregate, forKey: .aggregate)
        }
    }

    private static let form = #"{"jacobian": [[…], …], "losses": […]?, "orders": [[…], …]?}"#

    func run() throws {
        var aggregation = Aggregation(try MethodSettings(settings).method(named: method))
        let lines = try LineSource(file)
        var number = 0
        while let line = lines.next() {
            number += 1
            if line.allSatisfy(\.isWhitespace) { continue }
            do {
                let input = try AggregateCommand.parse(line)
                let result = try aggregation(input.jacobian, losses: input.losses, orders: input.orders)
                try JSONOutput.print(Output(weights: result.weights, aggregate: result.aggregate))
            } catch {
                throw CommandError("\(lines.name): line \(number): \(error)")
            }
        }
    }

    private static func parse(_ line: String) throws -> Input {
        let input: Input
        do {
            input = try JSONDecoder().decode(Input.self, from: Data(line.utf8))
        } catch let error as DecodingError {
            throw CommandError("\(reason(error)); expected \(form)")
        }
        guard let columns = input.jacobian.first?.count, columns > 0 else {
            throw CommandError("the jacobian is empty; expected \(form) with at least one row and column")
        }
        for (row, values) in input.jacobian.enumerated() where values.count != columns {
            throw CommandError(
                "row \(row) of the jacobian has \(values.count) numbers; expected \(columns), as in row 0")
        }
        if let losses = input.losses, losses.count != input.jacobian.count {
            throw CommandError("\(losses.count) losses; expected \(input.jacobian.count), one per row of the jacobian")
        }
        return input
    }

    private static func reason(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "\"\(key.stringValue)\" is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\(place(context)) has another type"
        case .dataCorrupted: "not a JSON object"
        @unknown default: "not readable"
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        context.codingPath.isEmpty
            ? "the line"
            : context.codingPath.reduce("") { path, key in
                key.intValue.map { "\(path)[\($0)]" } ?? "\(path)\"\(key.stringValue)\""
            }
    }
}

/// The lines of a file or of standard input, as they come.
private struct LineSource {
    let name: String
    let next: () -> String?

    init(_ path: String) throws {
        if path == "-" {
            name = "standard input"
            next = { readLine() }
            return
        }
        guard FileManager.default.fileExists(atPath: path) else { throw CommandError("\(path): no such file") }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw CommandError("\(path): not a text file in UTF-8")
        }
        name = path
        var rest = text.split(separator: "\n", omittingEmptySubsequences: false).makeIterator()
        next = { rest.next().map(String.init) }
    }
}
