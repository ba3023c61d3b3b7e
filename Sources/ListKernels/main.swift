// Prints the kernels of kinds of devices as JSON lines, with the options that their programs are built with.
//
// `scripts/check-kernels.sh` hands them to the offline compilers of GPUs. The kernels are those that the conformance
// suite and the products and convolutions of usual networks run.

import Compute
import Conformance
import Foundation
import OpenCLBackend

/// One line of the output.
struct Line: Encodable {
    /// `NVIDIA`, `AMD` or `Intel` for their GPUs, or `CPU`.
    let device: String
    let variant: KernelVariant
}

/// A device that stands for its kind.
func information(_ kind: DeviceKind, vendor: String, computeUnits: Int) -> DeviceInformation {
    DeviceInformation(
        identifier: "opencl:0", kind: kind, name: "", vendor: vendor, driver: "", computeUnits: computeUnits,
        memoryBytes: 8 << 30, maximumBufferBytes: 2 << 30, localMemoryBytes: 32 << 10, maximumWorkGroupSize: 256)
}

/// Products of all sizes and orders, so that every tile is chosen by one of them.
let products: [Primitive] = [16, 33, 64, 128, 256, 1000, 4096].flatMap { columns in
    [1, 48, 256, 5120].flatMap { rows in
        [64, 512, 25088].flatMap { inner in
            [(false, false), (false, true), (true, false)].map { transposeA, transposeB in
                .gemm(
                    GEMM(
                        rows: rows, columns: columns, inner: inner, transposeA: transposeA, transposeB: transposeB))
            }
        }
    }
}

/// Convolutions of usual networks.
let convolutions: [Primitive] = [
    (channels: 1, size: 28, filters: 32, window: Window2D(size: 5), groups: 1),
    (3, 224, 64, Window2D(size: 7, stride: 2, padding: 3), 1),
    (64, 56, 64, Window2D(size: 3, padding: 1), 1),
    (128, 28, 128, Window2D(size: 3, padding: 1), 1),
    (256, 14, 256, Window2D(size: 3, padding: 1), 1),
    (512, 7, 512, Window2D(size: 3, padding: 1), 1),
    (64, 56, 128, Window2D(size: 3, stride: 2, padding: 1), 1),
    (64, 56, 128, Window2D(size: 1, stride: 2), 1),
    (256, 56, 64, Window2D(size: 1), 1),
    (144, 56, 144, Window2D(size: 3, padding: 1), 144),
    (240, 14, 240, Window2D(size: 5, padding: 2), 240),
].flatMap { layer in
    Conv2D.Pass.allCases.map { pass in
        .conv2D(
            Conv2D(
                pass, batch: 32, inputHeight: layer.size, inputWidth: layer.size, inputChannels: layer.channels,
                outputChannels: layer.filters, window: layer.window, groups: layer.groups))
    }
}

let primitives = ConformanceSuite.cases.map(\.primitive) + products + convolutions
let encoder = JSONEncoder()
encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
let devices = [
    ("NVIDIA", information(.openCLGPU, vendor: "NVIDIA Corporation", computeUnits: 64)),
    ("AMD", information(.openCLGPU, vendor: "Advanced Micro Devices, Inc.", computeUnits: 64)),
    ("Intel", information(.openCLGPU, vendor: "Intel(R) Corporation", computeUnits: 64)),
    ("CPU", information(.openCLCPU, vendor: "", computeUnits: 8)),
]
for (name, device) in devices {
    for variant in KernelVariant.all(of: primitives, on: [device]) {
        let json = try encoder.encode(Line(device: name, variant: variant))
        print(String(decoding: json, as: UTF8.self))
    }
}
