import ArgumentParser
import Concord

/// The parameters of a method from the command line: `--set key=value`, once for each.
struct MethodSettings {
    private var parameters: [String: String] = [:]

    init(_ settings: [String]) throws {
        for setting in settings {
            guard let equals = setting.firstIndex(of: "="), equals > setting.startIndex else {
                throw ValidationError("--set \(setting): expected key=value, such as seed=1")
            }
            parameters[String(setting[..<equals])] = String(setting[setting.index(after: equals)...])
        }
    }

    /// - Throws: `WeightingError` for unknown names and values out of range.
    func method(named name: String) throws -> Method {
        try Method(named: name, parameters: parameters, seed: 0)
    }
}
