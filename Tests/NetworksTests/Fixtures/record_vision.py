"""Records what PyTorch computes for small vision networks, in Float64: python3 record_vision.py > vision.json

The networks are written down from their papers, with this project's names; parameters and inputs are those of record.py.
"""

import json
import sys
from collections import OrderedDict

from torch import nn
from torch.nn import functional

from record import classify, image, numbers


class SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's padding: what is missing, half of it in front, rounded down."""

    def forward(self, x):
        padding = []
        for extent, size, stride in zip(x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1]):
            total = max((-(-extent // stride) - 1) * stride + size - extent, 0)
            padding += [total // 2, total - total // 2]
        return functional.conv2d(functional.pad(x, padding), self.weight, None, self.stride, 0, 1, self.groups)


def block(style, inputs, outputs, size=1, stride=1, groups=1, activation=True):
    if style == "tensorflow":
        convolution = SameConv2d(inputs, outputs, size, stride, groups=groups, bias=False)
    else:
        convolution = nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False)
    norm = nn.BatchNorm2d(outputs, eps=1e-3 if style == "tensorflow" else 1e-5)
    layers = [("conv", convolution), ("bn", norm)] + ([("act", nn.ReLU6())] if activation else [])
    return nn.Sequential(OrderedDict(layers))


class InvertedResidual(nn.Module):
    def __init__(self, style, inputs, outputs, expansion, size, stride):
        super().__init__()
        channels = inputs * expansion
        if expansion > 1:
            self.expand = block(style, inputs, channels)
        self.depthwise = block(style, channels, channels, size, stride, channels)
        self.project = block(style, channels, outputs, activation=False)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x):
        y = self.expand(x) if hasattr(self, "expand") else x
        y = self.project(self.depthwise(y))
        return x + y if self.shortcut else y


class Mobile(nn.Module):
    """`body` lists size, stride, expansion, channels and number of blocks of every stage."""

    def __init__(self, style, stem, body, head, classes):
        super().__init__()
        self.stem = block(style, 3, stem, 3, 2)
        blocks, inputs = [], stem
        for size, stride, expansion, channels, count in body:
            for position in range(count):
                blocks.append(
                    InvertedResidual(style, inputs, channels, expansion, size, stride if position == 0 else 1)
                )
                inputs = channels
        self.blocks = nn.Sequential(*blocks)
        self.head = block(style, inputs, head)
        self.fc = nn.Linear(head, classes)

    def forward(self, x):
        return self.fc(self.head(self.blocks(self.stem(x))).mean((2, 3)))


class Bottleneck(nn.Module):
    def __init__(self, inputs, channels, stride):
        super().__init__()
        outputs = 4 * channels
        self.conv1 = nn.Conv2d(inputs, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(functional.relu(self.bn2(self.conv2(y)))))
        return functional.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, width, blocks, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        for stage, count in enumerate(blocks):
            layers = []
            for position in range(count):
                stride = 2 if stage > 0 and position == 0 else 1
                layers.append(Bottleneck(inputs, width << stage, stride))
                inputs = 4 * (width << stage)
            setattr(self, "layer%d" % (stage + 1), nn.Sequential(*layers))
        self.stages = len(blocks)
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for stage in range(self.stages):
            x = getattr(self, "layer%d" % (stage + 1))(x)
        return self.fc(x.mean((2, 3)))


class ONet(nn.Module):
    """MTCNN's output network with one of its three heads."""

    def __init__(self, classes):
        super().__init__()
        for number, (inputs, outputs, size) in enumerate([(3, 32, 3), (32, 64, 3), (64, 64, 3), (64, 128, 2)], 1):
            setattr(self, "conv%d" % number, nn.Conv2d(inputs, outputs, size))
            setattr(self, "prelu%d" % number, nn.PReLU(outputs))
        self.dense5 = nn.Linear(1152, 256)
        self.prelu5 = nn.PReLU(256)
        self.head = nn.Linear(256, classes)

    def forward(self, x):
        x = functional.max_pool2d(self.prelu1(self.conv1(x)), 3, 2, ceil_mode=True)
        x = functional.max_pool2d(self.prelu2(self.conv2(x)), 3, 2, ceil_mode=True)
        x = functional.max_pool2d(self.prelu3(self.conv3(x)), 2, 2, ceil_mode=True)
        x = self.prelu4(self.conv4(x))
        return self.head(self.prelu5(self.dense5(x.permute(0, 3, 2, 1).flatten(1))))


def record(module, height, width, classes):
    """In training, and in evaluation with the statistics that training has left."""
    inputs = image("input", 3, height, width, 3)
    result = classify(module, inputs, classes)
    result["statistics"] = {name: numbers(b[:8]) for name, b in module.named_buffers() if "running" in name}
    result["parameterCount"] = sum(parameter.numel() for parameter in module.parameters())
    module.eval()
    result["evaluation"] = numbers(module(inputs))
    return result


BODY = [(3, 1, 1, 8, 1), (5, 2, 3, 12, 2), (3, 2, 2, 16, 1)]

if __name__ == "__main__":
    json.dump(
        {
            "tensorFlowStyle": record(Mobile("tensorflow", 8, BODY, 24, 5), 36, 33, 5),
            "torchStyle": record(Mobile("torch", 8, BODY, 24, 5), 36, 33, 5),
            "bottlenecks": record(ResNet(4, [2, 1], 5), 33, 40, 5),
            "onet": record(ONet(4), 48, 48, 4),
        },
        sys.stdout,
        indent=None,
        separators=(",", ":"),
    )
    print()
