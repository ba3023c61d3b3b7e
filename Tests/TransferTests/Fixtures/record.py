"""Records what fastai and timm do, for the tests of transfer recipes.

pip install fastai==2.8.12 timm==1.0.31; python record.py transfer.json
"""

import json
import math
import sys

import torch
from fastai.callback.schedule import minimum, steep, valley
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.learner import Callback, Learner
from timm.optim import param_groups_layer_decay
from torch import nn


class RateLog(Callback):
    """Keeps the learning rate of every group at every step."""

    order = 100

    def before_fit(self):
        if not hasattr(self, "seen"):
            self.seen = []

    def before_step(self):
        self.seen.append([float(hyper["lr"]) for hyper in self.opt.hypers])


def fine_tune(groups, steps, **options):
    """The rates of `fine_tune`, a row of one per group for every step."""
    model = nn.Sequential(*[nn.Linear(2, 2) for _ in range(groups)])
    data = [(torch.ones(2), torch.ones(2)) for _ in range(steps)]
    loaders = DataLoaders(DataLoader(data, bs=1), DataLoader(data[:1], bs=1))
    log = RateLog()
    learner = Learner(
        loaders, model, loss_func=nn.MSELoss(), cbs=[log],
        splitter=lambda model: [list(layer.parameters()) for layer in model])
    with learner.no_bar(), learner.no_logging():
        learner.fine_tune(**options)
    return log.seen


def layer_decay(layers, decay):
    """The scales of a model with so many layers, the head being the last."""
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(layers - 1)])
            self.head = nn.Linear(2, 2)

        def group_matcher(self, coarse=False):
            return {"stem": r"^nothing", "blocks": [(r"^layers\.(\d+)", None)]}

    groups = param_groups_layer_decay(Model(), weight_decay=0, layer_decay=decay, no_weight_decay_list=())
    return sorted({group["lr_scale"] for group in groups})


def suggestions(losses):
    rates = [1e-7 * 1e8 ** (step / len(losses)) for step in range(len(losses))]
    # What lr_find leaves of a full sweep.
    kept = slice(len(losses) // 10, -5)
    arguments = torch.tensor(rates[kept]), torch.tensor(losses[kept]), len(losses)
    return {
        "losses": losses, "steepest": steep(*arguments)[0], "valley": valley(*arguments)[0],
        "minimum": minimum(*arguments)[0],
    }


with open(sys.argv[1], "w") as file:
    json.dump({
        "fineTune": fine_tune(3, 5, epochs=3, base_lr=4e-3, freeze_epochs=2),
        "fineTuneOptions": fine_tune(4, 4, epochs=2, base_lr=1e-2, lr_mult=10, pct_start=0.5, div=8.0),
        "layerDecay": layer_decay(6, 0.75),
        "suggestions": [
            suggestions([2.3 - 1.5 / (1 + math.exp(-0.2 * (step - 60))) + math.exp(0.3 * (step - 90)) for step in range(100)]),
            suggestions([
                1 + 0.3 * math.sin(step / 7) - 0.005 * step + math.exp(0.4 * (step - 70)) for step in range(80)
            ]),
        ],
    }, file)
