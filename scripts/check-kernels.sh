#!/usr/bin/env bash
# Compiles every kernel with every set of parameters that is shipped for GPUs, which need not be there: NVIDIA (sm_80,
# sm_90), AMD (gfx1030, gfx90a) and Intel (dg2). Writes what they need to Documentation/KernelResources.md.
#
# Fails if a kernel does not compile, needs memory beside its registers (a stack frame, scratch or spills), more than 128
# registers per work-item in a work-group of 256 or as many in a smaller one, or more than 32 KiB of local memory.
#
# The compilers come from Debian's packages and the Python package nvidia-cuda-nvcc-cu12. They are unpacked into the
# ignored folder Assets/kernel-tools and not installed, so that the system gets no driver from them. What cannot be had
# is left out, and the script says so.
#
# LIST_KERNELS: the program that lists the kernels, by default the release build, which is made first.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly tools=$PWD/Assets/kernel-tools
readonly nvcc=nvidia-cuda-nvcc-cu12==12.9.86
readonly intel_packages=(
    intel-opencl-icd libigc1 libigdfcl1 libigdgmm12 libopencl-clang14 libllvmspirvlib14 libllvm14 libclang-cpp14
)

skip() { echo "check-kernels: SKIPPED: $*" >&2; }

# Downloads Debian packages and unpacks them into the folder of tools.
unpack() {
    local folder package
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
    folder=$(mktemp -d)
    # apt-get downloads as a user of its own if it may.
    chmod 755 "$folder"
    (cd "$folder" && apt-get download -q "$@") >/dev/null 2>&1 || { rm -rf "$folder"; return 1; }
    for package in "$folder"/*.deb; do dpkg-deb -x "$package" "$tools"; done
    rm -rf "$folder"
}

get_clang() {
    command -v clang-15 >/dev/null && return
    command -v apt-get >/dev/null && [[ $(id -u) -eq 0 ]] || return 1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends clang-15 >/dev/null 2>&1
}

get_ptxas() {
    local folder
    folder=$(mktemp -d)
    python3 -m pip download -q --no-deps -d "$folder" "$nvcc" >/dev/null 2>&1 || { rm -rf "$folder"; return 1; }
    python3 -m zipfile -e "$folder"/*.whl "$tools"
    chmod +x "$tools/nvidia/cuda_nvcc/bin/ptxas"
    rm -rf "$folder"
}

mkdir -p "$tools"
[[ -e $tools/usr/lib/clc/amdgcn--amdhsa.bc ]] || unpack libclc-15 || true
if get_clang && [[ -e $tools/usr/lib/clc/amdgcn--amdhsa.bc ]]; then
    [[ -x $tools/nvidia/cuda_nvcc/bin/ptxas ]] || get_ptxas || skip "NVIDIA: the Python package $nvcc cannot be had"
else
    skip "NVIDIA and AMD: the Debian packages clang-15 and libclc-15 cannot be had"
fi
if [[ ! -x $tools/usr/bin/ocloc ]]; then
    unpack "${intel_packages[@]}" || skip "Intel: the Debian packages ${intel_packages[*]} cannot be had"
fi
if [[ ! -x $tools/usr/bin/ocloc ]] && ! command -v clang-15 >/dev/null; then
    skip "everything: there is no offline compiler on this machine"
    exit 0
fi

program=${LIST_KERNELS:-}
if [[ -z $program ]]; then
    swift build -c release --product ListKernels
    program=.build/release/ListKernels
fi
"$program" |
    python3 scripts/check_kernels.py --tools "$tools" --kernels Kernels --report Documentation/KernelResources.md
