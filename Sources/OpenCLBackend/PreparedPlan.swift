import COpenCL
import Compute

/// A plan whose kernels are built and whose constants are set: what is left to do per run is to name the operands.
struct PreparedPlan {
    /// An argument that differs from run to run; it starts at `index` in the kernel's list.
    struct Binding {
        enum Source {
            case operand(Int)
            case scratch(Int, offset: Int)
            case scalar(Int)
            case random
        }
        var index: cl_uint
        var source: Source
    }

    struct Step {
        let kernel: Kernel
        let globalSize: (Int, Int, Int)
        let localSize: (Int, Int, Int)
        let bindings: [Binding]
    }

    private(set) var steps: [Step] = []
    /// Elements of each scratch buffer; 0 where none is needed.
    let scratch: [Int]
    private(set) var operandCount = 0
    private(set) var scalarCount = 0
    private(set) var needsRandom = false

    /// Builds the kernels and sets all constants.
    init(
        _ plan: Plan, workGroupSize: Int, library: KernelLibrary, context: OpenCLContext
    ) throws(ComputeError) {
        scratch = plan.scratch
        for launch in plan.launches {
            let items = launch.items
            guard items.0 > 0 && items.1 > 0 && items.2 > 0 else { continue }
            let kernel = try library.kernel(for: launch)
            let workGroupSize = launch.workGroupSize ?? workGroupSize
            let bindings = try bind(launch.arguments, to: kernel, context: context)
            steps.append(
                Step(
                    kernel: kernel,
                    globalSize: (padded(items.0, to: workGroupSize), items.1, items.2),
                    localSize: (workGroupSize, 1, 1), bindings: bindings))
        }
    }

    /// Sets the constants among the arguments and returns the others.
    private mutating func bind(
        _ arguments: [Argument], to kernel: Kernel, context: OpenCLContext
    ) throws(ComputeError) -> [Binding] {
        var bindings: [Binding] = []
        var setter = ArgumentSetter(kernel: kernel, device: context.deviceName)
        for argument in arguments {
            switch argument {
            case .operand(let operand):
                bindings.append(Binding(index: setter.index, source: .operand(operand)))
                operandCount = max(operandCount, operand + 1)
                setter.index += 2
            case .scratch(let buffer, let offset):
                bindings.append(Binding(index: setter.index, source: .scratch(buffer, offset: offset)))
                setter.index += 2
            case .scalar(let scalar):
                bindings.append(Binding(index: setter.index, source: .scalar(scalar)))
                scalarCount = max(scalarCount, scalar + 1)
                setter.index += 1
            case .random:
                bindings.append(Binding(index: setter.index, source: .random))
                needsRandom = true
                setter.index += 3
            case .absent: try setter.set(buffer: context.zeros(count: 1), offset: 0)
            case .zeros(let count): try setter.set(buffer: context.zeros(count: count), offset: 0)
            case .table(let numbers): try setter.set(buffer: context.table(numbers), offset: 0)
            case .float(let value): try setter.set(value)
            case .int(let value): try setter.set(cl_int(value))
            case .flag(let value): try setter.set(cl_int(value ? 1 : 0))
            case .long(let value): try setter.set(cl_ulong(value))
            case .longs(let first, let second): try setter.set(SIMD2(cl_ulong(first), cl_ulong(second)))
            case .axes(let values):
                var axes = SIMD8<cl_uint>(repeating: 1)
                for (axis, value) in values.enumerated() { axes[axis] = cl_uint(value) }
                try setter.set(axes)
            }
        }
        return bindings
    }
}

/// Sets the arguments of a kernel one behind the other.
struct ArgumentSetter {
    let kernel: Kernel
    let device: String
    var index: cl_uint = 0

    mutating func set<Value: BitwiseCopyable>(_ value: Value) throws(ComputeError) {
        let status = withUnsafePointer(to: value) {
            clSetKernelArg(kernel.handle, index, MemoryLayout<Value>.size, $0)
        }
        try check(status, "clSetKernelArg", device: device)
        index += 1
    }

    /// A buffer and the number of elements before the first one, which a kernel keeps where it stays the same.
    mutating func set(buffer: cl_mem, offset: Int) throws(ComputeError) {
        try set(buffer)
        guard kernel.offsets[Int(index)] != offset else { return index += 1 }
        let place = Int(index)
        try set(cl_ulong(offset))
        kernel.offsets[place] = offset
    }
}
