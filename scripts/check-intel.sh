#!/usr/bin/env bash
# Runs the conformance suite and the measurement of matrix products on Intel's OpenCL runtime for processors, a second
# implementation with another compiler; it runs on AMD's processors, too. The products are compared with OpenBLAS.
#
# The runtime comes from the Python packages below, is unpacked into the ignored folder Assets/intel-opencl (0.7 GB), and
# nothing of it is installed. Fails if a case fails; the measurement is for reading.
#
#   CONCORD   the program to run (default: the release build, which is made first)
#   RUN       a command that every measurement is run by
set -euo pipefail
cd "$(dirname "$0")/.."

readonly packages=(intel-opencl-rt==2026.2.0 intel-cmplr-lib-rt==2026.2.0)
readonly tools=$PWD/Assets/intel-opencl

skip() {
    echo "check-intel: SKIPPED: $*" >&2
    exit 0
}

if [[ ! -e $tools/lib/libintelocl.so ]]; then
    rm -rf "$tools"
    { python3 -m venv "$tools" && "$tools/bin/python" -m pip install -q "${packages[@]}"; } ||
        skip "the Python packages ${packages[*]} cannot be had"
fi
loader=$(ldconfig -p | sed -n 's/.*libOpenCL\.so\.1 .*=> //p' | head -n 1)
[[ -n $loader ]] || skip "there is no libOpenCL.so.1"

program=${CONCORD:-}
if [[ -z $program ]]; then
    swift build -c release --product concord
    program=.build/release/concord
fi
read -ra prefix <<<"${RUN:-}"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/vendors"
echo "$tools/lib/libintelocl.so" >"$folder/vendors/intel.icd"

# No other platform is offered, so that opencl:0 is Intel's. The packages bring an older loader along.
on_intel() {
    OCL_ICD_VENDORS=$folder/vendors LD_LIBRARY_PATH=$tools/lib LD_PRELOAD=$loader XDG_CACHE_HOME=$folder \
        "${prefix[@]}" "$@"
}

on_intel "$program" devices
on_intel "$program" selftest --device opencl:0

# OpenBLAS alone: CLBlast need not be there.
# shellcheck disable=SC2046
cc -O2 -DWITHOUT_CLBLAST -o "$folder/gemm" Benchmarks/Peers/gemm.c $(pkg-config --cflags --libs openblas OpenCL) -lm
python3 Benchmarks/Peers/cases.py >"$folder/cases"
for round in 1 2 3; do
    # One process tree per round, so that both are measured in the same minute.
    on_intel sh -c "$program bench gemm --json --device opencl:0 | sed 's/^{/{\"source\":\"concord opencl\",/'
        $folder/gemm <$folder/cases" | sed "s/^{/{\"suite\":\"gemm\",\"round\":$round,/" >>"$folder/gemm.jsonl"
done
echo "Intel's OpenCL runtime for processors, ${packages[0]}" >"$folder/environment"
python3 Benchmarks/Report/report.py "$folder/gemm.jsonl" --environment "$folder/environment" \
    --tables "$folder/tables.md" --plot "$folder/plot.svg"
sed -n '/^Times faster/,$p' "$folder/tables.md"
