#pragma once

#include <stddef.h>

/// The text of an OpenCL C file of this folder, embedded when Concord was built, or a null pointer if there is none of
/// this name.
///
/// - Parameter name: with its extension: `gemm.cl`.
const char *_Nullable concord_kernel_source(const char *_Nonnull name);

/// The name of a file of OpenCL C, or a null pointer behind the last one.
const char *_Nullable concord_kernel_file(size_t index);

/// The kernel parameters that are shipped for every class of devices: `tuning.json`.
const char *_Nonnull concord_default_tuning(void);
