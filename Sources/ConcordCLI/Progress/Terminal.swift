import Foundation

/// The terminal behind standard output, if there is one.
struct Terminal {
    /// Characters in a line.
    var columns: Int {
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    /// Nil where standard output is a file or a pipe.
    init?() {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
    }

    /// Replaces the line that the cursor is on.
    func rewriteLine(_ text: String) { write("\r\(text.prefix(columns - 1))\u{1B}[K") }

    /// Removes the line that the cursor is on.
    func clearLine() { write("\r\u{1B}[K") }

    private func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
}
