"""Makes road scenes: crops of a real video with painted weather and a pasted traffic sign.

    python3 make_road_scenes.py FRAMES SIGNS DESTINATION [--training 3000] [--test 600] [--seed 1]

FRAMES holds JPEG frames of a fixed camera in their order, SIGNS a PNG with transparency per sign. The scenes are
composites and are called so: signs are artwork, weather is painted, and the number of pedestrians is a count of moving
blobs against the median of the frames, a pseudo-label. Training scenes come from the first three quarters of the video,
test scenes from the last one; the artwork is the same in both. Needs numpy, scipy and Pillow.
"""

import argparse
import csv
from pathlib import Path

import numpy
from PIL import Image, ImageFilter
from scipy import ndimage

SIGNS = {
    "stop": ("stop_sign_01", "stop_sign_right_font_mig_", "stop"), "yield": ("Give_Way", "yield"),
    "noEntry": ("no_entry", "do_not_enter_sign_01"), "slippery": ("slippery", "chaussee_glissante_arago_01"),
    "narrows": ("narrows", "narrows_both"), "fallingRocks": ("falling_rocks",), "cattle": ("cattle",),
    "roundabout": ("roundabout",), "twoWay": ("two_way_ahead",), "turnLeft": ("turn_left",),
}
CONDITIONS = ("dry", "wet", "snow", "night")
SIZE, CROP = 160, 288
# Of the mask that blobs are counted in.
REDUCTION = 4
THRESHOLD, SMALLEST_BLOB = 28, 14


class Video:
    """Frames with the places of what moves in them."""

    def __init__(self, folder):
        self.frames = [Image.open(path).convert("RGB") for path in sorted(Path(folder).glob("*.jpg"))]
        small = numpy.stack([
            numpy.asarray(frame.resize((frame.width // REDUCTION, frame.height // REDUCTION)).convert("L"), numpy.int16)
            for frame in self.frames])
        background = numpy.median(small, axis=0)
        self.centres = [self.blobs(numpy.abs(frame - background) > THRESHOLD) for frame in small]

    @staticmethod
    def blobs(mask):
        """The centres (x, y) of what is large enough, in pixels of the frame."""
        labels, count = ndimage.label(ndimage.binary_closing(mask, iterations=2))
        sizes = ndimage.sum_labels(mask, labels, range(1, count + 1))
        found = [index + 1 for index, size in enumerate(sizes) if size >= SMALLEST_BLOB]
        return [(x * REDUCTION, y * REDUCTION) for y, x in ndimage.center_of_mass(mask, labels, found)]


def weather(pixels, condition, random):
    """Paints a condition over an image of floats in 0...1."""
    if condition == "wet":
        grey = pixels.mean(axis=2, keepdims=True)
        pixels = (0.6 * pixels + 0.4 * grey) * 0.75 + numpy.array([0, 0.01, 0.05])
        rain = ndimage.gaussian_filter(random.random(pixels.shape[:2]) > 0.985, (4, 0.4)) * 3
        return pixels + 0.35 * rain[..., None]
    if condition == "snow":
        brightness = pixels.mean(axis=2, keepdims=True)
        pixels = pixels + (0.95 - pixels) * (0.35 + 0.4 * brightness)
        flakes = ndimage.gaussian_filter((random.random(pixels.shape[:2]) > 0.99).astype(float), 0.9) * 5
        return pixels + 0.5 * flakes[..., None]
    if condition == "night":
        pixels = pixels ** 1.6 * numpy.array([0.32, 0.34, 0.42])
        return pixels + random.normal(0, 0.02, pixels.shape)
    return pixels * random.uniform(0.9, 1.1)


def scene(video, frame, signs, random):
    """An image with its labels."""
    picture = video.frames[frame]
    left = int(random.integers(0, picture.width - CROP + 1))
    top = int(random.integers(0, picture.height - CROP + 1))
    pedestrians = sum(
        left <= x < left + CROP and top <= y < top + CROP for x, y in video.centres[frame])
    image = picture.crop((left, top, left + CROP, top + CROP)).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    name = "none"
    if random.random() > 0.1:
        name = str(random.choice(list(SIGNS)))
        sign = signs[str(random.choice(SIGNS[name]))]
        height = int(random.integers(28, 64))
        sign = sign.resize((max(8, sign.width * height // sign.height), height), Image.Resampling.BICUBIC)
        sign = sign.rotate(random.uniform(-12, 12), Image.Resampling.BICUBIC, expand=True)
        sign = sign.filter(ImageFilter.GaussianBlur(random.uniform(0, 1.2)))
        place = (int(random.integers(0, SIZE - sign.width)), int(random.integers(0, SIZE - sign.height)))
        image.paste(sign, place, sign)
    condition = str(random.choice(CONDITIONS))
    pixels = weather(numpy.asarray(image, numpy.float64) / 255, condition, random)
    image = Image.fromarray((pixels.clip(0, 1) * 255).round().astype(numpy.uint8))
    return image, {"sign": name, "condition": condition, "pedestrians": pedestrians}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("frames")
    parser.add_argument("signs")
    parser.add_argument("destination", type=Path)
    parser.add_argument("--training", type=int, default=3000)
    parser.add_argument("--test", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    video = Video(arguments.frames)
    signs = {path.stem: Image.open(path).convert("RGBA") for path in Path(arguments.signs).glob("*.png")}
    signs = {name: sign.crop(sign.getbbox()) for name, sign in signs.items()}
    random = numpy.random.default_rng(arguments.seed)
    border = len(video.frames) * 3 // 4
    for part, count, frames in (
            ("train", arguments.training, (0, border)), ("test", arguments.test, (border, len(video.frames)))):
        (arguments.destination / part).mkdir(parents=True)
        rows = []
        for number in range(count):
            image, labels = scene(video, int(random.integers(*frames)), signs, random)
            path = f"{part}/composite-{number:04}.jpg"
            image.save(arguments.destination / path, quality=92)
            rows.append({"image": path, **labels})
        with open(arguments.destination / f"{part}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        counts = [row["pedestrians"] for row in rows]
        print(f"{part}: {count} composites, {numpy.mean(counts):.2f} ± {numpy.std(counts):.2f} moving blobs")


if __name__ == "__main__":
    main()
