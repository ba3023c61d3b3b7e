import Compute

/// The operands of one primitive, taken in the order of its documentation and checked as they are taken.
struct Arguments {
    private let primitive: Primitive
    private let operands: [Operand]
    private let scalars: [Float]
    private let random: RandomPosition?
    private let device: CPUDevice
    private var nextOperand = 0
    private var nextScalar = 0

    init(
        _ primitive: Primitive, _ operands: [Operand], _ scalars: [Float], _ random: RandomPosition?, device: CPUDevice
    ) {
        self.primitive = primitive
        self.operands = operands
        self.scalars = scalars
        self.random = random
        self.device = device
    }

    /// The next operand, which must hold `count` elements.
    mutating func floats(_ count: Int) -> UnsafeMutablePointer<Float> { next(count, as: Float.self) }

    /// The next operand as integers.
    mutating func integers(_ count: Int) -> UnsafeMutablePointer<Int32> { next(count, as: Int32.self) }

    /// The next operand, if the primitive has it.
    mutating func floats(_ count: Int, if present: Bool) -> UnsafeMutablePointer<Float>? {
        present ? floats(count) : nil
    }

    /// The next operand as words whose meaning does not matter.
    mutating func words(_ count: Int) -> UnsafeMutablePointer<UInt32> { next(count, as: UInt32.self) }

    private mutating func next<Element>(_ count: Int, as type: Element.Type) -> UnsafeMutablePointer<Element> {
        precondition(
            nextOperand < operands.count,
            "\(primitive): operand \(nextOperand) is missing, \(operands.count) were given")
        let operand = operands[nextOperand]
        precondition(
            operand.hasRoom(byteCount: count * 4),
            "\(primitive): operand \(nextOperand) needs \(count) elements from \(operand.offset) on, "
                + "its buffer has \(operand.buffer.byteCount / 4)")
        nextOperand += 1
        return operand.bytes(count: count * 4, on: device).assumingMemoryBound(to: type)
    }

    /// The next scalar.
    mutating func scalar() -> Float {
        precondition(
            nextScalar < scalars.count, "\(primitive): scalar \(nextScalar) is missing, \(scalars.count) were given")
        defer { nextScalar += 1 }
        return scalars[nextScalar]
    }

    /// The next scalar, if there is one, for functions that differ in how many they take.
    mutating func scalarIfPresent() -> Float { nextScalar < scalars.count ? scalar() : 0 }

    /// Where random numbers are drawn.
    var randomPosition: RandomPosition {
        guard let random else { preconditionFailure("\(primitive): a random position is missing") }
        return random
    }
}

extension Operand {
    func hasRoom(byteCount: Int) -> Bool { offset >= 0 && offset * 4 + byteCount <= buffer.byteCount }

    /// The host memory of the operand.
    ///
    /// - Precondition: the buffer is the device's and has room for `count` bytes.
    func bytes(count: Int, on device: CPUDevice) -> UnsafeMutableRawPointer {
        precondition(buffer.device === device, "an operand of \(device.information.name) lies on another device")
        precondition(
            hasRoom(byteCount: count),
            "an operand needs \(count) bytes from element \(offset) on, its buffer has \(buffer.byteCount)")
        return UnsafeMutableRawPointer(buffer.handle) + offset * 4
    }
}

/// Memory for intermediate results; it goes back to the pool with its last reference, so it is to be kept alive
/// (`withExtendedLifetime`) while a pointer into it is used.
struct Scratch {
    let buffer: Buffer

    var floats: UnsafeMutablePointer<Float> {
        UnsafeMutableRawPointer(buffer.handle).assumingMemoryBound(to: Float.self)
    }
    var integers: UnsafeMutablePointer<Int32> {
        UnsafeMutableRawPointer(buffer.handle).assumingMemoryBound(to: Int32.self)
    }
}
