"""Makes tables of chest X-ray reports: text, what was found and how severe it is.

    python3 prepare_reports.py NLMCXR_reports.tgz DESTINATION

The labels come from the curators' MeSH terms, not from the text. A report without a term of severity has none, and its
field is empty. 70 % of the reports are for training, chosen by a hash of their identifiers.
"""

import csv
import hashlib
import sys
import tarfile
from pathlib import Path
from xml.etree import ElementTree

# A finding is there if one of these words begins a major MeSH term.
FINDINGS = {
    "pneumoniaLike": ("pneumonia", "infiltrate", "consolidation", "airspace disease"),
    "effusion": ("pleural effusion",),
    "cardiomegaly": ("cardiomegaly",),
}
SEVERITIES = ("mild", "moderate", "severe")


def rows(archive):
    """Identifier and row of every report that describes findings."""
    with tarfile.open(archive) as reports:
        for member in sorted(reports.getmembers(), key=lambda member: member.name):
            if not member.name.endswith(".xml"):
                continue
            root = ElementTree.fromstring(reports.extractfile(member).read())
            texts = {part.get("Label"): (part.text or "").strip() for part in root.iter("AbstractText")}
            text = " ".join(texts.get("FINDINGS", "").split())
            if not text:
                continue
            terms = [(term.text or "").strip().lower() for term in root.iter("major")]
            row = {"text": text, "normal": "yes" if terms == ["normal"] else "no"}
            for finding, words in FINDINGS.items():
                row[finding] = "yes" if any(term.startswith(words) for term in terms) else "no"
            # The worst of the findings.
            found = [severity for severity in SEVERITIES for term in terms if severity in term.split("/")[1:]]
            row["severity"] = found[-1] if found else ""
            yield member.name, row


def main():
    archive, destination = sys.argv[1], Path(sys.argv[2])
    parts = {"train": [], "test": []}
    for name, row in rows(archive):
        number = int(hashlib.sha256(Path(name).name.encode()).hexdigest(), 16) % 100
        parts["train" if number < 70 else "test"].append(row)
    destination.mkdir(parents=True, exist_ok=True)
    for part, part_rows in parts.items():
        with open(destination / f"{part}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(part_rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(part_rows)
        counts = {key: sum(row[key] == "yes" for row in part_rows) for key in ("normal", *FINDINGS)}
        print(f"{part}: {len(part_rows)} reports, {counts}, {sum(bool(row['severity']) for row in part_rows)} severities")


if __name__ == "__main__":
    main()
