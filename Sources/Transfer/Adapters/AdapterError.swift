/// What can be wrong with adapters or with files of them.
public enum AdapterError: Error, Equatable, Sendable {
    /// The file is not the JSON of an adapter's configuration.
    case invalidConfiguration(path: String, reason: String)
    /// The adapter uses something that is not supported.
    case unsupported(path: String, option: String, found: String, expected: String)
    /// The tensors of the file are not those of the network's adapters.
    case otherAdapters(path: String, tensor: String, found: String, expected: String)
    /// Something cannot be done with these adapters.
    case unsuitable(action: String, found: String, expected: String)
}

extension AdapterError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalidConfiguration(let path, let reason):
            "\(path): not the configuration of an adapter: \(reason)"
        case .unsupported(let path, let option, let found, let expected):
            "\(path): \(option) is \(found), supported is \(expected)"
        case .otherAdapters(let path, let tensor, let found, let expected):
            "\(path): tensor \"\(tensor)\" is \(found), the adapters of this network expect \(expected)"
        case .unsuitable(let action, let found, let expected):
            "\(action): found \(found), expected \(expected)"
        }
    }
}
