extension Philox {
    /// A uniform integer in `0..<bound`, free of bias.
    ///
    /// Written out here because the order of training samples must not change with the standard library.
    ///
    /// Source: Lemire, "Fast Random Integer Generation in an Interval", ACM TOMACS 29(1), 2019, algorithm 5.
    ///
    /// - Precondition: `bound` is above zero.
    public mutating func integer(below bound: Int) -> Int {
        precondition(bound > 0, "Philox.integer(below:): bound \(bound), expected at least 1")
        let bound = UInt64(bound)
        var product = next().multipliedFullWidth(by: bound)
        if product.low < bound {
            let threshold = (0 &- bound) % bound
            while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
        }
        return Int(product.high)
    }

    /// The numbers `0..<count` in random order, every order equally likely (Fisher and Yates, from the end).
    public mutating func permutation(of count: Int) -> [Int] {
        precondition(count >= 0, "Philox.permutation(of:): count \(count) is negative")
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, integer(below: last + 1)) }
        return order
    }
}
