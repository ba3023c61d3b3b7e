#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The user's folder for what can be computed again.
package enum UserCache {
    /// `concord/NAME` in `$XDG_CACHE_HOME`, or in `~/.cache`. It may not exist yet.
    package static func folder(_ name: String) -> URL {
        let environment = ProcessInfo.processInfo.environment
        let base =
            if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
                URL(fileURLWithPath: path, isDirectory: true)
            } else {
                FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache", isDirectory: true)
            }
        return base.appendingPathComponent("concord/\(name)", isDirectory: true)
    }
}
