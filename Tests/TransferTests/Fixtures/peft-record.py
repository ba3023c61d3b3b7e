#!/usr/bin/env python3
"""Exchanges low-rank adapters between Concord and the Python package peft.

    peft-record.py record FOLDER   writes adapters of peft, their base network, an input and the outputs (the fixtures)
    peft-record.py compare FOLDER  loads adapters that Concord has written into peft and compares the outputs

Needs torch, peft and safetensors; scripts/check-peft.sh installs them.
"""
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file


class Connected(torch.nn.Module):
    """Two connected layers with ReLU, named like Concord's MLP."""

    def __init__(self):
        super().__init__()
        self.add_module("0", torch.nn.Linear(6, 7))
        self.add_module("1", torch.nn.Linear(7, 5))

    def forward(self, x):
        for layer in self.children():
            x = torch.relu(layer(x))
        return x


class Convolutional(torch.nn.Module):
    """A convolution, a mean over the pixels and a connected layer."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.fc = torch.nn.Linear(6, 4)

    def forward(self, x):
        return self.fc(torch.relu(self.conv(x)).mean((2, 3)))


NETWORKS = {
    "connected": (Connected, (5, 6), dict(r=3, lora_alpha=6, target_modules=["0", "1"])),
    "convolutional": (Convolutional, (2, 3, 7, 6), dict(r=2, lora_alpha=8, target_modules="conv|fc")),
}


def record(folder: Path):
    for name, (network, shape, options) in NETWORKS.items():
        torch.manual_seed(7)
        model = network()
        base = {key: value.clone() for key, value in model.state_dict().items()}
        adapted = get_peft_model(model, LoraConfig(init_lora_weights=False, **options)).eval()
        adapted.save_pretrained(folder / name, safe_serialization=True)
        (folder / name / "README.md").unlink(missing_ok=True)
        x = torch.randn(shape)
        with torch.no_grad():
            output = adapted(x)
            with adapted.disable_adapter():
                plain = adapted(x)
        tensors = {f"base.{key}": value for key, value in base.items()}
        save_file({**tensors, "input": x, "output": output, "plain": plain}, folder / name / "reference.safetensors")


def compare(folder: Path):
    worst = 0.0
    for name, (network, _, _) in NETWORKS.items():
        stored = load_file(folder / name / "reference.safetensors")
        model = network()
        model.load_state_dict({key[5:]: value for key, value in stored.items() if key.startswith("base.")})
        adapted = PeftModel.from_pretrained(model, folder / name).eval()
        with torch.no_grad():
            output = adapted(stored["input"])
            merged = adapted.merge_and_unload()(stored["input"])
        largest = max(output.abs().max().item(), 1)
        distances = [(other - output).abs().max().item() / largest for other in (stored["output"], merged)]
        print(f"{name}: of outputs up to {largest:.1f}, Concord and peft differ by {distances[0]:.1e}, "
              f"peft merged and unmerged by {distances[1]:.1e}")
        worst = max(worst, *distances)
    if worst > 1e-5:
        sys.exit("the outputs differ by more than 1e-5 of the largest")


if __name__ == "__main__":
    {"record": record, "compare": compare}[sys.argv[1]](Path(sys.argv[2]))
