#!/usr/bin/env bash
# Has the Python package safetensors read what Concord writes, and checks that the committed fixtures are its own.
#
# Makes a virtual environment in the ignored folder .venv-safetensors.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly environment=$PWD/.venv-safetensors
readonly fixtures=Tests/CheckpointsTests/Fixtures

[[ -x $environment/bin/python ]] || python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check safetensors==0.8.0 numpy

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
cp "$fixtures/write-references.py" "$fresh"
"$environment/bin/python" "$fresh/write-references.py"
for file in "$fixtures"/*.safetensors; do
    cmp "$file" "$fresh/${file##*/}"
done

CONCORD_PYTHON=$environment/bin/python swift test -c release --filter SafetensorsTests
