#!/usr/bin/env bash
# Makes 3,600 road scenes in Assets/road: crops of a real video with painted weather and a pasted traffic sign. 121 MB to
# download, 30 MB on the disk.
#
# The video comes from Debian's package opencv-doc (Apache-2.0), the signs from openclipart-svg (public domain). What is
# learnt from composites says nothing about roads.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/fetch.sh
. scripts/fetch.sh

readonly folder=Assets/road
readonly video=opencv-doc=4.6.0+dfsg-12
readonly video_checksum=4b12681df35878207ac7097dc66184b2ae552e4bf4ddd2af04a0f03ed0b8682a
readonly artwork=openclipart-svg=1:0.18+dfsg-19
readonly artwork_checksum=989712d90d57dfa3230049f553bb43b76c30ee4d4b8c5f6e106e33f7db5cbdc5
readonly libraries=(numpy==2.4.6 pillow==13.0.0 scipy==1.17.1)

if [[ -e $folder/train.csv && -e $folder/test.csv ]]; then
    echo "$folder is there already"
    exit 0
fi
command -v ffmpeg >/dev/null || fail "needs ffmpeg: apt-get install ffmpeg"
command -v rsvg-convert >/dev/null || fail "needs rsvg-convert: apt-get install librsvg2-bin"

make_temporary
fetch_debian_package "$video" "$video_checksum" "$temporary/video"
fetch_debian_package "$artwork" "$artwork_checksum" "$temporary/artwork"
mkdir "$temporary/frames" "$temporary/signs"
ffmpeg -v error -i "$temporary/video/usr/share/doc/opencv-doc/examples/data/vtest.avi" -vf fps=2 -q:v 3 \
    "$temporary/frames/%03d.jpg"
for sign in "$temporary"/artwork/usr/share/openclipart/svg/transportation/roadsigns/*.svg; do
    # A few drawings cannot be rendered, and are not among the signs.
    rsvg-convert -h 96 -a "$sign" -o "$temporary/signs/$(basename "$sign" .svg).png" 2>/dev/null || true
done
python3 -m venv "$temporary/python" || fail "needs Python's venv: apt-get install python3-venv"
"$temporary/python/bin/pip" install -q "${libraries[@]}"
"$temporary/python/bin/python" scripts/make_road_scenes.py "$temporary/frames" "$temporary/signs" "$temporary/prepared"
rm -rf "$folder"
mv "$temporary/prepared" "$folder"
echo "$folder: train.csv, test.csv and the images"
