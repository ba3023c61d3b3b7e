import Compute
import OpenCLBackend
import Testing

@Suite("Quirks of drivers")
struct QuirksTests {
    @Test(
        "drivers that keep kernels themselves",
        arguments: [
            ("OpenCL 3.0 CUDA 12.4.131", true), ("OpenCL 3.0 PoCL 3.1+debian  Linux", true),
            ("OpenCL 2.1 AMD-APP (3513.0)", false), ("OpenCL 3.0 LINUX", false), ("", false),
        ])
    func cachesKernels(platform: String, expected: Bool) {
        #expect(Quirks(platformVersion: platform, vendor: "", kind: .openCLGPU).cachesKernels == expected)
    }

    @Test(
        "devices whose local memory is not padded",
        arguments: [
            ("Advanced Micro Devices, Inc.", 0), ("AMD", 0), ("AuthenticAMD", nil), ("NVIDIA Corporation", nil),
            ("Intel(R) Corporation", nil),
        ] as [(String, Int?)])
    func tilePadding(vendor: String, expected: Int?) {
        #expect(Quirks(platformVersion: "OpenCL 2.0", vendor: vendor, kind: .openCLGPU).tilePadding == expected)
    }

    @Test(
        "only Intel's GPUs give a thread all registers",
        arguments: [
            ("Intel(R) Corporation", .openCLGPU, ["-cl-intel-256-GRF-per-thread"]),
            ("Intel(R) Corporation", .openCLCPU, []), ("NVIDIA Corporation", .openCLGPU, []),
        ] as [(String, DeviceKind, [String])])
    func ownBuildOptions(vendor: String, kind: DeviceKind, expected: [String]) {
        #expect(Quirks(vendor: vendor, kind: kind).ownBuildOptions == expected)
    }
}
