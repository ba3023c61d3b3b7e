import ArgumentParser
import Concord
import Foundation

struct AdapterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adapter",
        abstract: "Writes the low-rank adapters of a run for the Python package peft, or merged into its network.",
        discussion: """
            Writes OUTPUT/adapter_config.json and OUTPUT/adapter_model.safetensors; where tasks have adapters of their own, \
            a folder of the task's name in OUTPUT for each. With --merge, OUTPUT is one safetensors file: the network \
            without adapters, their updates added to its weights.
            """)

    @Argument(help: "The folder of a run.")
    var folder: String

    @Argument(help: "A folder, with --merge a file.")
    var output: String

    @Flag(help: "Add the updates to the weights instead.")
    var merge = false

    @Option(help: "With --merge: whose adapters, where tasks have their own.")
    var task: String?

    func run() throws {
        let run = try TrainedRun(folder: folder, device: "cpu")
        guard !run.model.adapters.isEmpty else { throw CommandError("\(folder): the run has no adapters on layers") }
        let number = try task.map { name in
            guard let number = run.model.tasks.firstIndex(where: { $0.name == name }) else {
                throw CommandError(
                    "no task \"\(name)\"; the run has \(run.model.tasks.map(\.name).joined(separator: ", "))")
            }
            return number
        }
        if merge {
            let tensors = try AdapterSet.mergedTensors(run.model.adapters, task: number, in: run.model.arena)
            try SafetensorsFile.write(tensors, metadata: ["format": "concord"], to: output)
            print("\(output): \(tensors.count) tensors")
            return
        }
        guard run.model.adapters.count == 1, let set = run.model.adapters.first else {
            throw CommandError("\(folder): \(run.model.adapters.count) trunks have adapters, a file is of one")
        }
        let name = run.configuration.trunk.model
        if set.tasks.isEmpty {
            try PEFTAdapter.write(set, in: run.model.arena, baseModel: name, to: output)
            print(output)
        }
        for (number, task) in set.tasks.enumerated() {
            try PEFTAdapter.write(set, task: number, in: run.model.arena, baseModel: name, to: "\(output)/\(task)")
            print("\(output)/\(task)")
        }
    }
}
