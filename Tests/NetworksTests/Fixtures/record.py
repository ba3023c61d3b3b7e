"""Records what PyTorch computes for small networks, in Float64: python3 record.py > networks.json

Parameters and inputs come from a formula that the tests repeat, in this project's layouts: filters HWIO, weights
[in, out], images NHWC. Names of networks.json are those of the parameters.
"""

import json
import sys

import torch
from torch import nn
from torch.nn import functional

torch.set_default_dtype(torch.float64)
MASK = 0xFFFFFFFF


def uniform(name, count):
    """`count` numbers in [-1, 1) that belong to a name: a hash (FNV-1a) of it and of the position (Murmur's finalizer)."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x01000193) & MASK
    x = torch.arange(1, count + 1, dtype=torch.int64)
    x = ((x * 2654435761) & MASK) ^ seed
    for shift, factor in [(16, 0x85EBCA6B), (13, 0xC2B2AE35)]:
        x = ((x ^ (x >> shift)) * factor) & MASK
    x = x ^ (x >> 16)
    return (x.to(torch.float64) / 2**31 - 1).to(torch.float32).to(torch.float64)


def ours(tensor):
    """A parameter in this project's layout."""
    if tensor.dim() == 4:
        return tensor.permute(2, 3, 1, 0).contiguous()
    return tensor.t().contiguous() if tensor.dim() == 2 else tensor


def theirs(tensor):
    """A parameter in PyTorch's layout."""
    if tensor.dim() == 4:
        return tensor.permute(3, 2, 0, 1).contiguous()
    return tensor.t().contiguous() if tensor.dim() == 2 else tensor


def fill(module):
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            shape = ours(parameter).shape
            values = uniform(name, parameter.numel()).reshape(shape)
            if len(shape) > 1:
                fan_in = parameter.numel() // shape[-1]
                bound = torch.tensor((6 / fan_in) ** 0.5, dtype=torch.float32).to(torch.float64)
                values = values * bound
            elif name.endswith("weight"):
                values = 1 + 0.2 * values
            else:
                values = 0.1 * values
            parameter.copy_(theirs(values))


def image(name, batch, height, width, channels):
    values = uniform(name, batch * height * width * channels).reshape(batch, height, width, channels)
    return values.permute(0, 3, 1, 2).contiguous()


def numbers(tensor):
    return [float("%.9g" % value) for value in tensor.detach().flatten().tolist()]


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 10, 5)
        self.conv2 = nn.Conv2d(10, 20, 5)
        self.fc = nn.Linear(720, 50)
        self.head = nn.Linear(50, 10)

    def forward(self, x):
        x = functional.relu(functional.max_pool2d(self.conv1(x), 2))
        x = functional.relu(functional.max_pool2d(self.conv2(x), 2))
        x = x.permute(0, 2, 3, 1).flatten(1)  # rows, columns, channels
        return self.head(functional.relu(self.fc(x)))


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        residual = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(residual + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    """torchvision.models.resnet18 with its names."""

    def __init__(self, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        inputs = 64
        for stage, outputs in enumerate([64, 128, 256, 512]):
            first = BasicBlock(inputs, outputs, 1 if stage == 0 else 2)
            setattr(self, "layer%d" % (stage + 1), nn.Sequential(first, BasicBlock(outputs, outputs, 1)))
            inputs = outputs
        self.fc = nn.Linear(512, classes)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def classify(module, inputs, classes):
    fill(module)
    logits = module(inputs)
    labels = torch.tensor([(7 * sample + 3) % classes for sample in range(len(inputs))])
    loss = functional.cross_entropy(logits, labels)
    loss.backward()
    return {
        "logits": numbers(logits),
        "loss": float(loss),
        "gradientNorms": {name: float(p.grad.norm()) for name, p in module.named_parameters()},
        "firstGradients": {name: numbers(ours(p.grad).flatten()[:24]) for name, p in module.named_parameters()},
    }


def batch_norm():
    module = nn.BatchNorm2d(5)
    fill(module)
    inputs = (2 * image("input", 4, 3, 2, 5) + 0.5).requires_grad_()
    cotangent = image("cotangent", 4, 3, 2, 5)
    results = {}
    for mode in ["training", "evaluation"]:  # in this order: evaluation uses what training has left
        module.train(mode == "training")
        module.zero_grad()
        inputs.grad = None
        output = module(inputs)
        (output * cotangent).sum().backward()
        results[mode] = {
            "output": numbers(output.permute(0, 2, 3, 1)),
            "inputGradient": numbers(inputs.grad.permute(0, 2, 3, 1)),
            "weightGradient": numbers(module.weight.grad),
            "biasGradient": numbers(module.bias.grad),
            "runningMean": numbers(module.running_mean),
            "runningVariance": numbers(module.running_var),
        }
    return results


def resnet():
    module = ResNet18(7)
    result = classify(module, image("input", 2, 64, 64, 3), 7)
    result["statistics"] = {
        name: numbers(buffer[:8]) for name, buffer in module.named_buffers() if "running" in name
    }
    result["parameterCount"] = sum(parameter.numel() for parameter in module.parameters())
    return result


if __name__ == "__main__":
    json.dump(
        {
            "lenet": classify(LeNet(), image("input", 3, 36, 36, 1), 10),
            "batchNorm": batch_norm(),
            "resnet18": resnet(),
        },
        sys.stdout,
        indent=None,
        separators=(",", ":"),
    )
    print()
