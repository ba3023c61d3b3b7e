#!/usr/bin/env bash
# Fetches the Indiana University chest X-ray reports into Assets/chest-reports: 3,424 texts, with labels of the curators'
# MeSH terms. 29 MB to download, 2 MB on the disk.
#
# They come from the package torchxrayvision of PyPI. The reports are under the licence CC BY-NC-ND 4.0: they are not to be
# passed on, least of all changed, and not to be used commercially. Nothing that is learnt from them is a diagnosis.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/fetch.sh
. scripts/fetch.sh

readonly folder=Assets/chest-reports
readonly package=torchxrayvision==1.5.7
readonly package_checksum=95f6c3475661f3515d4258deb0855bd5d1b1a56e0b65384251d3dd3fa61fac41

if [[ -e $folder/train.csv && -e $folder/test.csv ]]; then
    echo "$folder is there already"
    exit 0
fi

make_temporary
fetch_pypi_wheel "$package" "$package_checksum" "$temporary"
python3 -m zipfile -e "$temporary"/*.whl "$temporary/wheel"
python3 scripts/prepare_reports.py "$temporary/wheel/torchxrayvision/data/NLMCXR_reports.tgz" "$temporary/prepared"
rm -rf "$folder"
mv "$temporary/prepared" "$folder"
echo "$folder: train.csv, test.csv"
