#!/usr/bin/env bash
# Compares the sentence encoder MiniLM with PyTorch and transformers on the texts of the VADER study: the tokens of all
# 23,703, the vectors of 500, on both backends; and prints what both take for the vectors of 2,000.
#
#   scripts/fetch-weights.sh minilm && scripts/fetch-vader.sh && scripts/check-minilm.sh [FOLDER OF THE PROGRAM]
#
# Needs Benchmarks/Peers/install.sh, or another Python with torch and transformers in CONCORD_PYTHON.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly program=${1:-.build/release}/concord
readonly python=${CONCORD_PYTHON:-.venv-peers/bin/python}
for file in Assets/minilm/model.safetensors Assets/vader/tweets_GroundTruth.txt; do
    [[ -e $file ]] || {
        echo "$file is missing: scripts/fetch-weights.sh minilm, scripts/fetch-vader.sh" >&2
        exit 1
    }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for file in Assets/vader/*_GroundTruth.txt; do
    # Files may lack the last line break, which awk adds.
    awk '{ print }' "$file" | sed '1s/^\xef\xbb\xbf//' | cut -f 3- | tr -d '\r'
done >"$work/texts"
awk 'NR % 47 == 0 && count++ < 500' "$work/texts" >"$work/some"
awk 'NR % 11 == 0 && count++ < 2000' "$work/texts" >"$work/many"

"$program" embed Assets/minilm "$work/texts" --tokens >"$work/tokens"
for device in cpu opencl; do
    "$program" embed Assets/minilm "$work/some" --device "$device" >"$work/vectors-$device"
    "$program" embed Assets/minilm "$work/many" --device "$device" 2>&1 >/dev/null | sed "s/^/concord, $device: /"
done
"$python" scripts/check_minilm.py "$work"
