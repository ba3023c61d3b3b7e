#pragma once
// OpenCL 1.2 is the oldest version that Concord runs on; its queue-creation call is deprecated in later headers.
#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>
#include <CL/cl_ext.h>

// Macros with casts are not imported into Swift.
static const cl_device_type concord_cl_device_type_all = CL_DEVICE_TYPE_ALL;
static const cl_device_type concord_cl_device_type_cpu = CL_DEVICE_TYPE_CPU;
static const cl_device_type concord_cl_device_type_gpu = CL_DEVICE_TYPE_GPU;
static const cl_device_type concord_cl_device_type_accelerator = CL_DEVICE_TYPE_ACCELERATOR;
static const cl_command_queue_properties concord_cl_queue_profiling_enable = CL_QUEUE_PROFILING_ENABLE;
static const cl_mem_flags concord_cl_mem_read_write = CL_MEM_READ_WRITE;
static const cl_mem_flags concord_cl_mem_alloc_host_ptr = CL_MEM_ALLOC_HOST_PTR;
