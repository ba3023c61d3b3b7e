#!/usr/bin/env bash
# Runs the tiny cases of the conformance suite on Oclgrind, which interprets kernels instruction by instruction and sees
# data races, accesses outside of buffers, and wrong calls of OpenCL.
#
# Fails if a case fails or if Oclgrind's log is not empty: its errors do not change the exit code of the program.
# CONCORD: the program to run, by default the release build, which is made first.
#
# Memory that is read before it is written is not looked for: with that check Oclgrind 21.10 ends in a crash.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v oclgrind >/dev/null; then
    if command -v apt-get >/dev/null && [[ $(id -u) -eq 0 ]]; then
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends oclgrind >/dev/null || true
    fi
    if ! command -v oclgrind >/dev/null; then
        echo "check-oclgrind: SKIPPED: the Debian package oclgrind cannot be had" >&2
        exit 0
    fi
fi

program=${CONCORD:-}
if [[ -z $program ]]; then
    swift build -c release --product concord
    program=.build/release/concord
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# No other platform is offered, so that opencl:0 is Oclgrind; the cache of programs starts empty.
status=0
XDG_CACHE_HOME=$folder OCL_ICD_VENDORS=$folder oclgrind --data-races --check-api \
    --max-errors 200 --log "$folder/log" "$program" selftest --tiny --device opencl:0 | tee "$folder/output" || status=$?

if ! grep -qi oclgrind "$folder/output"; then
    echo "check-oclgrind: the cases did not run on Oclgrind" >&2
    exit 1
fi
if [[ -s $folder/log ]]; then
    echo "check-oclgrind: Oclgrind found errors:" >&2
    # The same error of many work-items is one finding.
    grep -E '^(Invalid|Uninitialized|Read-write|Write-write|Data race|OpenCL API|Work-|.*divergence)|Kernel: |At line' \
        "$folder/log" | sed -E 's/0x[0-9a-f]+/ADDRESS/g' | paste -sd '\n' | sort | uniq -c | sort -rn | head -n 60 >&2
    echo "check-oclgrind: the start of its log:" >&2
    head -n 60 "$folder/log" >&2
    exit 1
fi
if ((status != 0)); then
    echo "check-oclgrind: the cases failed with exit code $status" >&2
    exit 1
fi
echo "check-oclgrind: no errors"
