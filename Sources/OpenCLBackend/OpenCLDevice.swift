import COpenCL
import Compute

/// A device of an OpenCL driver: a GPU, or a CPU through PoCL or Intel's runtime.
///
/// Everything runs on one in-order queue. A primitive is planned when it is first encoded; afterwards an encoding costs
/// a look-up, the arguments that change, and a launch.
public final class OpenCLDevice: Device {
    public let information: DeviceInformation
    public let pool: BufferPool
    public private(set) var launches = 0

    /// Where ``parameters`` come from.
    public package(set) var tuningSource = TuningSource.shipped

    /// Kernel parameters that are used instead of those that are shipped for the class of the device.
    package var parameters: TuningParameters {
        didSet {
            tuning = Tuning(for: information, as: kind, parameters: parameters)
            plans = [:]
        }
    }

    private let context: OpenCLContext
    private let library: KernelLibrary
    private let staging: StagingArea
    /// The class whose shipped parameters are used.
    private let kind: DeviceKind
    private var tuning: Tuning
    private var plans: [Primitive: PreparedPlan] = [:]
    private var launchesSinceFlush = 0

    private var collectedProfile: Profile?
    /// Launches whose times were not read yet; each run of a primitive has one entry.
    private var pendingRuns: [(primitive: Primitive, events: [cl_event])] = []
    private static let maximumPendingRuns = 1024

    /// The devices of all platforms, GPUs first; empty where there is no driver.
    public static func available() -> [DeviceInformation] { Hardware.all().map(\.information) }

    /// Opens a device.
    ///
    /// - Parameter index: the place in ``available()``, the number in `opencl:N`.
    /// - Throws: ``ComputeError/noDevice(requested:found:hint:)`` or ``ComputeError/driver(call:code:meaning:device:)``.
    public convenience init(index: Int = 0) throws(ComputeError) {
        let hardware = try OpenCLDevice.hardware(index: index)
        try self.init(hardware, cache: hardware.quirks.cachesKernels ? nil : .user())
    }

    /// Tells the kernels of this program from those of another version.
    package static var kernelHash: String { KernelLibrary.sourceHash }

    /// Opens a device in a way that a user cannot choose.
    ///
    /// - Parameters:
    ///   - cache: keeps compiled programs, whatever the driver does itself.
    ///   - kind: the class of devices whose kernel parameters are used; by default the device's own. Any device computes
    ///     the same with all of them, only not as fast.
    ///   - parameters: used instead of those that are shipped for the class.
    package convenience init(
        index: Int = 0, cache: BinaryCache?, tunedAs kind: DeviceKind? = nil,
        parameters: TuningParameters = TuningParameters()
    ) throws(ComputeError) {
        try self.init(OpenCLDevice.hardware(index: index), cache: cache, tunedAs: kind, parameters: parameters)
    }

    private init(
        _ hardware: Hardware, cache: BinaryCache?, tunedAs kind: DeviceKind? = nil,
        parameters: TuningParameters = TuningParameters()
    ) throws(ComputeError) {
        let context = try OpenCLContext(hardware)
        information = hardware.information
        self.context = context
        library = KernelLibrary(context: context, cache: cache)
        staging = StagingArea(context: context)
        self.kind = kind ?? hardware.information.kind
        self.parameters = parameters
        tuning = Tuning(for: hardware.information, as: self.kind, parameters: parameters)
        pool = BufferPool(
            limit: hardware.information.memoryBytes,
            source: BufferPool.Source(
                allocate: { context.makeBuffer(byteCount: $0) }, free: { clReleaseMemObject($0) }))
    }

    deinit {
        clFinish(context.queue)
        for run in pendingRuns { for event in run.events { clReleaseEvent(event) } }
    }

    private static func hardware(index: Int) throws(ComputeError) -> Hardware {
        let all = Hardware.all()
        guard all.indices.contains(index) else {
            throw .noDevice(
                requested: "opencl:\(index)",
                found: all.map { "\($0.information.identifier) (\($0.information.name))" },
                hint: all.isEmpty
                    ? "Install your GPU vendor's OpenCL driver, or pocl-opencl-icd for the CPU, or use the device cpu."
                    : "Choose one of these.")
        }
        return all[index]
    }

    // MARK: Memory

