import Compute

/// What single drivers are treated differently for, and why. No other file knows drivers by their names.
package struct Quirks: Hashable {
    /// Whether the driver keeps compiled kernels itself, so that storing them a second time only costs.
    package private(set) var cachesKernels = false
    /// Elements between the lines of tiles in local memory; nil where the tiles' own are right.
    package private(set) var tilePadding: Int?
    /// Options that its programs are built with beside ``commonBuildOptions``.
    package private(set) var ownBuildOptions: [String] = []

    /// A driver, and what is different with it.
    private struct Row: Sendable {
        /// A part of the platform's version that tells the driver.
        var platform: String?
        /// The vendors that tell the device.
        var vendors: [String] = []
        /// The kinds that it is restricted to; empty for all.
        var kinds: [DeviceKind] = []
        let change: @Sendable (inout Quirks) -> Void
    }

    private static let table = [
        // NVIDIA's driver keeps what it compiled in a cache of its own. Its binaries are PTX, so loading one would
        // compile again all the same.
        Row(platform: "CUDA") { $0.cachesKernels = true },
        // PoCL keeps kernels per work-group size, which it compiles when they are first launched. Asking for a
        // program's binary compiles all its kernels once more.
        Row(platform: "PoCL") { $0.cachesKernels = true },
        // Lines of local memory are padded against conflicts between its banks on NVIDIA's devices; on AMD's that only
        // costs room. dlprimitives has the same two choices.
        Row(vendors: ["Advanced Micro Devices, Inc.", "AMD"]) { $0.tilePadding = 0 },
        // Intel's compiler gives a thread half of the registers that GPUs since Xe-HPG can give it, and spills vectors
        // of 16 numbers per work-item to memory. Drivers of older GPUs take the option and ignore it.
        Row(vendors: ["Intel(R) Corporation"], kinds: [.openCLGPU]) {
            $0.ownBuildOptions = ["-cl-intel-256-GRF-per-thread"]
        },
    ]

    /// - Parameter platformVersion: the version text of the platform, which names the driver; empty where only the
    ///   device is known.
    package init(platformVersion: String = "", vendor: String, kind: DeviceKind) {
        for row in Quirks.table
        where (row.platform.map(platformVersion.contains) ?? false || row.vendors.contains(vendor))
            && (row.kinds.isEmpty || row.kinds.contains(kind))
        {
            row.change(&self)
        }
    }

    /// The options that programs are built with.
    var buildOptions: [String] { Quirks.commonBuildOptions + ownBuildOptions }

    // What one driver needs and all others take without harm, all get.

    /// The options that every program is built with.
    ///
    /// PoCL 3.1 does not build loads of vectors from global memory under OpenCL C 2.0, though it offers 3.0. Options
    /// that assume numbers to be finite are left out: a training that diverges shows itself by NaN.
    static let commonBuildOptions = ["-cl-std=CL1.2", "-cl-mad-enable", "-cl-no-signed-zeros"]

    /// Launches after which the driver is told to start work; some start it only then.
    static let launchesPerFlush = 16
}
