#!/usr/bin/env bash
# Fetches 20 photographs into Assets/vision-images, for scripts/check-vision.sh: 126 MB to download, 5 MB on the disk.
#
# They lie in Debian's packages opencv-doc (BSD and Apache licence) and python3-skimage (BSD, mostly CC0), and in
# scikit-learn's wheel (CC BY).
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/fetch.sh
. scripts/fetch.sh

readonly folder=Assets/vision-images
readonly opencv=opencv-doc=4.6.0+dfsg-12
readonly opencv_checksum=4b12681df35878207ac7097dc66184b2ae552e4bf4ddd2af04a0f03ed0b8682a
readonly skimage=python3-skimage=0.19.3-8
readonly skimage_checksum=728d88c3e3440f1f3712de0805dc834d29248ff07e1eec8c0f3da07606f752f9
readonly sklearn=scikit-learn==1.9.1
readonly sklearn_checksum=52a0703bbc07ad27f560fa63fa68e4c54dd735bfbbf65b4dd3c225dc7547b6df

if [[ -e $folder ]]; then
    echo "$folder is there already"
    exit 0
fi

make_temporary
fetch_debian_package "$opencv" "$opencv_checksum" "$temporary/opencv"
fetch_debian_package "$skimage" "$skimage_checksum" "$temporary/skimage"
mkdir "$temporary/sklearn" "$temporary/images"
fetch_pypi_wheel "$sklearn" "$sklearn_checksum" "$temporary/sklearn" --python-version 3.11 \
    --platform manylinux_2_28_x86_64
python3 -m zipfile -e "$temporary"/sklearn/*.whl "$temporary/sklearn"

for name in apple.jpg baboon.jpg board.jpg building.jpg butterfly.jpg fruits.jpg HappyFish.jpg home.jpg leuvenA.jpg \
    messi5.jpg orange.jpg smarties.png squirrel_cls.jpg; do
    cp "$temporary/opencv/usr/share/doc/opencv-doc/examples/data/$name" "$temporary/images"
done
for name in astronaut.png chelsea.png coffee.png motorcycle_left.png rocket.jpg; do
    cp "$temporary/skimage/usr/lib/python3/dist-packages/skimage/data/$name" "$temporary/images"
done
cp "$temporary"/sklearn/sklearn/datasets/images/{china,flower}.jpg "$temporary/images"
mv "$temporary/images" "$folder"
echo "$folder: $(find "$folder" -type f | wc -l) images"
