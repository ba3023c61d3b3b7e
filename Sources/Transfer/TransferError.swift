import Compute

/// What keeps a transfer recipe from being followed.
public enum TransferError: Error, Equatable, Sendable {
    /// A setting is outside what makes sense.
    case invalidSetting(name: String, found: String, expected: String)
    /// The network has no such group of layers.
    case unknownGroup(name: String, known: [String])
    /// The tasks' features differ, so there are none to keep.
    case noCommonFeatures(architecture: String)
    /// A teacher lacks a task.
    case unknownTask(teacher: String, task: String, known: [String])
    /// A sweep over learning rates was over before there was anything to compare.
    case noCurve(points: Int)
}

extension TransferError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalidSetting(let name, let found, let expected): "\(name) is \(found), expected \(expected)"
        case .unknownGroup(let name, let known):
            "there is no group of layers \"\(name)\"\(TransferError.suggestion(name, known))"
        case .noCommonFeatures(let architecture):
            "features are kept for all tasks together, which \"\(architecture)\" does not have; use hard-sharing, or "
                + "recipe: {name: linear-probe, cache: false}"
        case .unknownTask(let teacher, let task, let known):
            "\(teacher): the teacher has no task \"\(task)\"\(TransferError.suggestion(task, known))"
        case .noCurve(let points):
            "the loss grew out of hand after \(points) steps, too few to suggest a learning rate; begin with a lower one"
        }
    }

    private static func suggestion(_ name: String, _ known: [String]) -> String {
        let nearest = name.nearest(among: known).map { "; did you mean \"\($0)\"?" } ?? "."
        return "\(nearest) Known: \(known.joined(separator: ", "))."
    }
}
