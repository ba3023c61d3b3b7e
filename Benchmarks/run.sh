#!/usr/bin/env bash
# Measures Concord and its peers side by side and writes Benchmarks/RESULTS.md and Benchmarks/results.svg.
#
# In every round all sources of a suite run one after the other, on the same threads. Options, as environment variables:
#
#   SUITES        some of: gemm conv reduce step host (default: all)
#   ROUNDS        rounds per suite (default: 3)
#   THREADS       threads of everybody (default: the processors that there are)
#   DEVICES       devices of Concord (default: cpu opencl)
#   RUN           a command that every measurement is run by, such as "nice -n -10"
#   PEERS_PYTHON  a Python with the peers' packages (default: .venv-peers, installed when it is missing)
#
# A suite that is not run again keeps its last measurements. A peer that cannot be had is left out, and the script says so.
set -euo pipefail
cd "$(dirname "$0")/.."

read -ra suites <<<"${SUITES:-gemm conv reduce step host}"
read -ra devices <<<"${DEVICES:-cpu opencl}"
read -ra prefix <<<"${RUN:-}"
rounds=${ROUNDS:-3}
threads=${THREADS:-$(nproc)}
python=${PEERS_PYTHON:-.venv-peers/bin/python}

readonly folder=.build/benchmarks
readonly workloads=(lenet mlp-20 mlp-wide resnet18 minilm)
concord=.build/release/concord

export CONCORD_THREADS=$threads OMP_NUM_THREADS=$threads OPENBLAS_NUM_THREADS=$threads MKL_NUM_THREADS=$threads
# Both names of PoCL's option, of old versions and of new ones.
export POCL_MAX_PTHREAD_COUNT=$threads POCL_CPU_MAX_CU_COUNT=$threads

skip() { echo "bench: SKIPPED: $*" >&2; }

# Runs a command and adds its JSON lines to the measurements of a suite, with who was measured and when.
measure() {
    local suite=$1 source=$2
    shift 2
    echo "bench: $suite, round $round of $rounds: $source" >&2
    "${prefix[@]}" "$@" |
        sed "s/^{/{\"suite\":\"$suite\",\"source\":\"$source\",\"round\":$round,/" >>"$folder/$suite.new" ||
        skip "$source failed: $*"
}

# Builds the measurement of CLBlast and OpenBLAS.
build_gemm_peer() {
    if [[ ! -e /usr/include/clblast_c.h ]] && command -v apt-get >/dev/null && [[ $(id -u) -eq 0 ]]; then
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends libclblast-dev >/dev/null || true
    fi
    # The flags are several words.
    # shellcheck disable=SC2046
    cc -O2 -o "$folder/gemm" Benchmarks/Peers/gemm.c $(pkg-config --cflags --libs openblas OpenCL) -lclblast -lm
}

gemm() {
    for device in "${devices[@]}"; do measure gemm "concord $device" "$concord" bench gemm --json --device "$device"; done
    if [[ -n $has_gemm_peer ]]; then measure gemm gemm sh -c "python3 Benchmarks/Peers/cases.py | $folder/gemm"; fi
    operations gemm
}

conv() {
    for device in "${devices[@]}"; do measure conv "concord $device" "$concord" bench conv --json --device "$device"; done
    operations conv
}

reduce() {
    for device in "${devices[@]}"; do
        measure reduce "concord $device" "$concord" bench reduce --json --device "$device"
    done
    operations reduce
}

operations() {
    if [[ -n $has_python ]]; then
        measure "$1" pytorch "$python" Benchmarks/Peers/pytorch_operations.py "$1" --threads "$threads"
    fi
}

step() {
    local workload method peers
    for workload in "${workloads[@]}"; do
        for method in ew pcgrad; do
            for device in "${devices[@]}"; do
                measure step "concord $device" \
                    "$concord" bench step --json --device "$device" --workload "$workload" --method "$method"
            done
            [[ -n $has_python ]] || continue
            peers=(ew)
            if [[ $method == pcgrad ]]; then peers=(libmtl-pcgrad torchjd-pcgrad); fi
            for peer in "${peers[@]}"; do
                measure step "$peer" "$python" Benchmarks/Peers/pytorch_steps.py "$workload" "$peer" --threads "$threads"
            done
        done
    done
}

host() { measure host "concord host" Benchmarks/.build/release/HostBenchmarks; }

# What the figures depend on.
environment() {
    sed -n 's/^model name[^:]*: /processor: /p' /proc/cpuinfo | head -n 1
    echo "threads: $threads of $(nproc)"
    awk '/MemTotal/ { printf "memory: %.0f GiB\n", $2 / 1048576 }' /proc/meminfo
    "$concord" devices --json | python3 -c '
import json, sys
for device in json.load(sys.stdin)["devices"]:
    print("device {identifier}: {name}, {driver}: {gflops:.0f} GFLOP/s, {gbps:.1f} GB/s".format(**device))'
    if [[ -n $has_python ]]; then
        "$python" -c '
from importlib.metadata import version
print("peers:", ", ".join(f"{name} {version(name)}" for name in ("torch", "torchjd")))'
    fi
    cat "$folder"/*.stamp
}

mkdir -p "$folder"
swift build -c release --product concord
has_python='' has_gemm_peer=''
if [[ " ${suites[*]} " == *" host "* ]]; then swift build -c release --package-path Benchmarks; fi
if [[ " ${suites[*]} " == *" gemm "* ]]; then
    if build_gemm_peer; then has_gemm_peer=yes; else skip "CLBlast and OpenBLAS: gemm.c does not compile"; fi
fi
if [[ ${suites[*]} != host ]]; then
    [[ -x $python ]] || Benchmarks/Peers/install.sh || skip "PyTorch: its packages cannot be had"
    if [[ -x $python ]]; then has_python=yes; fi
fi

for suite in "${suites[@]}"; do
    rm -f "$folder/$suite.new"
    for ((round = 1; round <= rounds; round++)); do "$suite"; done
    mv "$folder/$suite.new" "$folder/$suite.jsonl"
    echo "suite $suite: $rounds rounds, Concord $(git describe --always --dirty 2>/dev/null || echo unknown)" \
        >"$folder/$suite.stamp"
done
environment >"$folder/environment.txt"

python3 Benchmarks/Report/report.py "$folder"/*.jsonl --environment "$folder/environment.txt" \
    --tables Benchmarks/RESULTS.md --plot Benchmarks/results.svg
echo "bench: written to Benchmarks/RESULTS.md and Benchmarks/results.svg"
