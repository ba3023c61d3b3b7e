#!/usr/bin/env bash
# Fetches the 23,703 rated texts of the VADER study into Assets/vader: tweets, snippets of film and product reviews and
# of editorials, each with the mean, the deviation and the single ratings of its raters. 2.5 MB to download, 9 MB on the
# disk.
#
# They come from the source package vaderSentiment of PyPI. The package is under the MIT licence; the texts belong to their
# authors and are not to be passed on.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/fetch.sh
. scripts/fetch.sh

readonly folder=Assets/vader
readonly package=vaderSentiment==3.3.2
readonly package_checksum=5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9
readonly archive=vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz

if [[ -e $folder/tweets_GroundTruth.txt && -e $folder/train.csv ]]; then
    echo "$folder is there already"
    exit 0
fi

make_temporary
fetch_pypi_source "$package" "$package_checksum" "$temporary"
verify "$temporary/vaderSentiment-3.3.2.tar.gz" "$package_checksum"
mkdir "$temporary/unpacked" "$temporary/vader"
tar -xzOf "$temporary/vaderSentiment-3.3.2.tar.gz" "$archive" | tar -xz -C "$temporary/unpacked"
for domain in tweets movieReviewSnippets amazonReviewSnippets nytEditorialSnippets; do
    for kind in GroundTruth anonDataRatings; do
        find "$temporary/unpacked" -name "${domain}_$kind.txt" ! -name '._*' -exec cp {} "$temporary/vader" \;
        [[ -e $temporary/vader/${domain}_$kind.txt ]] || fail "$archive has no ${domain}_$kind.txt"
    done
done
# Tables of them for the examples.
python3 scripts/prepare_vader.py "$temporary/vader"
rm -rf "$folder"
mv "$temporary/vader" "$folder"
echo "$folder: ground truth and ratings of four domains, and the tables of the examples"
