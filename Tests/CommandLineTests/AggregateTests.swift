import Foundation
import Testing

@Suite("concord aggregate")
struct AggregateTests {
    @Test(
        "prints weights and aggregate for every line",
        arguments: [
            ("pcgrad", #"{"aggregate":[0.5,1.5],"weights":[2,1.5]}"#),
            ("sum", #"{"aggregate":[0,1],"weights":[1,1]}"#),
            ("ew", #"{"aggregate":[0,1],"weights":[1,1]}"#),
            ("mean", #"{"aggregate":[0,0.5],"weights":[0.5,0.5]}"#),
        ])
    func values(method: String, expected: String) throws {
        let line = #"{"jacobian": [[1,0],[-1,1]]}"#
        let outcome = try Concord.run("aggregate", "--method", method, input: "\(line)\n\n\(line)\n")
        #expect(outcome.output == "\(expected)\n\(expected)\n")
        #expect(outcome.errors == "")
        #expect(outcome.status == 0)
    }

    @Test("reads a file, and takes PCGrad's orders from it")
    func file() throws {
        let folder = try TemporaryFolder()
        // Three tasks: the order matters.
        let jacobian = "[[1,0],[-1,1],[-1,-1]]"
        let path = try folder.write(
            #"{"jacobian": \#(jacobian), "orders": [[1,2],[0,2],[0,1]]}"# + "\n"
                + #"{"jacobian": \#(jacobian), "orders": [[2,1],[2,0],[1,0]]}"# + "\n",
            to: "gradients.jsonl")
        let outcome = try Concord.run("aggregate", "--method", "pcgrad", path, in: folder)
        #expect(outcome.status == 0)
        let lines = try jsonLines(outcome.output)
        // Worked out by hand from algorithm 1 of the paper.
        // First line: g0 meets g1: (½, ½), then g2 = (-1, -1): (0, 0). g1 meets g0: (0, 1), then g2: (-½, ½).
        // g2 meets g0: (0, -1), then g1 = (-1, 1): (-½, -½). Sum (-1, 0).
        #expect(try #require(lines[0]["aggregate"] as? [Double]) == [-1, 0])
        // Second line: g0 meets g2: (½, -½), then g1: (0, 0). g1 meets g2 without conflict, then g0: (0, 1).
        // g2 meets g1 without conflict, then g0: (0, -1). Sum (0, 0).
        #expect(try #require(lines[1]["aggregate"] as? [Double]) == [0, 0])
    }

    @Test(
        "names the line that it cannot use",
        arguments: [
            ("nonsense", "not a JSON object; expected {\"jacobian\": [[…], …], \"losses\": […]?, \"orders\": [[…], …]?}"),
            ("{}", "\"jacobian\" is missing; expected {\"jacobian\": [[…], …], \"losses\": […]?, \"orders\": [[…], …]?}"),
            (
                #"{"jacobian": [[1, "2"]]}"#,
                "\"jacobian\"[0][1] has another type; expected {\"jacobian\": [[…], …], \"losses\": […]?, \"orders\": [[…], …]?}"
            ),
            (
                #"{"jacobian": []}"#,
                "the jacobian is empty; expected {\"jacobian\": [[…], …], \"losses\": […]?, \"orders\": [[…], …]?} with at least one row "
                    + "and column"
            ),
            (#"{"jacobian": [[1, 2], [3]]}"#, "row 1 of the jacobian has 1 numbers; expected 2, as in row 0"),
            (
                #"{"jacobian": [[1, 2], [3, 4]], "orders": [[5], [0]]}"#,
                "orders: expected 2 orders of numbers below 2"
            ),
        ])
    func badLines(line: String, message: String) throws {
        let good = #"{"jacobian": [[1,0],[-1,1]]}"#
        let outcome = try Concord.run("aggregate", "--method", "pcgrad", "-", input: "\(good)\n\(line)\n\(good)\n")
        #expect(outcome.status == 1)
        #expect(outcome.errors == "Error: standard input: line 2: \(message)\n")
        #expect(outcome.outputLines.count == 1)
    }

    @Test("knows its methods and options")
    func usage() throws {
        let method = try Concord.run("aggregate", "--method", "pcgrd")
        #expect(method.status == 1)
        #expect(method.errors.hasPrefix("Error: unknown method \"pcgrd\"; did you mean \"pcgrad\"? Known: ew, sum, mean, "))
        let setting = try Concord.run("aggregate", "--method", "pcgrad", "--set", "speed=1")
        #expect(setting.status == 1)
        #expect(setting.errors.hasPrefix("Error: method \"pcgrad\": unknown parameter \"speed\"; did you mean \"seed\"? Known: seed, reduction"))
        let file = try Concord.run("aggregate", "--method", "sum", "no-such-file")
        #expect(file.status == 1)
        #expect(file.errors == "Error: no-such-file: no such file\n")
    }

    @Test("weights are null for methods without, and a method's memory lasts from line to line")
    func memory() throws {
        let line = #"{"jacobian": [[1,0],[-1,1],[0,2]]}"#
        let trimmed = try Concord.run("aggregate", "--method", "trimmed-mean", input: line)
        #expect(trimmed.output == #"{"aggregate":[0,1],"weights":null}"# + "\n")
        let averaged = try Concord.run(
            "aggregate", "--method", "db-mtl", "--set", "beta=0.5", input: "\(line)\n\(line)\n")
        let lines = try jsonLines(averaged.output)
        let first = try #require(lines[0]["aggregate"] as? [Double])
        let second = try #require(lines[1]["aggregate"] as? [Double])
        // The averages of equal rows are ½ and ¾ of them.
        for (first, second) in zip(first, second) { #expect(abs(second - 1.5 * first) < 1e-12) }
    }

    @Test("losses come from the line, and their absence is an error")
    func losses() throws {
        let line = #"{"jacobian": [[1,0],[-1,1]], "losses": [1, 4]}"#
        let outcome = try Concord.run("aggregate", "--method", "gls", "--set", "reduction=sum", input: line)
        #expect(outcome.output == #"{"aggregate":[1.5,0.5],"weights":[2,0.5]}"# + "\n")
        let missing = try Concord.run("aggregate", "--method", "gls", input: #"{"jacobian": [[1,0],[-1,1]]}"#)
        #expect(missing.status == 1)
        #expect(missing.errors == "Error: standard input: line 1: method \"gls\" needs the losses of the tasks\n")
        let count = try Concord.run("aggregate", "--method", "gls", input: #"{"jacobian": [[1,0],[-1,1]], "losses": [1]}"#)
        #expect(count.errors == "Error: standard input: line 1: 1 losses; expected 2, one per row of the jacobian\n")
    }

    @Test("parameters are checked")
    func parameters() throws {
        let value = try Concord.run("aggregate", "--method", "cagrad", "--set", "c=-1", input: "")
        #expect(value.status == 1)
        #expect(value.errors == "Error: method \"cagrad\": c is -1, expected a number of at least 0\n")
        let name = try Concord.run("aggregate", "--method", "krum", "--set", "byzantin=1", input: "")
        #expect(name.errors.hasPrefix("Error: method \"krum\": unknown parameter \"byzantin\"; did you mean \"byzantine\"?"))
        let form = try Concord.run("aggregate", "--method", "krum", "--set", "byzantine", input: "")
        #expect(form.status == 64)
    }

    @Test("bench aggregate --json has its keys")
    func bench() throws {
        let outcome = try Concord.run("bench", "aggregate", "--method", "pcgrad", "--tasks", "2,5", "--json")
        let lines = try jsonLines(outcome.output)
        #expect(lines.compactMap { $0["tasks"] as? Int } == [2, 5])
        #expect(lines.allSatisfy { Set($0.keys) == ["method", "tasks", "milliseconds", "minimum"] })
        let loss = try Concord.run("bench", "aggregate", "--method", "uw")
        #expect(loss.status == 64)
    }
}
