#!/usr/bin/env bash
# Runs shellcheck over the shell scripts.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v shellcheck >/dev/null; then
    if command -v apt-get >/dev/null && [[ $(id -u) -eq 0 ]]; then
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends shellcheck >/dev/null || true
    fi
    if ! command -v shellcheck >/dev/null; then
        echo "check-scripts: SKIPPED: the Debian package shellcheck cannot be had" >&2
        exit 0
    fi
fi
shellcheck -x scripts/*.sh Benchmarks/*.sh Benchmarks/Peers/*.sh .ci/run
echo "check-scripts: no findings"
