#!/usr/bin/env bash
# Compares every tensor of all weights that scripts/fetch-weights.sh fetches with what torch.load, safetensors, onnx and
# the protocol of TensorFlow read, bit for bit, and has NumPy read what Concord writes.
#
# PYTHON names an interpreter that has torch, safetensors, onnx, numpy and tensorboard; without one a virtual environment
# with them is made in the ignored folder .venv-readers, which is large because of torch.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/fetch-weights.sh
if [[ -z ${PYTHON:-} ]]; then
    PYTHON=$PWD/.venv-readers/bin/python
    [[ -x $PYTHON ]] || python3 -m venv .venv-readers
    "$PYTHON" -m pip install --quiet --disable-pip-version-check \
        torch==2.15.0 safetensors==0.8.0 onnx==1.23.2 numpy tensorboard==2.21.0
fi

references=$(mktemp -d)
trap 'rm -rf "$references"' EXIT
"$PYTHON" scripts/check-readers.py Assets "$references"
[[ -n ${SKIP_BUILD:-} ]] || swift build -c release --build-tests
CONCORD_PYTHON=$PYTHON CONCORD_REFERENCES=$references swift test -c release --skip-build --filter 'ArchiveTests|ParityTests'
