"""Makes tables of the rated texts of the VADER study: text, domain, sentiment, polarity and the raters' disagreement.

    python3 prepare_vader.py FOLDER [--per-domain 2000]

FOLDER holds what fetch-vader.sh unpacks. Of every domain a number of texts is taken, chosen by a hash, three quarters of
them for training. They are written per domain, as DOMAIN-train.csv and DOMAIN-test.csv, and together, as train.csv and
test.csv. Sentiment is the mean rating in -4...4, disagreement the standard deviation of the ratings, and polarity is
negative to -0.5, positive from 0.5, neutral between.
"""

import argparse
import csv
import hashlib
from pathlib import Path

DOMAINS = {
    "tweets": "tweets", "films": "movieReviewSnippets", "products": "amazonReviewSnippets",
    "editorials": "nytEditorialSnippets",
}
FIELDS = ("text", "domain", "sentiment", "polarity", "disagreement")


def lines(path):
    """The fields of a file without quotes; some of its bytes are no UTF-8."""
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    return [line.split("\t") for line in text.splitlines() if line.strip()]


def rows(folder, domain):
    """The domain's texts in the order of a hash of their identifiers."""
    name = DOMAINS[domain]
    deviations = {fields[0]: float(fields[2]) for fields in lines(folder / f"{name}_anonDataRatings.txt")}
    found = []
    for identifier, mean, text in lines(folder / f"{name}_GroundTruth.txt"):
        sentiment = float(mean)
        polarity = "positive" if sentiment >= 0.5 else "negative" if sentiment <= -0.5 else "neutral"
        row = dict(zip(FIELDS, (text, domain, f"{sentiment:.4f}", polarity, f"{deviations[identifier]:.4f}")))
        found.append((hashlib.sha256(f"{domain} {identifier}".encode()).hexdigest(), row))
    return [row for _, row in sorted(found, key=lambda pair: pair[0])]


def write(path, table):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--per-domain", type=int, default=2000)
    arguments = parser.parse_args()
    together = {"train": [], "test": []}
    for domain in DOMAINS:
        chosen = rows(arguments.folder, domain)[:arguments.per_domain]
        border = len(chosen) * 3 // 4
        for part, table in (("train", chosen[:border]), ("test", chosen[border:])):
            write(arguments.folder / f"{domain}-{part}.csv", table)
            together[part] += table
    for part, table in together.items():
        write(arguments.folder / f"{part}.csv", table)
        print(f"{part}: {len(table)} texts")


if __name__ == "__main__":
    main()
