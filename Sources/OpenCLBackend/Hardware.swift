import COpenCL
import Compute

/// A device that a driver offers, before it is opened.
struct Hardware {
    let platform: cl_platform_id
    let device: cl_device_id
    let information: DeviceInformation

    /// The devices of all platforms, GPUs first, then accelerators, then CPUs; their place is the number in
    /// `opencl:N`. Empty where there is no driver. A driver that fails to answer is left out.
    static func all() -> [Hardware] {
        var platformCount: cl_uint = 0
        guard clGetPlatformIDs(0, nil, &platformCount) == CL_SUCCESS, platformCount > 0 else { return [] }
        var platforms = [cl_platform_id?](repeating: nil, count: Int(platformCount))
        guard clGetPlatformIDs(platformCount, &platforms, nil) == CL_SUCCESS else { return [] }

        var found: [(platform: cl_platform_id, device: cl_device_id, kind: DeviceKind)] = []
        for platform in platforms.compactMap({ $0 }) {
            for (type, kind) in kinds {
                var count: cl_uint = 0
                guard clGetDeviceIDs(platform, type, 0, nil, &count) == CL_SUCCESS, count > 0 else { continue }
                var devices = [cl_device_id?](repeating: nil, count: Int(count))
                guard clGetDeviceIDs(platform, type, count, &devices, nil) == CL_SUCCESS else { continue }
                found += devices.compactMap { $0 }.map { (platform, $0, kind) }
            }
        }
        let ordered = kinds.flatMap { kind in found.filter { $0.kind == kind.kind } }
        return ordered.enumerated().map { index, entry in
            Hardware(
                platform: entry.platform, device: entry.device,
                information: describe(entry.device, kind: entry.kind, identifier: "opencl:\(index)"))
        }
    }

    private static let kinds: [(type: cl_device_type, kind: DeviceKind)] = [
        (concord_cl_device_type_gpu, .openCLGPU), (concord_cl_device_type_accelerator, .openCLAccelerator),
        (concord_cl_device_type_cpu, .openCLCPU),
    ]

    private static func describe(_ device: cl_device_id, kind: DeviceKind, identifier: String) -> DeviceInformation {
        DeviceInformation(
            identifier: identifier, kind: kind, name: text(CL_DEVICE_NAME, of: device),
            vendor: text(CL_DEVICE_VENDOR, of: device), driver: text(CL_DRIVER_VERSION, of: device),
            computeUnits: Int(number(CL_DEVICE_MAX_COMPUTE_UNITS, of: device, as: cl_uint.self)),
            memoryBytes: Int(clamping: number(CL_DEVICE_GLOBAL_MEM_SIZE, of: device, as: cl_ulong.self)),
            maximumBufferBytes: Int(clamping: number(CL_DEVICE_MAX_MEM_ALLOC_SIZE, of: device, as: cl_ulong.self)),
            localMemoryBytes: Int(clamping: number(CL_DEVICE_LOCAL_MEM_SIZE, of: device, as: cl_ulong.self)),
            maximumWorkGroupSize: number(CL_DEVICE_MAX_WORK_GROUP_SIZE, of: device, as: Int.self))
    }

    /// A number that the driver knows about a device; 0 where it does not.
    private static func number<Number: FixedWidthInteger>(
        _ name: Int32, of device: cl_device_id, as type: Number.Type
    ) -> Number {
        var value: Number = 0
        clGetDeviceInfo(device, cl_device_info(name), MemoryLayout<Number>.size, &value, nil)
        return value
    }

    /// A text that the driver knows about a device; empty where it does not.
    private static func text(_ name: Int32, of device: cl_device_id) -> String {
        text { clGetDeviceInfo(device, cl_device_info(name), $0, $1, $2) }
    }

    /// Asks for the size of a text, then for the text.
    private static func text(
        _ query: (_ size: Int, _ bytes: UnsafeMutableRawPointer?, _ needed: UnsafeMutablePointer<Int>?) -> cl_int
    ) -> String {
        var size = 0
        guard query(0, nil, &size) == CL_SUCCESS else { return "" }
        var bytes = [UInt8](repeating: 0, count: size)
        guard query(size, &bytes, nil) == CL_SUCCESS else { return "" }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// The name and version of the platform that the device belongs to.
    var platformVersion: String {
        Hardware.text { clGetPlatformInfo(platform, cl_platform_info(CL_PLATFORM_VERSION), $0, $1, $2) }
    }

    /// What the driver is treated differently for.
    var quirks: Quirks { Quirks(platformVersion: platformVersion, vendor: information.vendor, kind: information.kind) }
}
