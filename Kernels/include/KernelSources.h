#pragma once

/// The text of an OpenCL C file of this folder, embedded when Concord was built, or a null pointer if there is none of
/// this name.
///
/// - Parameter name: with its extension: `gemm.cl`.
const char *_Nullable concord_kernel_source(const char *_Nonnull name);
