#!/usr/bin/env bash
# Has the Python package peft load adapters that Concord writes, and compares the outputs. The other way round, Concord
# loads adapters of peft in its tests, which are recorded by the same script.
#
# Makes a virtual environment in the ignored folder .venv-peft, with torch for the CPU.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly environment=${CONCORD_PEFT_ENVIRONMENT:-$PWD/.venv-peft}
readonly script=Tests/TransferTests/Fixtures/peft-record.py

if [[ ! -x $environment/bin/python ]]; then
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check \
        --extra-index-url https://download.pytorch.org/whl/cpu peft==0.21.2 torch transformers safetensors numpy
fi

exchange=$(mktemp -d)
trap 'rm -rf "$exchange"' EXIT
[[ -n ${SKIP_BUILD:-} ]] || swift build -c release --build-tests
CONCORD_PEFT=$exchange swift test -c release --skip-build --filter PEFTAdapterTests
"$environment/bin/python" "$script" compare "$exchange"
