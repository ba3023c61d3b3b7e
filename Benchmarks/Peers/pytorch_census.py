"""Trains the networks of Examples/census-*.yaml with PyTorch on the CPU, on the same data.

    python pytorch_census.py hard-sharing|mmoe [--epochs N] [--steps N] [--threads 2] [--experts 4] [--seed 1]

Prints a JSON line per epoch with the training rows per second and the areas under the curve on the test split, or, with
--steps, one line after so many steps. Columns are prepared as `concord` does: indices into one vocabulary for all
categorical columns, logarithms of amounts, numbers standardised; everything fitted on all training rows.
"""

import argparse
import csv
import json
import math
import time

import numpy
import torch
from scipy.stats import rankdata
from torch import nn
from torch.nn import functional

INCOME, MARITAL_STATUS, WEIGHT = 41, 7, 24
NUMERIC = [0, 5, 16, 17, 18, 30, 39]
LOGARITHMIC = [5, 16, 17, 18]
CATEGORICAL = [column for column in range(42) if column not in [INCOME, MARITAL_STATUS, WEIGHT] + NUMERIC]


def read(path):
    with open(path, newline="") as file:
        return [[field.strip() for field in record] for record in csv.reader(file)]


def prepare(folder):
    """Indices, numbers and targets of both splits, and the size of the vocabulary."""
    train, test = read(f"{folder}/train.csv"), read(f"{folder}/test.csv")
    vocabularies, start = [], 0
    for column in CATEGORICAL:
        values = dict.fromkeys(row[column] for row in train)
        vocabularies.append((column, start, {value: start + 1 + index for index, value in enumerate(values)}))
        start += len(values) + 1

    def numbers(rows):
        values = numpy.array([[float(row[column]) for column in NUMERIC] for row in rows])
        for column in LOGARITHMIC:
            values[:, NUMERIC.index(column)] = numpy.log1p(values[:, NUMERIC.index(column)])
        return values

    mean, deviation = numbers(train).mean(0), numbers(train).std(0)

    def tensors(rows):
        indices = [[known.get(row[column], unknown) for column, unknown, known in vocabularies] for row in rows]
        targets = [[row[INCOME] == "50000+.", row[MARITAL_STATUS] == "Never married"] for row in rows]
        standardized = (numbers(rows) - mean) / deviation
        return (torch.tensor(indices), torch.tensor(standardized, dtype=torch.float32),
                torch.tensor(targets, dtype=torch.float32))

    return tensors(train), tensors(test), start


def perceptron(inputs, hidden, outputs=None):
    layers = []
    for units in hidden:
        layers += [nn.Linear(inputs, units), nn.ReLU()]
        inputs = units
    return nn.Sequential(*layers, *([nn.Linear(inputs, outputs)] if outputs else []))


class Network(nn.Module):
    """Hard sharing, or as many experts with a softmax gate per task."""

    def __init__(self, vocabulary, experts, width=8, hidden=(256, 128), head=(32,), tasks=2):
        super().__init__()
        inputs = len(CATEGORICAL) * width + len(NUMERIC)
        self.embedding = nn.Embedding(vocabulary, width)
        nn.init.uniform_(self.embedding.weight, -1 / math.sqrt(width), 1 / math.sqrt(width))
        self.experts = nn.ModuleList(perceptron(inputs, hidden) for _ in range(experts))
        self.gates = nn.ModuleList(nn.Linear(inputs, experts) for _ in range(tasks if experts > 1 else 0))
        self.heads = nn.ModuleList(perceptron(hidden[-1], head, 1) for _ in range(tasks))

    def forward(self, indices, numbers):
        inputs = torch.cat([self.embedding(indices).flatten(1), numbers], 1)
        features = [expert(inputs) for expert in self.experts]
        if not self.gates:
            return [head(features[0])[:, 0] for head in self.heads]
        stacked = torch.stack(features, 1)
        return [
            head((functional.softmax(gate(inputs), 1)[:, :, None] * stacked).sum(1))[:, 0]
            for gate, head in zip(self.gates, self.heads)]


def area_under_curve(scores, labels):
    ranks, positives = rankdata(scores), labels.sum()
    return (ranks[labels > 0].sum() - positives * (positives + 1) / 2) / (positives * (len(labels) - positives))


def evaluate(network, split):
    indices, numbers, targets = split
    with torch.no_grad():
        parts = [network(indices[i:i + 4096], numbers[i:i + 4096]) for i in range(0, len(indices), 4096)]
    return [float(area_under_curve(torch.cat([part[task] for part in parts]).numpy(), targets[:, task].numpy()))
            for task in range(2)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("architecture", choices=["hard-sharing", "mmoe"])
    parser.add_argument("--folder", default="Assets/census-income")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--experts", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    (indices, numbers, targets), test, vocabulary = prepare(arguments.folder)
    network = Network(vocabulary, 1 if arguments.architecture == "hard-sharing" else arguments.experts)
    optimizer = torch.optim.Adam(network.parameters(), arguments.rate)
    steps = arguments.epochs * math.ceil(len(indices) / arguments.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, arguments.rate, total_steps=steps)
    peer = f"torch-{torch.__version__}"
    for epoch in range(arguments.epochs):
        start, done = time.perf_counter(), 0
        for step, batch in enumerate(torch.randperm(len(indices)).split(arguments.batch)):
            if step == arguments.steps:
                break
            losses = [functional.binary_cross_entropy_with_logits(output, targets[batch, task])
                      for task, output in enumerate(network(indices[batch], numbers[batch]))]
            optimizer.zero_grad()
            sum(losses).backward()
            optimizer.step()
            schedule.step()
            done += len(batch)
        result = {"peer": peer, "architecture": arguments.architecture, "epoch": epoch + 1,
                  "rowsPerSecond": done / (time.perf_counter() - start)}
        if arguments.steps:
            print(json.dumps(result))
            return
        areas = evaluate(network, test)
        print(json.dumps({**result, "income": areas[0], "neverMarried": areas[1]}), flush=True)


main()
