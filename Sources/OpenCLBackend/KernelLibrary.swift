import COpenCL
import Compute
import KernelSources

/// A compiled kernel with arguments of its own.
///
/// Every launch of every plan has its own, because drivers exist that change a launch under way when its kernel is
/// given new arguments; constants are set once.
final class Kernel {
    let handle: cl_kernel
    /// The offset that was set last as each argument; -1 where the argument is none. Setting an argument costs some
    /// drivers an allocation.
    var offsets: [Int]

    /// - Parameter argumentCount: arguments of the kernel.
    init(_ handle: cl_kernel, argumentCount: Int) {
        self.handle = handle
        offsets = Array(repeating: -1, count: argumentCount)
    }

    deinit { clReleaseKernel(handle) }
}

/// Builds programs when they are first needed and keeps them.
final class KernelLibrary {
    private let context: OpenCLContext
    private let cache: BinaryCache?
    private let quirks: Quirks
    private var programs: [String: cl_program] = [:]

    /// The options that the program of a launch is built with.
    static func options(for launch: Launch, _ quirks: Quirks) -> String {
        (quirks.buildOptions + launch.macros.map { "-D\($0)" }).joined(separator: " ")
    }

    init(context: OpenCLContext, cache: BinaryCache?) {
        self.context = context
        self.cache = cache
        quirks = context.hardware.quirks
    }

    deinit { for program in programs.values { clReleaseProgram(program) } }

    /// A kernel of one of the embedded files.
    func kernel(for launch: Launch) throws(ComputeError) -> Kernel {
        let options = KernelLibrary.options(for: launch, quirks)
        let key = "\(launch.file) \(options)"
        let program: cl_program
        if let built = programs[key] {
            program = built
        } else {
            let name = "\(launch.file).cl"
            program = try build(KernelLibrary.source(name), name: name, options: options)
            programs[key] = program
        }
        var status: cl_int = 0
        guard let handle = clCreateKernel(program, launch.kernel, &status) else {
            try check(status, "clCreateKernel", device: context.deviceName)
            throw .driver(
                call: "clCreateKernel", code: 0, meaning: "no kernel \(launch.kernel)", device: context.deviceName)
        }
        var argumentCount: cl_uint = 0
        clGetKernelInfo(
            handle, cl_kernel_info(CL_KERNEL_NUM_ARGS), MemoryLayout<cl_uint>.size, &argumentCount, nil)
        return Kernel(handle, argumentCount: Int(argumentCount))
    }

    /// Tells these kernels from those of another version of the program.
    static let sourceHash: String = {
        var bytes: [UInt8] = []
        for index in 0... {
            guard let name = concord_kernel_file(index), let text = concord_kernel_source(name) else { break }
            bytes += String(cString: text).utf8
        }
        return String(BinaryCache.hash(bytes), radix: 16)
    }()

    /// The text of an embedded file with the files that it includes; lines keep their numbers in the compiler's log.
    private static func source(_ name: String) -> String {
        guard let text = concord_kernel_source(name) else { preconditionFailure("there is no kernel file \(name)") }
        let original = String(cString: text).split(separator: "\n", omittingEmptySubsequences: false)
        var lines: [Substring] = ["#line 1 \"\(name)\""]
        for (index, line) in original.enumerated() {
            if line.hasPrefix("#include \"") {
                lines.append(source(String(line.dropFirst(10).prefix { $0 != "\"" }))[...])
                lines.append("#line \(index + 2) \"\(name)\"")
            } else {
                lines.append(line)
            }
        }
        return lines.joined(separator: "\n")
    }

    /// Builds a program, from the cache if it has it.
    ///
    /// - Throws: ``ComputeError/buildFailed(program:device:options:log:)`` with the compiler's log.
    func build(_ source: String, name: String, options: String) throws(ComputeError) -> cl_program {
        guard let cache else { return try compile(source, name: name, options: options) }
        let information = context.hardware.information
        let key = [
            context.hardware.platformVersion, information.vendor, information.name, information.driver, options,
            String(source.utf8.count), String(BinaryCache.hash(source.utf8), radix: 16),
        ].joined(separator: "\n")
        if let binary = cache.binary(for: key), let program = load(binary, options: options) { return program }
        let program = try compile(source, name: name, options: options)
        if let binary = binary(of: program) { cache.store(binary, for: key) }
        return program
    }

    private func compile(_ source: String, name: String, options: String) throws(ComputeError) -> cl_program {
        var status: cl_int = 0
        let created = source.withCString { text in
            var text: UnsafePointer<CChar>? = text
            return clCreateProgramWithSource(context.context, 1, &text, nil, &status)
        }
        guard let program = created else {
            try check(status, "clCreateProgramWithSource", device: context.deviceName)
            throw .driver(
                call: "clCreateProgramWithSource", code: 0, meaning: "no program", device: context.deviceName)
        }
        var device: cl_device_id? = context.hardware.device
        guard clBuildProgram(program, 1, &device, options, nil, nil) == CL_SUCCESS else {
            defer { clReleaseProgram(program) }
            throw .buildFailed(
                program: name, device: context.deviceName, options: options, log: buildLog(of: program))
        }
        return program
    }

    /// A program from a stored binary; nil where the driver does not take it any more.
    private func load(_ binary: [UInt8], options: String) -> cl_program? {
        var device: cl_device_id? = context.hardware.device
        var length = binary.count
        var status: cl_int = 0
        let created = binary.withUnsafeBufferPointer { bytes in
            var pointer = bytes.baseAddress
            return clCreateProgramWithBinary(context.context, 1, &device, &length, &pointer, nil, &status)
        }
        guard let program = created else { return nil }
        guard status == CL_SUCCESS, clBuildProgram(program, 1, &device, options, nil, nil) == CL_SUCCESS else {
            clReleaseProgram(program)
            return nil
        }
        return program
    }

    private func binary(of program: cl_program) -> [UInt8]? {
        var length = 0
        guard
            clGetProgramInfo(
                program, cl_program_info(CL_PROGRAM_BINARY_SIZES), MemoryLayout<Int>.size, &length, nil) == CL_SUCCESS,
            length > 0
        else { return nil }
        var binary = [UInt8](repeating: 0, count: length)
        let status = binary.withUnsafeMutableBufferPointer { bytes in
            var pointer = bytes.baseAddress
            return clGetProgramInfo(
                program, cl_program_info(CL_PROGRAM_BINARIES), MemoryLayout.size(ofValue: pointer), &pointer, nil)
        }
        return status == CL_SUCCESS ? binary : nil
    }

    private func buildLog(of program: cl_program) -> String {
        let device = context.hardware.device
        let name = cl_program_build_info(CL_PROGRAM_BUILD_LOG)
        var length = 0
        guard clGetProgramBuildInfo(program, device, name, 0, nil, &length) == CL_SUCCESS, length > 0
        else { return "the driver gave no log" }
        var log = [UInt8](repeating: 0, count: length)
        guard clGetProgramBuildInfo(program, device, name, length, &log, nil) == CL_SUCCESS
        else { return "the driver gave no log" }
        return String(decoding: log.prefix { $0 != 0 }, as: UTF8.self)
    }
}
