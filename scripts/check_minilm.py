"""The part of check-minilm.sh that transformers has a say in: python3 check_minilm.py FOLDER"""

import json
import os
import sys
import time

import torch
from transformers import BertModel, BertTokenizerFast

MODEL = "Assets/minilm"
TOLERANCE = 1e-4


def lines(path):
    with open(path, "rb") as file:
        return [line.decode("utf-8", errors="replace") for line in file.read().split(b"\n")[:-1]]


def read(path, key):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line)[key] for line in file]


def embed(model, tokenizer, texts, size=64, by_length=True):
    """Vectors of length 1, in batches of similar lengths as sentence-transformers makes them."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i])) if by_length else range(len(texts))
    order = list(order)
    vectors = torch.empty(len(texts), model.config.hidden_size)
    with torch.inference_mode():
        for start in range(0, len(order), size):
            batch = order[start:start + size]
            inputs = tokenizer(
                [texts[i] for i in batch], padding=True, truncation=True, max_length=256, return_tensors="pt")
            states = model(**inputs).last_hidden_state
            weights = inputs["attention_mask"].unsqueeze(-1).float()
            means = (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
            vectors[batch] = torch.nn.functional.normalize(means, dim=1)
    return vectors


def main():
    folder = sys.argv[1]
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count())))
    tokenizer = BertTokenizerFast.from_pretrained(MODEL)
    model = BertModel.from_pretrained(MODEL).eval()

    texts = lines(f"{folder}/texts")
    ours = read(f"{folder}/tokens", "tokens")
    theirs = tokenizer(texts, truncation=True, max_length=256)["input_ids"]
    different = [i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b]
    print(f"tokens: {len(texts)} texts, {len(ours)} results, {len(different)} different")
    for i in different[:5]:
        print(f"  {texts[i]!r}\n  {ours[i]}\n  {theirs[i]}")
    failed = bool(different) or len(ours) != len(texts)

    some = lines(f"{folder}/some")
    expected = embed(model, tokenizer, some)
    for device in ("cpu", "opencl"):
        found = torch.tensor(read(f"{folder}/vectors-{device}", "embedding"))
        error = (found - expected).abs().max().item() if found.shape == expected.shape else float("inf")
        print(f"vectors, {device}: {len(some)} texts, largest difference {error:.2e}, at most {TOLERANCE:.0e}")
        failed |= not error <= TOLERANCE

    many = lines(f"{folder}/many")
    embed(model, tokenizer, many[:64])
    for by_length in (True, False):
        start = time.perf_counter()
        embed(model, tokenizer, many, by_length=by_length)
        seconds = time.perf_counter() - start
        order = "sorted by length" if by_length else "in their order"
        print(f"transformers, {order}: {len(many)} texts in {seconds:.2f} s, {len(many) / seconds:.0f} a second")
    sys.exit(1 if failed else 0)


main()
