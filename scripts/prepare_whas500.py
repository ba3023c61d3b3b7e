"""Makes tables of the Worcester Heart Attack Study: what was known at admission, length of stay and death.

    python3 prepare_whas500.py whas500.arff DESTINATION

The time of follow-up is left out, for it is no more known at admission than the answers. 80 % of the patients are for
training, chosen by a hash of their numbers.
"""

import csv
import hashlib
import sys
from pathlib import Path

LEFT_OUT = "lenfol"


def read(path):
    """The names of an ARFF file's attributes and its rows."""
    names, rows, is_data = [], [], False
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        line = line.strip()
        if not line or line.startswith("%"):
            continue
        if is_data:
            rows.append(line.split(","))
        elif line.lower().startswith("@attribute"):
            names.append(line.split()[1])
        elif line.lower().startswith("@data"):
            is_data = True
    return names, rows


def main():
    source, destination = sys.argv[1], Path(sys.argv[2])
    names, rows = read(source)
    kept = [index for index, name in enumerate(names) if name != LEFT_OUT]
    destination.mkdir(parents=True, exist_ok=True)
    parts = {"train": [], "test": []}
    for number, row in enumerate(rows):
        share = int(hashlib.sha256(f"whas500 {number}".encode()).hexdigest(), 16) % 100
        parts["train" if share < 80 else "test"].append([row[index] for index in kept])
    for part, part_rows in parts.items():
        with open(destination / f"{part}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([names[index] for index in kept])
            writer.writerows(part_rows)
        print(f"{part}: {len(part_rows)} patients")


if __name__ == "__main__":
    main()
