#!/usr/bin/env bash
# Fetches 500 admissions of the Worcester Heart Attack Study into Assets/whas500: 4 MB to download, 25 KB on the disk.
#
# They come from the package scikit-survival of PyPI, which is under the GPL 3.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/fetch.sh
. scripts/fetch.sh

readonly folder=Assets/whas500
readonly package=scikit-survival==0.28.0
readonly package_checksum=d5816b07570ad8edf849502ea59abdd1391d74aaa6f9215224c38c0887fcb1d5

if [[ -e $folder/train.csv && -e $folder/test.csv ]]; then
    echo "$folder is there already"
    exit 0
fi

make_temporary
fetch_pypi_wheel "$package" "$package_checksum" "$temporary" --python-version 3.11 --platform manylinux_2_28_x86_64
python3 -m zipfile -e "$temporary"/*.whl "$temporary/wheel"
python3 scripts/prepare_whas500.py "$temporary/wheel/sksurv/datasets/data/whas500.arff" "$temporary/prepared"
rm -rf "$folder"
mv "$temporary/prepared" "$folder"
echo "$folder: train.csv, test.csv"
