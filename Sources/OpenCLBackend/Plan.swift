/// What a kernel is given at one place of its argument list.
enum Argument {
    /// An operand of the primitive: its buffer and its offset, two arguments.
    case operand(Int)
    /// A buffer that the kernel does not touch this time, and an offset.
    case absent
    /// A buffer that lives as long as the run, from an element on: two arguments.
    case scratch(Int, offset: Int = 0)
    /// At least so many zeros, and an offset.
    case zeros(Int)
    /// Numbers that never change, in a buffer of their own, and an offset.
    case table([Int32])
    /// A number of the call.
    case scalar(Int)
    /// The random position of the call: seed, stream and block, three arguments.
    case random
    case float(Float)
    case int(Int)
    case flag(Bool)
    case long(Int)
    case longs(Int, Int)
    /// Up to eight numbers, one per axis.
    case axes([Int])

    /// An operand that only some descriptions have.
    static func operand(_ index: Int, if present: Bool) -> Argument { present ? .operand(index) : .absent }
}

/// One launch of a kernel.
struct Launch {
    /// The program's file, without extension.
    var file: String
    /// What the file is built with, `NAME=VALUE`.
    var macros: [String] = []
    var kernel: String
    /// Work-items in a work-group where the kernel asks for a number of its own.
    var workGroupSize: Int?
    /// Work-items along the three dimensions.
    var items: (Int, Int, Int)
    var arguments: [Argument]
}

extension Launch {
    /// Adds slices of partial sums in scratch memory to the result.
    static func sumSlices(
        scratch: Int, count: Int, slices: Int, result: Argument, accumulate: Bool, tuning: Tuning
    ) -> Launch {
        Launch(
            file: "sumslices", macros: ["CHUNK=\(tuning.chunk)"], kernel: "sum_slices",
            items: (quotient(count, roundedUpBy: tuning.chunk), 1, 1),
            arguments: [.scratch(scratch), result, .long(count), .int(slices), .flag(accumulate)])
    }
}

/// How a primitive runs: launches one behind the other, and the memory between them.
///
/// A plan follows from the description and the tuning alone. The device makes it once and keeps it.
struct Plan {
    /// A launch without work-items does nothing.
    var launches: [Launch]
    /// Elements of each buffer that lives as long as the run.
    var scratch: [Int] = []

    init(_ launches: Launch..., scratch: [Int] = []) {
        self.launches = launches
        self.scratch = scratch
    }
}
