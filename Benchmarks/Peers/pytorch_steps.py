"""Measures training steps of the standard workloads with PyTorch on the CPU.

    python pytorch_steps.py WORKLOAD METHOD [--threads 2] [--batch N]

A step is forward, backward, weighting and update with Adam. Methods:

- ew: the losses are added, one backward pass.
- libmtl-pcgrad: as LibMTL does it, one backward pass per task over a graph that is kept, flattened gradients of the
  shared parameters as rows of a matrix, then PCGrad on the rows (Yu et al., "Gradient Surgery for Multi-Task
  Learning", algorithm 1) with a new order of the tasks for every task.
- torchjd-pcgrad: TorchJD's mtl_backward and PCGrad aggregator.
"""

import argparse
import resource

import torch
from torch import nn
from torch.nn import functional

from cases import WORKLOADS
from measuring import report, seconds_per_run


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, input):
        hidden = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(input)))))
        return functional.relu(hidden + self.downsample(input))


def resnet18():
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    width = 64
    for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [BasicBlock(width, outputs, stride), BasicBlock(outputs, outputs, 1)]
        width = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(10, 20, 5), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(720, 50), nn.ReLU())


def mlp(*sizes):
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers)


class MiniLM(nn.Module):
    """transformers' BertModel of MiniLM-L6's size, and the mean over the tokens that are not padding."""

    def __init__(self):
        super().__init__()
        from transformers import BertConfig, BertModel

        self.bert = BertModel(
            BertConfig(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536,
                       hidden_dropout_prob=0, attention_probs_dropout_prob=0), add_pooling_layer=False)

    def forward(self, tokens):
        mask = (tokens != 0).long()
        states = self.bert(input_ids=tokens, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(states.dtype)
        return (states * weights).sum(1) / weights.sum(1)


def texts(batch, length=32):
    """Random tokens, at least half of the places of every text, padded with 0."""
    tokens = torch.randint(1000, 30000, (batch, length))
    for text in range(1, batch):
        tokens[text, int(torch.randint(length // 2, length + 1, ())):] = 0
    return tokens


class Workload:
    """Trunk, heads, and one batch of random data."""

    def __init__(self, name, batch):
        if name == "lenet":
            self.trunk, head, shape, classes, tasks, batch = lenet(), lambda: nn.Sequential(
                nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, 10)), (1, 36, 36), 10, 2, batch or 256
        elif name == "mlp-20":
            self.trunk, head, shape, classes, tasks, batch = (
                mlp(128, 512, 512), lambda: nn.Linear(512, 1), (128,), None, 20, batch or 256)
        elif name == "mlp-wide":
            self.trunk, head, shape, classes, tasks, batch = (
                mlp(256, 1024, 1024, 1024), lambda: nn.Linear(1024, 1), (256,), None, 8, batch or 16)
        elif name == "minilm":
            self.trunk, head, shape, classes, tasks, batch = (
                MiniLM(), lambda: nn.Linear(384, 1), None, None, 3, batch or 32)
        else:
            self.trunk, head, shape, classes, tasks, batch = (
                resnet18(), lambda: nn.Linear(512, 5), (3, 64, 64), 5, 8, batch or 32)
        self.heads = nn.ModuleList(head() for _ in range(tasks))
        self.batch = batch
        self.inputs = torch.rand(batch, *shape) if shape else texts(batch)
        if classes:
            self.loss = functional.cross_entropy
            self.targets = [torch.randint(classes, (batch,)) for _ in range(tasks)]
        else:
            self.loss = functional.mse_loss
            self.targets = [torch.rand(batch, 1) for _ in range(tasks)]
        self.shared = list(self.trunk.parameters())
        parameters = self.shared + list(self.heads.parameters())
        self.parameter_count = sum(parameter.numel() for parameter in parameters)
        self.optimizer = torch.optim.Adam(parameters, lr=1e-3)

    def losses(self):
        """The features of the trunk and one loss per task."""
        features = self.trunk(self.inputs)
        return features, [self.loss(head(features), target) for head, target in zip(self.heads, self.targets)]


def equal_weights(workload):
    _, losses = workload.losses()
    sum(losses).backward()


def libmtl_pcgrad(workload):
    _, losses = workload.losses()
    rows = []
    for task, loss in enumerate(losses):
        # Gradients of a head are those of its own task: they add up over the passes as they should.
        loss.backward(retain_graph=task + 1 < len(losses))
        rows.append(torch.cat([parameter.grad.flatten() for parameter in workload.shared]))
        for parameter in workload.shared:
            parameter.grad = None
    total = torch.zeros_like(rows[0])
    for task, row in enumerate(rows):
        projected = row.clone()
        for other in torch.randperm(len(rows)).tolist():
            if other == task:
                continue
            overlap = projected @ rows[other]
            if overlap < 0:
                projected -= overlap / (rows[other] @ rows[other]) * rows[other]
        total += projected
    start = 0
    for parameter in workload.shared:
        parameter.grad = total[start:start + parameter.numel()].view_as(parameter)
        start += parameter.numel()


def torchjd_pcgrad():
    from torchjd.aggregation import PCGrad
    from torchjd.autojac import jac_to_grad, mtl_backward

    aggregator = PCGrad()

    def backward(workload):
        features, losses = workload.losses()
        mtl_backward(losses, features=features)
        jac_to_grad(workload.shared, aggregator)

    return backward


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("method", choices=["ew", "libmtl-pcgrad", "torchjd-pcgrad"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    workload = Workload(arguments.workload, arguments.batch)
    backward = {"ew": lambda: equal_weights, "libmtl-pcgrad": lambda: libmtl_pcgrad, "torchjd-pcgrad": torchjd_pcgrad}
    differentiate = backward[arguments.method]()

    def step():
        workload.optimizer.zero_grad()
        differentiate(workload)
        workload.optimizer.step()

    timing = seconds_per_run(step, warm_ups=3, minimum_samples=5, seconds=2)
    peer = "pytorch" if arguments.method == "ew" else arguments.method.removesuffix("-pcgrad")
    method = "ew" if arguments.method == "ew" else "pcgrad"
    report("step", peer, f"step {method}", arguments.workload, timing, workload=arguments.workload, method=method,
           tasks=len(workload.heads), parameters=workload.parameter_count, batch=workload.batch,
           peakBytes=1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


main()
