import COpenBLAS
import Compute
import Foundation

/// The host's processor: matrix products on OpenBLAS, everything else in C loops.
///
/// Work runs inside ``encode(_:_:scalars:random:)``, on several threads where it is large enough. Results do not depend
/// on the number of threads.
///
/// OpenBLAS itself runs on one thread in the whole process once a device was made: products are split here, into parts
/// whose borders depend on their sizes alone.
public final class CPUDevice: Device {
    public let information: DeviceInformation
    public let pool: BufferPool
    public var profile: Profile?
    public private(set) var launches = 0
    let workers: Workers

    /// Blocks are aligned to a cache line, which is also the widest vector register.
    private static let alignment = 64
    /// Bytes of a large page of the processor.
    private static let hugePage = 2 << 20

    /// - Parameter threads: how many threads may work at a time. Without it the environment variable `CONCORD_THREADS`
    ///   counts, and without that the number of cores.
    /// - Precondition: `threads` is positive.
    public init(threads: Int? = nil) {
        let process = ProcessInfo.processInfo
        let fromEnvironment = process.environment["CONCORD_THREADS"].flatMap(Int.init).map { max($0, 1) }
        workers = Workers(count: threads ?? fromEnvironment ?? process.activeProcessorCount)
        openblas_set_num_threads(1)

        let memory = Int(clamping: process.physicalMemory)
        information = DeviceInformation(
            identifier: "cpu", kind: .cpu, name: Processor.current.name, vendor: Processor.current.vendor,
            driver: String(cString: openblas_get_config()), computeUnits: process.activeProcessorCount,
            memoryBytes: memory, maximumBufferBytes: memory, localMemoryBytes: 0, maximumWorkGroupSize: 1)
        pool = BufferPool(
            limit: memory,
            source: BufferPool.Source(
                allocate: { byteCount in
                    let isHuge = byteCount >= CPUDevice.hugePage
                    var block: UnsafeMutableRawPointer?
                    let alignment = isHuge ? CPUDevice.hugePage : CPUDevice.alignment
                    guard posix_memalign(&block, alignment, byteCount) == 0 else { return nil }
                    #if os(Linux)
                        // Fewer pages, fewer misses of the translation buffer.
                        if isHuge { madvise(block, byteCount, MADV_HUGEPAGE) }
                    #endif
                    return block.map(OpaquePointer.init)
                },
                free: { Foundation.free(UnsafeMutableRawPointer($0)) }))
    }

    public func encode(
        _ primitive: Primitive, _ operands: [Operand], scalars: [Float], random: RandomPosition?
    ) throws(ComputeError) {
        let start = profile == nil ? nil : ContinuousClock.now
        var arguments = Arguments(primitive, operands, scalars, random, device: self)
        switch primitive {
        case .gemm(let gemm): try run(gemm, &arguments)
        case .maskedGEMM(let product): try run(product, &arguments)
        case .conv2D(let convolution): try run(convolution, &arguments)
        case .pool2D(let pooling): run(pooling, &arguments)
        case .reduction(let reduction): try run(reduction, &arguments)
        case .unary(let unary): run(unary, &arguments)
        case .unaryGradient(let gradient): run(gradient, &arguments)
        case .binary(let binary): run(binary, &arguments)
        case .softmax(let softmax): run(softmax, &arguments)
        case .softmaxGradient(let gradient): run(gradient, &arguments)
        case .crossEntropy(let loss): run(loss, &arguments)
        case .crossEntropyGradient(let gradient): run(gradient, &arguments)
        case .pointwiseLoss(let loss): run(loss, &arguments)
        case .pointwiseLossGradient(let gradient): run(gradient, &arguments)
        case .weightedMean(let mean): run(mean, &arguments)
        case .batchNormStatistics(let statistics): try run(statistics, &arguments)
        case .batchNormApply(let apply): run(apply, &arguments)
        case .batchNormParameterGradient(let gradient): try run(gradient, &arguments)
        case .batchNormInputGradient(let gradient): run(gradient, &arguments)
        case .layerNorm(let norm): run(norm, &arguments)
        case .layerNormInputGradient(let gradient): run(gradient, &arguments)
        case .layerNormParameterGradient(let gradient): try run(gradient, &arguments)
        case .attention(let attention): try run(attention, &arguments)
        case .attentionGradient(let gradient): try run(gradient, &arguments)
        case .segmentMean(let mean): run(mean, &arguments)
        case .segmentMeanGradient(let gradient): run(gradient, &arguments)
        case .dropout(let dropout): run(dropout, &arguments)
        case .embedding(let embedding): run(embedding, &arguments)
        case .embeddingGradient(let gradient): run(gradient, &arguments)
        case .compactEmbeddingGradient(let gradient): run(gradient, &arguments)
        case .stridedCopy(let copy): run(copy, &arguments)
        case .fill(let fill): run(fill, &arguments)
        case .randomFill(let fill): run(fill, &arguments)
        case .gramian(let gramian): run(gramian, &arguments)
        case .weightedRowSum(let sum): run(sum, &arguments)
        case .optimizerStep(let step): run(step, &arguments)
        }
        launches += 1
        if let start {
            let (seconds, attoseconds) = (ContinuousClock.now - start).components
            profile?.record(primitive, seconds: Double(seconds) + Double(attoseconds) * 1e-18)
        }
    }

    public func upload(_ bytes: UnsafeRawBufferPointer, to operand: Operand) {
        guard let source = bytes.baseAddress else { return }
        operand.bytes(count: bytes.count, on: self).copyMemory(from: source, byteCount: bytes.count)
    }

    public func download(_ operand: Operand, into bytes: UnsafeMutableRawBufferPointer) {
        guard let destination = bytes.baseAddress else { return }
        destination.copyMemory(from: operand.bytes(count: bytes.count, on: self), byteCount: bytes.count)
    }

    public func synchronize() {}

    /// Memory for intermediate results, from the pool.
    func scratch(count: Int) throws(ComputeError) -> Scratch {
        Scratch(buffer: try pool.allocate(byteCount: max(count, 1) * 4, on: self))
    }
}
