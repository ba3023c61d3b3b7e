import Concord

func trainTwoTasks(epochs: Int, training: some Dataset, test: some Dataset) throws {
    let device = try Devices.choose("auto").device
    let tasks = [LearningTask("topLeft", loss: .crossEntropy()), LearningTask("bottomRight", loss: .crossEntropy())]

    // One trunk, a head per task, and all parameters in one arena.
    let scope = ParameterScope()
    let trunk = LeNet(scope["trunk"])
    let heads = tasks.map { MLP(scope["heads"][$0.name], inputs: trunk.featureCount, hidden: [50], outputs: 10) }
    let arena = try ParameterArena(scope, seed: 1, on: device)

    let step = try TrainingStep(
        network: HardSharing(trunk: trunk, heads: heads), tasks: tasks, arena: arena,
        optimizer: try Optimizer(Adam(), for: arena), method: .gramian(PCGrad(seed: 1)))
    let trainer = try Trainer(
        step, training: training, validation: test,
        settings: TrainingSettings(epochs: epochs, batchSize: 256, seed: 1, schedule: .constant(rate: 1e-3)))
    try trainer.run { event in
        if case .epoch(let report) = event { print(report.valid, report.balance?.conflictRate ?? 0) }
    }
}
// try trainTwoTasks(epochs: 8, training: MultiFashion(.train), test: MultiFashion(.test))
