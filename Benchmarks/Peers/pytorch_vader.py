"""The recipe of Examples/vader.yaml in PyTorch and Transformers: MiniLM fine-tuned for three tasks.

    .venv-peers/bin/python Benchmarks/Peers/pytorch_vader.py [--seeds 1,2,3] [--epochs 3]

Prints an object per seed: Pearson's r of the sentiment and the disagreement and the accuracy of the polarity on the test
texts, and the training texts per second.
"""

import argparse
import csv
import json
import time
from pathlib import Path

import torch
from transformers import BertModel, BertTokenizerFast

ASSETS = Path(__file__).resolve().parents[2] / "Assets"
POLARITIES = ("negative", "neutral", "positive")
RATE, HEAD_FACTOR, BATCH, LENGTH = 1e-4, 10, 32, 128


def read(part):
    with open(ASSETS / "vader" / f"{part}.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return (
        [row["text"] for row in rows], torch.tensor([float(row["sentiment"]) for row in rows]),
        torch.tensor([POLARITIES.index(row["polarity"]) for row in rows]),
        torch.tensor([float(row["disagreement"]) for row in rows]))


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = BertModel.from_pretrained(
            ASSETS / "minilm", add_pooling_layer=False, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        width = self.trunk.config.hidden_size
        self.heads = torch.nn.ModuleList(torch.nn.Linear(width, outputs) for outputs in (1, len(POLARITIES), 1))

    def forward(self, tokens):
        states = self.trunk(**tokens).last_hidden_state
        mask = tokens["attention_mask"].unsqueeze(-1).to(states.dtype)
        features = (states * mask).sum(1) / mask.sum(1)
        return [head(features) for head in self.heads]


def pearson(found, expected):
    return torch.corrcoef(torch.stack([found, expected]))[0, 1].item()


def run(seed, epochs, training, test, tokenizer):
    torch.manual_seed(seed)
    network = Network()
    texts, sentiments, polarities, disagreements = training
    steps = epochs * ((len(texts) - 1) // BATCH + 1)
    rates = [RATE, RATE * HEAD_FACTOR]
    optimizer = torch.optim.AdamW(
        [{"params": network.trunk.parameters()}, {"params": network.heads.parameters()}], lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=steps, cycle_momentum=False)

    def tokens(texts):
        return tokenizer(texts, padding=True, truncation=True, max_length=LENGTH, return_tensors="pt")

    start = time.perf_counter()
    network.train()
    for _ in range(epochs):
        for chosen in torch.randperm(len(texts)).split(BATCH):
            sentiment, polarity, disagreement = network(tokens([texts[index] for index in chosen]))
            loss = (
                torch.nn.functional.mse_loss(sentiment.squeeze(1), sentiments[chosen])
                + torch.nn.functional.cross_entropy(polarity, polarities[chosen])
                + torch.nn.functional.mse_loss(disagreement.squeeze(1), disagreements[chosen]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    seconds = time.perf_counter() - start
    network.eval()
    outputs = []
    with torch.no_grad():
        for begin in range(0, len(test[0]), 256):
            outputs.append(network(tokens(test[0][begin:begin + 256])))
    sentiment, polarity, disagreement = (torch.cat(parts) for parts in zip(*outputs))
    return {
        "seed": seed, "sentiment": pearson(sentiment.squeeze(1), test[1]),
        "polarity": (polarity.argmax(1) == test[2]).float().mean().item(),
        "disagreement": pearson(disagreement.squeeze(1), test[3]), "seconds": seconds,
        "textsPerSecond": epochs * len(texts) / seconds}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--epochs", type=int, default=3)
    arguments = parser.parse_args()
    training, test = read("train"), read("test")
    tokenizer = BertTokenizerFast.from_pretrained(ASSETS / "minilm")
    for seed in map(int, arguments.seeds.split(",")):
        print(json.dumps(run(seed, arguments.epochs, training, test, tokenizer)), flush=True)


if __name__ == "__main__":
    main()
