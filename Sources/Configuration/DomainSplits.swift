import Datasets
import MultiTask

/// The data of a run that adapts to another domain.
struct DomainSplits {
    let training: AdaptationDataset
    /// Of the source domain: the best epoch is chosen without labels of the target domain.
    let validation: any Dataset
    /// Of the target domain.
    let test: any Dataset

    /// - Parameters:
    ///   - main: the data of the run.
    ///   - preprocessing: for tables, that of the run.
    init(
        _ configuration: AdaptationConfiguration, main: DatasetSplits, preprocessing: TabularPreprocessing?
    ) throws {
        let source: any Dataset
        let target: any Dataset
        switch configuration.target {
        case .dataset(let dataset):
            let splits = try dataset.splits(preprocessing: dataset.isFitted ? preprocessing : nil)
            (source, target) = (main.training, splits.training)
            validation = main.validation ?? main.test
            test = splits.test
        case .classes(let names, let task):
            let classes = try DomainSplits.classes(names, of: task, in: main.training)
            let others = try DomainSplits.allClasses(of: task, in: main.training).subtracting(classes)
            source = try Subset(of: main.training, task: task, isIn: others)
            target = try Subset(of: main.training, task: task, isIn: classes)
            validation = try Subset(of: main.validation ?? main.test, task: task, isIn: others)
            test = try Subset(of: main.test, task: task, isIn: classes)
        }
        if source.inputShape != target.inputShape {
            throw TrainingError.invalidSetting(
                name: "the input shape of adaptation.target", found: "\(target.inputShape)",
                expected: "\(source.inputShape), that of the run's data")
        }
        training = try AdaptationDataset(source: source, target: target)
    }

    /// The samples of the target domain to be measured on.
    static func test(
        of configuration: AdaptationConfiguration, main: any Dataset, preprocessing: TabularPreprocessing?
    ) throws -> any Dataset {
        switch configuration.target {
        case .dataset(let dataset): try dataset.test(preprocessing: dataset.isFitted ? preprocessing : nil)
        case .classes(let names, let task):
            try Subset(of: main, task: task, isIn: try classes(names, of: task, in: main))
        }
    }

    private static func allClasses(of task: String, in dataset: any Dataset) throws -> Set<Int> {
        Set(0..<(try labels(of: task, in: dataset)).count)
    }

    /// The numbers of classes by name or number.
    private static func classes(_ names: [String], of task: String, in dataset: any Dataset) throws -> Set<Int> {
        let (count, known) = try labels(of: task, in: dataset)
        return Set(
            try names.map { name in
                if let number = known.firstIndex(of: name) ?? Int(name), number < count { return number }
                throw TrainingError.invalidSetting(
                    name: "adaptation.domain.target", found: "\"\(name)\"",
                    expected: known.isEmpty ? "a number below \(count)" : "one of \(known.joined(separator: ", "))")
            })
    }

    private static func labels(of task: String, in dataset: any Dataset) throws -> (count: Int, names: [String]) {
        let known = dataset.tasks.compactMap { description -> String? in
            if case .classes = description.kind { description.name } else { nil }
        }
        guard let found = dataset.tasks.first(where: { $0.name == task }),
            case .classes(let count, let names) = found.kind
        else {
            throw TrainingError.invalidSetting(
                name: "adaptation.domain.task", found: "\"\(task)\"",
                expected: "a task of the data with classes: \(known.isEmpty ? "there is none" : known.joined(separator: ", "))")
        }
        return (count, names)
    }
}

extension ExperimentConfiguration {
    /// For a run that adapts to another domain, that domain's samples to be measured on.
    package func targetDomainTest(
        main: any Dataset, preprocessing: TabularPreprocessing?
    ) throws -> (any Dataset)? {
        try adaptation.map { try DomainSplits.test(of: $0, main: main, preprocessing: preprocessing) }
    }
}
