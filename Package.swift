// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "concord",
    products: [
        .library(name: "Concord", targets: ["Concord"]),
        .executable(name: "concord", targets: ["ConcordCLI"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    ],
    targets: [
        // Libraries of the system.
        .systemLibrary(
            name: "COpenCL", pkgConfig: "OpenCL",
            providers: [.apt(["ocl-icd-opencl-dev", "opencl-headers"])]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CStbImage", pkgConfig: "stb", providers: [.apt(["libstb-dev"])]),

        // Kernels.
        .target(name: "KernelSources", path: "Kernels", exclude: []),
        .target(name: "CPUKernels"),

        // Devices.
        .target(name: "Compute"),
        .target(name: "OpenCLBackend", dependencies: ["Compute", "COpenCL", "KernelSources"]),
        .target(name: "CPUBackend", dependencies: ["Compute", "COpenBLAS", "CPUKernels"]),

        // The engine.
        .target(name: "Tensors", dependencies: ["Compute"]),
        .target(name: "Networks", dependencies: ["Tensors"]),
        .target(name: "Optimizers", dependencies: ["Tensors", "Networks"]),
        .target(name: "Images", dependencies: ["Compute", "CStbImage", "CZlib"]),
        .target(name: "Datasets", dependencies: ["Compute", "CZlib", "Images"]),
        .target(
            name: "Checkpoints",
            dependencies: ["Networks", "Optimizers", "CZlib", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            exclude: ["Formats/Protocols/onnx.proto", "Formats/Protocols/graphdef.proto"]),
        .target(name: "MultiTask", dependencies: ["Tensors", "Networks", "Optimizers", "Datasets", "Checkpoints"]),
        .target(name: "Transfer", dependencies: ["Checkpoints", "MultiTask"]),
        .target(name: "Conformance", dependencies: ["Compute", "Tensors"]),
        .target(name: "Tuner", dependencies: ["Compute", "OpenCLBackend", "Checkpoints"]),
        .target(
            name: "Concord",
            dependencies: [
                "Compute", "OpenCLBackend", "CPUBackend", "Tuner", "Tensors", "Networks", "Optimizers", "Datasets",
                "Images", "Checkpoints", "MultiTask", "Transfer",
            ]),

        // The command line.
        .target(
            name: "Configuration",
            dependencies: [
                "Compute", "Networks", "Optimizers", "Datasets", "Images", "Checkpoints", "MultiTask", "Transfer",
                .product(name: "Yams", package: "Yams"),
            ]),
        .executableTarget(
            name: "ConcordCLI",
            dependencies: [
                "Concord", "Configuration", "Conformance", "Tuner",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // For scripts: lists what the offline compilers check.
        .executableTarget(name: "ListKernels", dependencies: ["Compute", "Conformance", "OpenCLBackend"]),

        // Tests.
        .target(
            name: "TestDevices", dependencies: ["Compute", "CPUBackend", "OpenCLBackend"], path: "Tests/TestDevices"),
        .testTarget(name: "ComputeTests", dependencies: ["Compute"]),
        .testTarget(name: "BackendTests", dependencies: ["Compute", "Conformance", "CPUBackend", "OpenCLBackend"]),
        .testTarget(name: "TunerTests", dependencies: ["Compute", "CPUBackend", "OpenCLBackend", "Tuner"]),
        .testTarget(name: "TensorsTests", dependencies: ["Conformance", "Tensors", "Networks", "TestDevices"]),
        .testTarget(
            name: "NetworksTests", dependencies: ["Conformance", "Networks", "TestDevices"],
            exclude: ["Fixtures/record.py", "Fixtures/record_bert.py", "Fixtures/record_vision.py"],
            resources: [
                .copy("Fixtures/networks.json"), .copy("Fixtures/bert.json"), .copy("Fixtures/vision.json"),
            ]),
        .testTarget(
            name: "OptimizersTests", dependencies: ["Optimizers", "TestDevices"],
            exclude: ["Fixtures/record.py"], resources: [.copy("Fixtures/optimizers.json")]),
        .testTarget(
            name: "DatasetsTests", dependencies: ["Compute", "Datasets", "CZlib", "Images"],
            exclude: ["permutations.py", "Fixtures/record_tokens.py"], resources: [.copy("Fixtures/tokens.json")]),
        .testTarget(
            name: "ImagesTests", dependencies: ["Images"], exclude: ["Fixtures/record.py"],
            resources: [.copy("Fixtures/images.json")]),
        .testTarget(
            name: "CheckpointsTests",
            dependencies: ["Checkpoints", "CPUBackend", "Networks", "Tensors", "CZlib", "TestDevices"],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "MultiTaskTests", dependencies: ["CPUBackend", "MultiTask", "TestDevices"], resources: [.copy("Fixtures")]),
        .testTarget(
            name: "TransferTests", dependencies: ["CPUBackend", "Transfer", "TestDevices"],
            exclude: ["Fixtures/record.py", "Fixtures/peft-record.py", "Fixtures/transferability-record.py"],
            resources: [
                .copy("Fixtures/transfer.json"), .copy("Fixtures/peft"), .copy("Fixtures/transferability.json"),
            ]),
        .testTarget(name: "ConfigurationTests", dependencies: ["Configuration", "CPUBackend"]),
        .testTarget(name: "ConcordTests", dependencies: ["Concord"]),
        .testTarget(name: "CommandLineTests", dependencies: ["Checkpoints", "ConcordCLI", "OpenCLBackend"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c2x
)
