import Foundation

/// Numbers for people.
enum Quantity {
    /// `1.46 M`, `12.4 k`, `873`
    static func count(_ value: Double) -> String {
        switch value {
        case 1e9...: String(format: "%.2f G", value / 1e9)
        case 1e6...: String(format: "%.2f M", value / 1e6)
        case 1e4...: String(format: "%.1f k", value / 1e3)
        default: String(format: "%.0f", value)
        }
    }

    /// `1.5 GiB`
    static func bytes(_ count: Int) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var value = Double(count)
        var unit = 0
        while value >= 1024 && unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(count) B" : String(format: "%.1f %@", value, units[unit])
    }

    /// `0:04`, `12:30`, `2:05:00`
    static func duration(_ seconds: Double) -> String {
        let total = Int(max(0, seconds).rounded())
        let (hours, minutes) = (total / 3600, total / 60 % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, total % 60) : String(format: "%d:%02d", minutes, total % 60)
    }

    static func percent(_ share: Double) -> String { String(format: "%.0f %%", share * 100) }
}
