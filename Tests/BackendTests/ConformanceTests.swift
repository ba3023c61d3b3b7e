import CPUBackend
import Compute
import Conformance
import OpenCLBackend
import Testing

/// Runs the conformance cases of one operation and records every case that does not pass.
private func expectConformance(of operation: String, on device: any Device, tiny: Bool = false) {
    let summary = ConformanceSuite.summary(of: operation, on: device, tiny: tiny)
    #expect(summary.cases > 0)
    for failure in summary.failures { Issue.record("\(device.information.name): \(operation): \(failure)") }
}

@Suite(.serialized) struct CPUConformanceTests {
    @Test("agrees with the Float64 reference", arguments: ConformanceSuite.operations)
    func conforms(operation: String) {
        expectConformance(of: operation, on: CPUDevice())
    }
}

/// Whether there is an OpenCL device to test; says so where there is none, because a skipped suite is easily overlooked.
private let hasOpenCLDevice: Bool = {
    let found = !OpenCLDevice.available().isEmpty
    if !found { print("*** No OpenCL device: the OpenCL backend is NOT tested. Install a driver, such as pocl. ***") }
    return found
}()

@Suite(.serialized, .enabled(if: hasOpenCLDevice, "no OpenCL device: the OpenCL backend is not tested"))
struct OpenCLConformanceTests {
    @Test("agrees with the Float64 reference", arguments: ConformanceSuite.operations)
    func conforms(operation: String) throws {
        expectConformance(of: operation, on: try OpenCLDevice())
    }

    /// Every driver runs the kernels that are meant for GPUs; those for CPUs only take long for it.
    @Test(
        "agrees with the Float64 reference with the kernels of GPUs", arguments: ["GEMM", "Conv2D"],
        tilesOfGPUs)
    func conformsWithKernelsOfGPUs(operation: String, tile: GroupTile) throws {
        let parameters = TuningParameters(groupTiles: [tile])
        let device = try OpenCLDevice(cache: nil, tunedAs: .openCLGPU, parameters: parameters)
        expectConformance(of: operation, on: device, tiny: true)
    }
}

/// The shipped tiles, and one as it is shipped for AMD's devices, whose lines in local memory are not padded.
private let tilesOfGPUs =
    (TuningParameters.shipped(for: gpu("")).groupTiles ?? [])
    + (TuningParameters.shipped(for: gpu("AMD")).groupTiles ?? []).suffix(1)

/// A GPU of a vendor.
private func gpu(_ vendor: String) -> DeviceInformation {
    DeviceInformation(
        identifier: "opencl:0", kind: .openCLGPU, name: "", vendor: vendor, driver: "", computeUnits: 64,
        memoryBytes: 8 << 30, maximumBufferBytes: 2 << 30, localMemoryBytes: 32 << 10, maximumWorkGroupSize: 256)
}
