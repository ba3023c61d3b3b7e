#!/usr/bin/env bash
# Runs the conformance suite on PoCL with both of its ways to run the work-items of a group: the default, loops that LLVM
# vectorises, and a second one. That is `cbs` where PoCL knows it (from version 4), else `workitemrepl`, which writes
# every work-item out.
#
# CONCORD: the program to run, by default the release build, which is made first.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly vendor=/etc/OpenCL/vendors/pocl.icd
if [[ ! -e $vendor ]]; then
    echo "check-pocl: SKIPPED: $vendor is not there" >&2
    exit 0
fi

program=${CONCORD:-}
if [[ -z $program ]]; then
    swift build -c release --product concord
    program=.build/release/concord
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/vendors"
cp "$vendor" "$folder/vendors"

# Runs the program on PoCL alone, with a cache of kernels for every method.
on_pocl() {
    local method=$1
    shift
    mkdir -p "$folder/$method"
    OCL_ICD_VENDORS=$folder/vendors POCL_CACHE_DIR=$folder/$method POCL_WORK_GROUP_METHOD=$method "$program" "$@"
}

second=cbs
answer=$(on_pocl $second bench gemm --m 8 --device opencl:0 2>&1)
if [[ $answer == *"Unknown work group"* ]]; then
    echo "check-pocl: this PoCL does not know the method cbs; workitemrepl takes its place"
    second=workitemrepl
fi
for method in auto $second; do
    echo "check-pocl: the method $method"
    on_pocl "$method" selftest --device opencl:0
done