    public func upload(_ bytes: UnsafeRawBufferPointer, to operand: Operand) throws(ComputeError) {
        checkBounds(of: operand, byteCount: bytes.count, in: "upload")
        try staging.upload(bytes, to: operand.buffer.handle, byteOffset: operand.offset * 4)
    }

    public func download(_ operand: Operand, into bytes: UnsafeMutableRawBufferPointer) throws(ComputeError) {
        checkBounds(of: operand, byteCount: bytes.count, in: "download")
        guard bytes.count > 0 else { return try synchronize() }
        try check(
            clEnqueueReadBuffer(
                context.queue, operand.buffer.handle, cl_bool(CL_TRUE), operand.offset * 4, bytes.count,
                bytes.baseAddress, 0, nil, nil), "clEnqueueReadBuffer", device: information.name)
    }

    public func synchronize() throws(ComputeError) { try context.finish() }

    private func checkBounds(of operand: Operand, byteCount: Int, in call: StaticString) {
        precondition(
            operand.offset * 4 + byteCount <= operand.buffer.byteCount,
            "\(call): \(byteCount) bytes at element \(operand.offset) of a buffer of \(operand.buffer.byteCount) bytes")
    }

    // MARK: Encoding

    public func encode(
        _ primitive: Primitive, _ operands: [Operand], scalars: [Float], random: RandomPosition?
    ) throws(ComputeError) {
        let plan = try preparedPlan(for: primitive)
        precondition(
            operands.count >= plan.operandCount && scalars.count >= plan.scalarCount,
            "\(primitive): \(operands.count) operands and \(scalars.count) scalars, "
                + "expected \(plan.operandCount) and \(plan.scalarCount)")
        precondition(random != nil || !plan.needsRandom, "\(primitive): no random position")

        var scratch: [Buffer?] = []
        for count in plan.scratch { scratch.append(count > 0 ? try allocate(count: count) : nil) }
        // All arguments of all steps are set before anything is launched, so that an error leaves nothing half done.
        for step in plan.steps {
            try bind(step, operands, scalars: scalars, random: random, scratch: scratch)
        }
        var events: [cl_event] = []
        for step in plan.steps {
            if let event = try launch(step) { events.append(event) }
        }
        if !events.isEmpty {
            pendingRuns.append((primitive, events))
            if pendingRuns.count >= OpenCLDevice.maximumPendingRuns { try readPendingRuns() }
        }
    }

    private func preparedPlan(for primitive: Primitive) throws(ComputeError) -> PreparedPlan {
        if let plan = plans[primitive] { return plan }
        let plan = try PreparedPlan(
            primitive.plan(tuning), workGroupSize: tuning.workGroupSize, library: library, context: context)
        plans[primitive] = plan
        return plan
    }

    private func bind(
        _ step: PreparedPlan.Step, _ operands: [Operand], scalars: [Float], random: RandomPosition?,
        scratch: [Buffer?]
    ) throws(ComputeError) {
        var setter = ArgumentSetter(kernel: step.kernel, device: information.name)
        for binding in step.bindings {
            setter.index = binding.index
            switch binding.source {
            case .operand(let index):
                try setter.set(buffer: operands[index].buffer.handle, offset: operands[index].offset)
            case .scratch(let index, let offset):
                guard let buffer = scratch[index] else { preconditionFailure("a plan uses scratch it did not ask for") }
                try setter.set(buffer: buffer.handle, offset: offset)
            case .scalar(let index):
                try setter.set(scalars[index])
            case .random:
                guard let random else { preconditionFailure("no random position") }
                try setter.set(random.seed)
                try setter.set(random.stream)
                try setter.set(random.block)
            }
        }
    }

    /// Launches a step; returns its event while a profile is collected.
    private func launch(_ step: PreparedPlan.Step) throws(ComputeError) -> cl_event? {
        let isProfiling = collectedProfile != nil
        var event: cl_event?
        let status = withUnsafeBytes(of: step.globalSize) { globalSize in
            withUnsafeBytes(of: step.localSize) { localSize in
                withUnsafeMutablePointer(to: &event) { event in
                    clEnqueueNDRangeKernel(
                        context.queue, step.kernel.handle, 3, nil, globalSize.bindMemory(to: Int.self).baseAddress,
                        localSize.bindMemory(to: Int.self).baseAddress, 0, nil, isProfiling ? event : nil)
                }
            }
        }
        try check(status, "clEnqueueNDRangeKernel", device: information.name)
        launches += 1
        launchesSinceFlush += 1
        if launchesSinceFlush >= Quirks.launchesPerFlush {
            launchesSinceFlush = 0
            try check(clFlush(context.queue), "clFlush", device: information.name)
        }
        return event
    }

