import COpenCL
import Compute

/// Turns a status of the OpenCL interface into a typed error.
///
/// - Parameters:
///   - call: the function that returned the status.
///   - device: the name of the device it was called for.
func check(_ status: cl_int, _ call: StaticString, device: String) throws(ComputeError) {
    guard status != CL_SUCCESS else { return }
    throw .driver(call: "\(call)", code: Int(status), meaning: meaning(ofStatus: status), device: device)
}

/// The name of a status in the OpenCL specification, and what it usually says to a user.
private func meaning(ofStatus status: cl_int) -> String {
    switch status {
    case -1: "CL_DEVICE_NOT_FOUND"
    case -2: "CL_DEVICE_NOT_AVAILABLE: another process may hold the device"
    case -4: "CL_MEM_OBJECT_ALLOCATION_FAILURE: the device has no memory left"
    case -5: "CL_OUT_OF_RESOURCES: the device has no memory left or a kernel went wrong"
    case -6: "CL_OUT_OF_HOST_MEMORY"
    case -9: "CL_IMAGE_FORMAT_MISMATCH"
    case -11: "CL_BUILD_PROGRAM_FAILURE"
    case -14: "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST: work before this went wrong"
    case -30: "CL_INVALID_VALUE"
    case -34: "CL_INVALID_CONTEXT"
    case -36: "CL_INVALID_COMMAND_QUEUE: the device was lost"
    case -38: "CL_INVALID_MEM_OBJECT"
    case -42: "CL_INVALID_BINARY"
    case -46: "CL_INVALID_KERNEL_NAME"
    case -49: "CL_INVALID_ARG_INDEX"
    case -50: "CL_INVALID_ARG_VALUE"
    case -51: "CL_INVALID_ARG_SIZE"
    case -52: "CL_INVALID_KERNEL_ARGS"
    case -54: "CL_INVALID_WORK_GROUP_SIZE"
    case -55: "CL_INVALID_WORK_ITEM_SIZE"
    case -61: "CL_INVALID_BUFFER_SIZE"
    case -1001: "CL_PLATFORM_NOT_FOUND_KHR: no OpenCL driver is installed"
    default: "see CL/cl.h"
    }
}
