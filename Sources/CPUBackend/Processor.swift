import Foundation

/// What the operating system says about the processor.
struct Processor {
    var name = "CPU"
    var vendor = "unknown"

    static let current = Processor(description: (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "")

    /// - Parameter description: lines of `key : value`, as Linux writes them for every core.
    init(description: String) {
        for line in description.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2, !parts[1].isEmpty else { continue }
            switch parts[0] {
            case "model name": name = parts[1]
            case "vendor_id": vendor = parts[1]
            // The cores after the first say the same.
            case "processor" where name != "CPU": return
            default: break
            }
        }
    }
}
