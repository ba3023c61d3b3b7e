#!/usr/bin/env bash
# Checks for what Concord needs from the system and installs what is missing.
#
# As root on Debian or Ubuntu it installs through apt-get. Otherwise it changes nothing: it prints the command to run
# and exits with 1.
set -euo pipefail

readonly needed_swift=6.2
readonly fashion=/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz

# Prints the Debian packages that are missing, one a line.
missing_packages() {
    if ! command -v pkg-config >/dev/null; then
        # Without it nothing can be told about the libraries; asking for those that are there does no harm.
        printf '%s\n' pkg-config ocl-icd-opencl-dev opencl-headers libopenblas-dev zlib1g-dev libstb-dev
    else
        pkg-config --exists OpenCL || echo ocl-icd-opencl-dev
        has_opencl_headers || echo opencl-headers
        pkg-config --exists openblas || echo libopenblas-dev
        pkg-config --exists zlib || echo zlib1g-dev
        pkg-config --exists stb || echo libstb-dev
    fi
    # PoCL runs OpenCL on the processor: for machines without any other platform.
    compgen -G '/etc/OpenCL/vendors/*.icd' >/dev/null || echo pocl-opencl-icd
    [[ -e $fashion ]] || echo dataset-fashion-mnist
}

has_opencl_headers() {
    local folder
    folder=$(pkg-config --variable=includedir OpenCL 2>/dev/null || true)
    [[ -e ${folder:-/usr/include}/CL/cl.h ]]
}

# Says what is wrong with the Swift toolchain, or nothing.
swift_problem() {
    local found
    if ! command -v swift >/dev/null; then
        echo "no Swift toolchain found, Concord needs Swift $needed_swift or later"
        return
    fi
    found=$(swift --version 2>&1 | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
    if [[ -z $found || $(printf '%s\n' "$needed_swift" "$found" | sort -V | head -n 1) != "$needed_swift" ]]; then
        echo "found Swift ${found:-of an unknown version}, Concord needs Swift $needed_swift or later"
    fi
}

main() {
    local problem missing
    problem=$(swift_problem)
    mapfile -t missing < <(missing_packages)

    if [[ -n $problem ]]; then
        echo "setup: $problem: see https://www.swift.org/install/linux/" >&2
    fi
    if ((${#missing[@]} > 0)); then
        if ! command -v apt-get >/dev/null; then
            echo "setup: missing, by the names of Debian's packages: ${missing[*]}. Install their equivalents." >&2
            exit 1
        fi
        if [[ $(id -u) -ne 0 ]]; then
            echo "setup: missing: ${missing[*]}. Run this, then try again:" >&2
            echo "sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
            exit 1
        fi
    fi
    [[ -z $problem ]] || exit 1
    ((${#missing[@]} > 0)) || return 0

    echo "setup: installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -y -q --no-install-recommends "${missing[@]}"

    mapfile -t missing < <(missing_packages)
    if ((${#missing[@]} > 0)); then
        echo "setup: still missing after the installation: ${missing[*]}" >&2
        exit 1
    fi
}

main
