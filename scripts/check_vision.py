"""Records what PyTorch computes on real images: python3 check_vision.py ASSETS

EfficientNet-Lite0 is written down from its description, with the names of the published weights; O-Net is the package
facenet-pytorch's. Images are read and prepared with Pillow. Writes into ASSETS/vision-parity:

- NAME.png: every image without loss, so that decoders of JPEG, which differ by rounding, play no role;
- expected.safetensors: `logits.NAME` [1000], and of O-Net `onet.NAME.face` [2], `.box` [4] and `.landmarks` [10].
"""

import pathlib
import sys

import numpy
import torch
from facenet_pytorch.models.mtcnn import ONet
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

STAGES = [  # kernel, stride, expansion, channels, blocks
    (3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3), (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
]


class SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's padding: what is missing, half of it in front, rounded down."""

    def forward(self, x):
        padding = []
        for extent, size, stride in zip(x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1]):
            total = max((-(-extent // stride) - 1) * stride + size - extent, 0)
            padding += [total // 2, total - total // 2]
        return functional.conv2d(functional.pad(x, padding), self.weight, None, self.stride, 0, 1, self.groups)


def convolution(inputs, outputs, size=1, stride=1, groups=1):
    return SameConv2d(inputs, outputs, size, stride, groups=groups, bias=False)


def norm(channels):
    return nn.BatchNorm2d(channels, eps=1e-3)


class Block(nn.Module):
    def __init__(self, inputs, outputs, expansion, size, stride):
        super().__init__()
        channels = inputs * expansion
        if expansion > 1:
            self._expand_conv, self._bn0 = convolution(inputs, channels), norm(channels)
        self._depthwise_conv, self._bn1 = convolution(channels, channels, size, stride, channels), norm(channels)
        self._project_conv, self._bn2 = convolution(channels, outputs), norm(outputs)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x):
        y = x
        if hasattr(self, "_expand_conv"):
            y = functional.relu6(self._bn0(self._expand_conv(y)))
        y = functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.shortcut else y


class EfficientNetLite0(nn.Module):
    def __init__(self):
        super().__init__()
        self._conv_stem, self._bn0 = convolution(3, 32, 3, 2), norm(32)
        blocks, inputs = [], 32
        for size, stride, expansion, channels, count in STAGES:
            for position in range(count):
                blocks.append(Block(inputs, channels, expansion, size, stride if position == 0 else 1))
                inputs = channels
        self._blocks = nn.ModuleList(blocks)
        self._conv_head, self._bn1 = convolution(320, 1280), norm(1280)
        self._fc = nn.Linear(1280, 1000)

    def forward(self, x):
        x = functional.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return self._fc(functional.relu6(self._bn1(self._conv_head(x))).mean((2, 3)))


def tensor(image, mean, deviation):
    return ((torch.from_numpy(numpy.asarray(image, numpy.float32)) - mean) / deviation).permute(2, 0, 1)[None]


def efficientnet_input(image):
    size = int(0.875 * min(image.size))
    x, y = (image.width - size + 1) // 2, (image.height - size + 1) // 2
    cropped = image.crop((x, y, x + size, y + size)).resize((224, 224), Image.Resampling.BICUBIC)
    return tensor(cropped, 127, 128)


def main(assets):
    network = EfficientNetLite0()
    weights = assets / "efficientnet-lite0" / "efficientnet-lite0-57934424.pth"
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    network.eval()
    onet = ONet(pretrained=False)
    onet.load_state_dict(torch.load(assets / "mtcnn" / "onet.pt", map_location="cpu", weights_only=True))
    onet.eval()

    target = assets / "vision-parity"
    target.mkdir(exist_ok=True)
    expected = {}
    with torch.no_grad():
        for path in sorted((assets / "vision-images").iterdir()):
            image = Image.open(path).convert("RGB")
            image.save(target / (path.stem + ".png"))
            logits = network(efficientnet_input(image))[0]
            expected["logits." + path.stem] = logits
            faces = onet(tensor(image.resize((48, 48), Image.Resampling.BILINEAR), 127.5, 128))
            for name, values in zip(["box", "landmarks", "face"], faces):
                expected["onet.%s.%s" % (path.stem, name)] = values[0]
            best = int(logits.argmax())
            print("%-16s class %4d with %.3f" % (path.stem, best, float(logits.softmax(0)[best])))
    save_file({name: values.contiguous() for name, values in expected.items()}, target / "expected.safetensors")


main(pathlib.Path(sys.argv[1]))
