"""Records what PyTorch's optimizers and schedulers do, in Float64: python3 record.py > optimizers.json"""

import json
import math
import sys
import warnings

import torch
from torch.optim import SGD, Adam, AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, OneCycleLR, SequentialLR, StepLR

warnings.simplefilter("ignore")
torch.set_default_dtype(torch.float64)
COUNT = 7
STEPS = 20


def gradient(step):
    """The given gradients: no gradient of anything, so that trajectories do not hide mistakes by converging."""
    return torch.tensor([math.sin(1.3 * step + 0.7 * i) + 0.2 * (i - 3) for i in range(COUNT)])


def numbers(tensor):
    return [float("%.10g" % value) for value in tensor.detach().tolist()]


def trajectory(make, clipping=None, absent=()):
    """The parameters after every step; in the steps of `absent` the parameter has no gradient."""
    parameter = torch.nn.Parameter(torch.tensor([0.5 - 0.25 * i for i in range(COUNT)]))
    optimizer = make([parameter])
    result = []
    for step in range(STEPS):
        parameter.grad = None if step in absent else gradient(step)
        if clipping is not None:
            torch.nn.utils.clip_grad_norm_([parameter], clipping)
        optimizer.step()
        result.append(numbers(parameter))
    return result


def rates(initial, make, steps=30):
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=initial)
    scheduler = make(optimizer)
    result = []
    for step in range(steps):
        result.append(optimizer.param_groups[0]["lr"])
        if step + 1 < steps:
            optimizer.step()
            scheduler.step()
    return result


def warm(length, start, make):
    return lambda o: SequentialLR(o, [LinearLR(o, start, total_iters=length), make(o)], milestones=[length])


json.dump(
    {
        "trajectories": {
            "sgd": trajectory(lambda p: SGD(p, lr=0.1)),
            "sgdDecay": trajectory(lambda p: SGD(p, lr=0.1, weight_decay=0.05)),
            "momentum": trajectory(lambda p: SGD(p, lr=0.1, momentum=0.9, weight_decay=0.05)),
            "nesterov": trajectory(lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.05)),
            "adam": trajectory(lambda p: Adam(p, lr=0.1)),
            "adamDecay": trajectory(lambda p: Adam(p, lr=0.1, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.05)),
            "adamw": trajectory(lambda p: AdamW(p, lr=0.1, weight_decay=0.05)),
            "sgdClipped": trajectory(lambda p: SGD(p, lr=0.1), clipping=1.5),
            "adamAbsent": trajectory(lambda p: Adam(p, lr=0.1), absent=(0, 3, 4, 11)),
        },
        "schedules": {
            "constant": rates(0.3, lambda o: StepLR(o, 1000)),
            "step": rates(0.3, lambda o: StepLR(o, 7, gamma=0.4)),
            "cosine": rates(0.3, lambda o: CosineAnnealingLR(o, 29, eta_min=0.01)),
            "oneCycle": rates(0.3, lambda o: OneCycleLR(o, 0.6, total_steps=30)),
            "oneCycleOptions": rates(
                0.3,
                lambda o: OneCycleLR(o, 0.6, total_steps=30, pct_start=0.45, div_factor=10, final_div_factor=100),
            ),
            "warmConstant": rates(0.3, warm(5, 0.1, lambda o: StepLR(o, 1000))),
            "warmStep": rates(0.3, warm(5, 0.1, lambda o: StepLR(o, 7, gamma=0.4))),
            "warmCosine": rates(0.3, warm(6, 0.01, lambda o: CosineAnnealingLR(o, 23, eta_min=0.01))),
        },
    },
    sys.stdout,
    separators=(",", ":"),
)
print()
