#!/usr/bin/env bash
# Feeds damaged files to each reader of tensor files, under the address sanitizer: libFuzzer changes the fixtures of the
# tests in whatever way reaches new code.
#
#   Fuzzing/fuzz.sh                     every reader for SECONDS_EACH seconds (60)
#   SECONDS_EACH=600 Fuzzing/fuzz.sh onnx
#
# Findings are left in .build-fuzz/READER.findings; a finding becomes a test before it is repaired. Needs a release build of the
# tests (make test) for the modules below Checkpoints.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly build=.build/release output=.build-fuzz fixtures=Tests/CheckpointsTests/Fixtures
readonly all=(safetensors pytorch-legacy pytorch-zip npy npz onnx onnx-network tensorflow)

# Prints the fixtures that a reader starts from.
seeds() {
    case $1 in
    safetensors) printf '%s\n' "$fixtures"/*.safetensors ;;
    pytorch-legacy) printf '%s\n' "$fixtures"/*-legacy.pt ;;
    pytorch-zip) printf '%s\n' "$fixtures"/*-zip.pt ;;
    npy) printf '%s\n' "$fixtures"/*.npy ;;
    npz) printf '%s\n' "$fixtures"/*.npz ;;
    onnx | onnx-network) printf '%s\n' "$fixtures"/*.onnx ;;
    tensorflow) printf '%s\n' "$fixtures"/*.pb ;;
    *)
        echo "fuzz: no reader \"$1\"; choose among: ${all[*]}" >&2
        exit 1
        ;;
    esac
}

mkdir -p "$output"
mapfile -t sources < <(find Sources/Checkpoints -name '*.swift')
mapfile -t objects < <(find "$build"/{Compute,Tensors,Networks,Optimizers,SwiftProtobuf}.build/ -name '*.o')
swiftc -O -swift-version 6 -package-name "$(basename "$PWD" | tr "[:upper:]" "[:lower:]")" -parse-as-library -sanitize=fuzzer,address -module-name FuzzReaders \
    -I "$build/Modules" -Xcc -fmodule-map-file=Sources/CZlib/module.modulemap \
    Fuzzing/FuzzReaders.swift "${sources[@]}" "${objects[@]}" -lz -o "$output/fuzz-readers" 2> >(grep -v 'Cannot export local symbol' >&2)

if (($# > 0)); then readers=("$@"); else readers=("${all[@]}"); fi
status=0
for reader in "${readers[@]}"; do
    mkdir -p "$output/$reader.corpus" "$output/$reader.findings"
    mapfile -t files < <(seeds "$reader")
    cp "${files[@]}" "$output/$reader.corpus"
    echo "== $reader"
    # A reader may use memory in proportion to its input; these inputs are small.
    CONCORD_READER=$reader "$output/fuzz-readers" "$output/$reader.corpus" -max_total_time="${SECONDS_EACH:-60}" \
        -max_len=16384 -timeout=5 -rss_limit_mb=1024 -artifact_prefix="$output/$reader.findings/" -print_final_stats=1 \
        2>&1 | tail -n "${LINES_SHOWN:-8}" || status=1
done
exit "$status"
