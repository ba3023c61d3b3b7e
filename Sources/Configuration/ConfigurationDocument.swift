import Foundation
import Yams

/// Where the values of a configuration come from.
struct ConfigurationDocument {
    /// The file as it was named.
    let source: String
    let overrides: [ConfigurationOverride]

    /// The error of a place. It names the option instead of the file where an override brought the value in.
    func failure(at path: String, line: Int?, _ problem: ConfigurationError.Problem) -> ConfigurationError {
        let override = overrides.last { override in
            path == override.path || path.hasPrefix(override.path + ".") || path.hasPrefix(override.path + "[")
        }
        return ConfigurationError(
            source: override?.source ?? source, line: override == nil ? line : nil, path: path, problem: problem)
    }

    /// Parses YAML and applies the overrides, in their order.
    static func root(
        yaml: String, source: String, overrides: [ConfigurationOverride]
    ) throws(ConfigurationError) -> ConfigurationValue {
        let parsed: Node?
        do {
            parsed = try Yams.compose(yaml: yaml)
        } catch {
            throw ConfigurationError(
                source: source, line: YAMLProblem.line(error), problem: .syntax(reason: YAMLProblem.reason(error)))
        }
        guard var root = parsed else {
            throw ConfigurationError(
                source: source, problem: .unexpected(found: "an empty file", expected: "a configuration"))
        }
        for override in overrides { try override.apply(to: &root) }
        return ConfigurationValue(
            node: root, path: "", document: ConfigurationDocument(source: source, overrides: overrides))
    }

    /// The text of a file.
    static func text(of path: String) throws(ConfigurationError) -> String {
        guard FileManager.default.fileExists(atPath: path) else {
            throw ConfigurationError(source: path, problem: .unreadable(reason: "there is no such file"))
        }
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw ConfigurationError(source: path, problem: .unreadable(reason: "it is not a text file in UTF-8"))
        }
    }
}

/// The parser's errors in one line.
enum YAMLProblem {
    static func reason(_ error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, let problem, _, _), .parser(_, let problem, _, _), .composer(_, let problem, _, _),
            .reader(let problem, _, _, _):
            problem
        case .duplicatedKeysInMapping(let duplicates, _):
            "the key \(duplicates.sorted().joined(separator: ", ")) occurs twice"
        default: "\(error)".split(separator: "\n").first.map(String.init) ?? "unknown reason"
        }
    }

    static func line(_ error: any Error) -> Int? {
        switch error as? YamlError {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
        case .duplicatedKeysInMapping(_, let context): context.mark.line
        default: nil
        }
    }
}
