// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "concord-benchmarks",
    dependencies: [.package(name: "concord", path: "..")],
    targets: [
        .executableTarget(
            name: "HostBenchmarks", dependencies: [.product(name: "Concord", package: "concord")])
    ],
    swiftLanguageModes: [.v6]
)