    /// Builds a program of any text.
    ///
    /// - Throws: ``ComputeError/buildFailed(program:device:options:log:)`` with the compiler's log.
    package func build(_ source: String, name: String) throws(ComputeError) {
        let options = context.hardware.quirks.buildOptions.joined(separator: " ")
        clReleaseProgram(try library.build(source, name: name, options: options))
    }

    // MARK: Profile

    /// Reading it waits for everything encoded so far.
    public var profile: Profile? {
        get {
            // A profile that cannot be completed is still worth having.
            try? readPendingRuns()
            return collectedProfile
        }
        set {
            try? readPendingRuns()
            collectedProfile = newValue
        }
    }

    private func readPendingRuns() throws(ComputeError) {
        guard !pendingRuns.isEmpty else { return }
        defer {
            for run in pendingRuns { for event in run.events { clReleaseEvent(event) } }
            pendingRuns.removeAll(keepingCapacity: true)
        }
        try context.finish()
        for run in pendingRuns {
            let seconds = run.events.reduce(0) { $0 + OpenCLDevice.seconds(of: $1) }
            collectedProfile?.record(run.primitive, seconds: seconds)
        }
    }

    private static func seconds(of event: cl_event) -> Double {
        func time(_ name: Int32) -> cl_ulong {
            var value: cl_ulong = 0
            clGetEventProfilingInfo(event, cl_profiling_info(name), MemoryLayout<cl_ulong>.size, &value, nil)
            return value
        }
        let (start, end) = (time(CL_PROFILING_COMMAND_START), time(CL_PROFILING_COMMAND_END))
        return end > start ? Double(end - start) * 1e-9 : 0
    }
}

extension Primitive {
    /// How the primitive runs on a device of this tuning.
    func plan(_ tuning: Tuning) -> Plan {
        switch self {
        case .gemm(let gemm): gemm.plan(tuning)
        case .maskedGEMM(let product): product.plan(tuning)
        case .conv2D(let convolution): convolution.plan(tuning)
        case .pool2D(let pooling): pooling.plan(tuning)
        case .reduction(let reduction): reduction.plan(tuning)
        case .unary(let unary): unary.plan(tuning)
        case .unaryGradient(let gradient): gradient.plan(tuning)
        case .binary(let binary): binary.plan(tuning)
        case .softmax(let softmax): softmax.plan(tuning)
        case .softmaxGradient(let gradient): gradient.plan(tuning)
        case .crossEntropy(let loss): loss.plan(tuning)
        case .crossEntropyGradient(let gradient): gradient.plan(tuning)
        case .pointwiseLoss(let loss): loss.plan(tuning)
        case .pointwiseLossGradient(let gradient): gradient.plan(tuning)
        case .weightedMean(let mean): mean.plan(tuning)
        case .batchNormStatistics(let statistics): statistics.plan(tuning)
        case .batchNormApply(let application): application.plan(tuning)
        case .batchNormParameterGradient(let gradient): gradient.plan(tuning)
        case .batchNormInputGradient(let gradient): gradient.plan(tuning)
        case .layerNorm(let norm): norm.plan(tuning)
        case .layerNormInputGradient(let gradient): gradient.plan(tuning)
        case .layerNormParameterGradient(let gradient): gradient.plan(tuning)
        case .attention(let attention): attention.plan(tuning)
        case .attentionGradient(let gradient): gradient.plan(tuning)
        case .segmentMean(let mean): mean.plan(tuning)
        case .segmentMeanGradient(let gradient): gradient.plan(tuning)
        case .dropout(let dropout): dropout.plan(tuning)
        case .embedding(let embedding): embedding.plan(tuning)
        case .embeddingGradient(let gradient): gradient.plan(tuning)
        case .compactEmbeddingGradient(let gradient): gradient.plan(tuning)
        case .stridedCopy(let copy): copy.plan(tuning)
        case .fill(let fill): fill.plan(tuning)
        case .randomFill(let fill): fill.plan(tuning)
        case .gramian(let gramian): gramian.plan(tuning)
        case .weightedRowSum(let sum): sum.plan(tuning)
        case .optimizerStep(let step): step.plan(tuning)
        }
    }
}
