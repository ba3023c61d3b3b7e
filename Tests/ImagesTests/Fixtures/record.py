"""Records what Pillow, PyTorch, torchvision and TensorFlow make of small images: python3 record.py > images.json

Needs pillow before version 13, which resizes high images in another order, torch and torchvision; and tensorflow with pillow, which may live in another Python: TF_PYTHON=… names it.
Images come from a formula that the tests repeat.
"""

import base64
import io
import json
import os
import subprocess
import sys

import numpy
from PIL import Image

SIZES = [(13, 9, 7, 5), (6, 7, 15, 11), (16, 12, 8, 6), (5, 4, 5, 9), (40, 3, 3, 2)]


def pattern(width, height, channels):
    """Bytes of a multiplicative generator, row by row."""
    state, values = 12345, []
    for _ in range(width * height * channels):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        values.append(state >> 16 & 0xFF)
    return numpy.array(values, numpy.uint8).reshape(height, width, channels)


def numbers(array):
    return [float("%.7g" % value) for value in numpy.asarray(array, numpy.float64).flatten()]


def tensorflow():
    import tensorflow

    results = []
    for width, height, to_width, to_height in SIZES:
        image = pattern(width, height, 3).astype(numpy.float32)
        for method in ["bilinear", "bicubic"]:
            for antialias in [False, True]:
                resized = tensorflow.image.resize(image, (to_height, to_width), method=method, antialias=antialias)
                results.append(entry(width, height, to_width, to_height, method, "tensorFlow", antialias, resized))
    return results


def entry(width, height, to_width, to_height, method, convention, antialias, values):
    return {
        "from": [width, height], "to": [to_width, to_height], "filter": method, "convention": convention,
        "antialias": antialias, "values": numbers(values),
    }


def resized():
    import torch
    from torch.nn import functional

    results = []
    for width, height, to_width, to_height in SIZES:
        image = pattern(width, height, 3)
        tensor = torch.from_numpy(image.copy()).permute(2, 0, 1)[None].double()
        for method in ["bilinear", "bicubic"]:
            filter = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}[method]
            pillow = Image.fromarray(image).resize((to_width, to_height), filter)
            results.append(entry(width, height, to_width, to_height, method, "pillow", True, pillow))
            for antialias in [False, True]:
                values = functional.interpolate(
                    tensor, (to_height, to_width), mode=method, align_corners=False, antialias=antialias
                )
                results.append(
                    entry(width, height, to_width, to_height, method, "torch", antialias, values[0].permute(1, 2, 0))
                )
    return results


def preprocessed():
    """torchvision's standard preprocessing, and the centre crop of EfficientNet with Pillow's bicubic filter."""
    from torchvision import transforms

    results = {}
    for name, (width, height) in {"wide": (37, 21), "high": (19, 40)}.items():
        image = Image.fromarray(pattern(width, height, 3))
        standard = transforms.Compose([
            transforms.Resize(16), transforms.CenterCrop(11), transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ])
        results["shortSide." + name] = numbers(standard(image).permute(1, 2, 0))
        size = int(0.875 * min(width, height))
        x, y = (width - size + 1) // 2, (height - size + 1) // 2
        crop = image.crop((x, y, x + size, y + size)).resize((14, 12), Image.Resampling.BICUBIC)
        results["centerCrop." + name] = numbers((numpy.asarray(crop, numpy.float64) - 127) / 128)
        results["grey." + name] = numbers(numpy.asarray(image.convert("L").resize((8, 8), Image.Resampling.BILINEAR)))
    return results


def files():
    """Small files of both formats, with the pixels that Pillow reads from them."""
    results = []
    # Smooth, because decoders of JPEG differ by rounding.
    y, x = numpy.mgrid[0:17, 0:23]
    smooth = numpy.stack([40 + 6 * x, 30 + 9 * y, 200 - 4 * x - 3 * y], -1).astype(numpy.uint8)
    noise = pattern(11, 6, 3)
    opacity = numpy.concatenate([noise, pattern(11, 6, 1)], -1)
    for name, image, options in [
        ("colours.png", Image.fromarray(noise), {}),
        ("grey.png", Image.fromarray(pattern(7, 5, 1)[:, :, 0]), {}),
        ("opacity.png", Image.fromarray(opacity), {}),
        ("palette.png", Image.fromarray(noise).quantize(16), {}),
        ("bits.png", Image.fromarray((pattern(9, 4, 1)[:, :, 0] > 127)), {}),
        ("colours.jpg", Image.fromarray(smooth), {"quality": 95, "subsampling": 0}),
        ("grey.jpg", Image.fromarray(smooth[:, :, 1]), {"quality": 95}),
        ("progressive.jpg", Image.fromarray(smooth), {"quality": 95, "subsampling": 0, "progressive": True}),
        ("subsampled.jpg", Image.fromarray(smooth), {"quality": 90, "subsampling": 2}),
    ]:
        buffer = io.BytesIO()
        image.save(buffer, {"png": "PNG", "jpg": "JPEG"}[name[-3:]], **options)
        read = Image.open(io.BytesIO(buffer.getvalue()))
        grey = name.startswith(("grey", "bits"))
        pixels = numpy.asarray(read.convert("L" if grey else "RGB"))
        results.append({
            "name": name, "file": base64.b64encode(buffer.getvalue()).decode(), "width": read.width,
            "height": read.height, "channels": 1 if grey else 3, "pixels": pixels.flatten().tolist(),
        })
    return results


if sys.argv[1:] == ["tensorflow"]:
    json.dump(tensorflow(), sys.stdout)
else:
    python = os.environ.get("TF_PYTHON", sys.executable)
    recorded = json.loads(subprocess.run(
        [python, __file__, "tensorflow"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
    json.dump(
        {"resized": resized() + recorded, "preprocessed": preprocessed(), "files": files()}, sys.stdout,
        separators=(",", ":"))
    print()
