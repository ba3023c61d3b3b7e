import ArgumentParser

@main
struct ConcordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "concord",
        abstract: "Trains neural networks that serve several tasks, on OpenCL devices and CPUs.",
        discussion: "Errors go to standard error, with exit code 1, or 64 where the command line is wrong.",
        subcommands: [
            DevicesCommand.self, TrainCommand.self, EvaluateCommand.self, PredictCommand.self, EmbedCommand.self,
            AggregateCommand.self, CompareCommand.self, InterferenceCommand.self, FindRateCommand.self,
            AdapterCommand.self, ScoreCommand.self,
            BenchCommand.self, TuneCommand.self, SelftestCommand.self, InspectCommand.self,
        ])
}

/// An error of the command line's own, in one line.
struct CommandError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
