/// Where the kernel parameters of a device come from.
public enum TuningSource: Hashable, Sendable {
    /// They are shipped for the class of the device.
    case shipped
    /// The user's tuning file. A note says what is worth knowing about it.
    case file(path: String, note: String? = nil)
    /// They are shipped, because the user's tuning file cannot be used.
    case rejected(path: String, reason: String)

    /// What a user should be told when the device is chosen.
    public var warning: String? {
        switch self {
        case .shipped, .file(_, nil): nil
        case .file(let path, let note?): "\(path): \(note)"
        case .rejected(let path, let reason): "\(path): \(reason). The shipped kernel parameters are used."
        }
    }
}
