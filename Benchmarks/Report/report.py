"""Turns measurements into tables and a plot.

    python report.py suite.jsonl… --environment environment.txt --tables RESULTS.md --plot results.svg

Every line of the measurements is a JSON object of `concord bench … --json`, of the micro-benchmarks or of a peer's
script, with `source` (who was measured, `concord cpu`, `pytorch` …), `round` and `suite` added. What a line lacks or
has beyond the keys used here does no harm; what only some sources measured has gaps in its row.
"""

import argparse
import json
import math
import statistics
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

SUITES = {
    "gemm": "Matrix products", "conv": "Convolutions", "reduce": "Operations bound by memory",
    "step": "Training steps", "host": "Work of the host",
}
# Units in which times are printed, with what a millisecond is in them.
UNITS = {"host": ("Microseconds", 1000)}
OWN = "concord"


@dataclass
class Measurement:
    """One case of one source over all rounds, in milliseconds."""

    median: float
    minimum: float
    # Half the difference between the slowest and the fastest round, as a share of the median.
    spread: float
    # Of the rate that Concord's device was calibrated to; None where the source does not say.
    peak_share: float | None = None


def case_of(record):
    """What was measured: operation and shape. Sources that name no order of a product mean plain matrices."""
    if "workload" in record:
        method = record.get("method", "ew")
        return f"step {method}", f"{record['workload']}, batch {record.get('batch', '?')}"
    operation = record["operation"]
    return ("gemm NN" if operation == "gemm" else operation), record["shape"]


def read(lines):
    """Measurements by suite, case and source, in the order of their first appearance. Broken lines are counted."""
    rounds = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    broken = 0
    for line in filter(str.strip, lines):
        try:
            record = json.loads(line)
            median = float(record["milliseconds"])
            entry = (median, float(record.get("minimum", median)), record.get("peakShare"))
            source = record.get("source") or record["peer"]
            # A script that measures several peers names each.
            source = source if source.startswith(OWN) else record.get("peer", source)
            rounds[record["suite"]][case_of(record)][source].append(entry)
        except (ValueError, KeyError, TypeError):
            broken += 1
    result = {}
    for suite, cases in rounds.items():
        result[suite] = {
            case: {source: summarize(entries) for source, entries in sources.items()}
            for case, sources in cases.items()}
    return result, broken


def summarize(entries):
    medians, minima, shares = zip(*entries)
    shares = [share for share in shares if share is not None]
    median = statistics.median(medians)
    return Measurement(
        median=median, minimum=min(minima), spread=(max(medians) - min(medians)) / 2 / median,
        peak_share=statistics.median(shares) if shares else None)


def sources_of(cases):
    found = dict.fromkeys(source for sources in cases.values() for source in sources)
    return sorted(found, key=lambda source: not source.startswith(OWN))


def geometric_mean(values):
    return math.exp(statistics.fmean(map(math.log, values)))


def ratios(cases, own, peer):
    """How many times faster Concord is, for the cases that both measured."""
    return {
        case: sources[peer].median / sources[own].median for case, sources in cases.items()
        if own in sources and peer in sources}


def number(value):
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def cell(measurement, scale=1):
    if measurement is None:
        return "–"
    text = f"{number(scale * measurement.median)} ({number(scale * measurement.minimum)}"
    return text + (f", ±{measurement.spread:.0%})" if measurement.spread > 0 else ")")


def table(header, rows, left=2):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * left + "--:|" * (len(header) - left)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def suite_tables(suite, cases):
    sources = sources_of(cases)
    own = [source for source in sources if source.startswith(OWN)]
    peers = [source for source in sources if not source.startswith(OWN)]
    unit, scale = UNITS.get(suite, ("Milliseconds", 1))
    times = table(
        ["operation", "shape", *sources],
        [[*case, *(cell(measured.get(source), scale) for source in sources)] for case, measured in cases.items()])
    text = f"## {SUITES.get(suite, suite)}\n\n{unit}: median (minimum, spread over the rounds).\n\n{times}\n"
    text += share_table(cases, own)
    pairs = [(one, peer, ratios(cases, one, peer)) for one in own for peer in peers]
    pairs = [pair for pair in pairs if pair[2]]
    if pairs:
        rows = [
            [*case, *(f"{found[case]:.2f}" if case in found else "–" for _, _, found in pairs)] for case in cases
            if any(case in found for _, _, found in pairs)]
        rows.append(["**geometric mean**", "", *(f"**{geometric_mean(found.values()):.2f}**" for *_, found in pairs)])
        rows.append(["**smallest**", "", *(f"**{min(found.values()):.2f}**" for *_, found in pairs)])
        header = ["operation", "shape", *(f"{one} : {peer}" for one, peer, _ in pairs)]
        text += f"\nTimes faster than the peer (above 1: Concord is faster).\n\n{table(header, rows)}\n"
    return text


def share_table(cases, own):
    """The shares of the calibrated rate, for the sources that know theirs."""
    known = {
        (case, source): measured[source].peak_share for case, measured in cases.items() for source in own
        if source in measured and measured[source].peak_share is not None}
    if not known:
        return ""
    rows = [
        [*case, *(f"{known[case, source]:.2f}" if (case, source) in known else "–" for source in own)]
        for case in cases if any((case, source) in known for source in own)]
    return ("\nShare of the device's calibrated rate: of its arithmetic or its memory, whichever limits the case.\n\n"
            f"{table(['operation', 'shape', *own], rows)}\n")


def summary(suites):
    rows = []
    for suite, cases in suites.items():
        for own in (source for source in sources_of(cases) if source.startswith(OWN)):
            for peer in (source for source in sources_of(cases) if not source.startswith(OWN)):
                found = ratios(cases, own, peer)
                if found:
                    rows.append([
                        SUITES.get(suite, suite), f"{own} : {peer}", str(len(found)),
                        f"{geometric_mean(found.values()):.2f}", f"{min(found.values()):.2f}"])
    return table(["suite", "ratio", "cases", "geometric mean", "smallest"], rows)


def markdown(suites, broken, environment):
    ordered = [suite for suite in SUITES if suite in suites] + [suite for suite in suites if suite not in SUITES]
    parts = [
        "# Measured speed\n",
        "Written by `make bench`: Concord and its peers in one run of a suite, one after the other in every round, on "
        "the same\nthreads. The median of a case is that over the rounds of each round's median.\n",
        f"```\n{environment.strip()}\n```\n",
        f"![How many times faster Concord is](results.svg)\n\n{summary(suites)}\n",
    ]
    parts += [suite_tables(suite, suites[suite]) for suite in ordered]
    if broken:
        parts.append(f"{broken} lines of the measurements could not be read.\n")
    return "\n".join(parts)


COLOURS = ["#1f6feb", "#d1702c", "#2c8a4b", "#8250df", "#b0354a", "#57606a"]


def dot(x, y, own, peer, owns, peers, title=None):
    """A circle in the peer's colour, filled for the first of Concord's devices and hollow for the next."""
    colour = COLOURS[peers.index(peer) % len(COLOURS)]
    fill = colour if owns.index(own) == 0 else "white"
    text = f"<title>{escape(title)}</title>" if title else ""
    return (f'<circle cx="{x:.1f}" cy="{y}" r="4" fill="{fill}" stroke="{colour}" stroke-width="2" opacity="0.8">'
            f"{text}</circle>")


def plot(suites, width=1000):
    """A dot for every ratio, on a logarithmic axis, one row for every case."""
    label_width, row_height, heading_height, margin = 430, 18, 44, 16
    rows, pairs, values = [], {}, [0.5, 2]
    for suite in [suite for suite in SUITES if suite in suites]:
        cases = suites[suite]
        found = {
            (own, peer): ratios(cases, own, peer) for own in sources_of(cases) if own.startswith(OWN)
            for peer in sources_of(cases) if not peer.startswith(OWN)}
        shown = [case for case in cases if any(case in ratio for ratio in found.values())]
        if not shown:
            continue
        rows.append((SUITES[suite], None))
        for case in shown:
            dots = {pair: ratio[case] for pair, ratio in found.items() if case in ratio}
            for pair in dots:
                pairs.setdefault(pair, len(pairs))
            values += dots.values()
            rows.append((" ".join(case), dots))
    low, high = math.floor(math.log2(min(values))), math.ceil(math.log2(max(values)))
    # A few very slow peers must not squeeze all others together.
    low, high = max(low, -4), min(high, 5)
    left, right = label_width, width - margin

    def x(ratio):
        return left + (min(max(math.log2(ratio), low), high) - low) / (high - low) * (right - left)

    owns = list(dict.fromkeys(own for own, _ in pairs))
    peers = list(dict.fromkeys(peer for _, peer in pairs))
    legend_height = row_height * len(pairs) + margin
    height = legend_height + margin + sum(heading_height if dots is None else row_height for _, dots in rows) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="system-ui, sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for (own, peer), index in pairs.items():
        y = margin + row_height * index
        parts.append(dot(margin + 4, y, own, peer, owns, peers))
        parts.append(f'<text x="{margin + 16}" y="{y + 4}">{escape(f"{own} : {peer}")}</text>')
    for power in range(low, high + 1):
        position, colour = x(2.0 ** power), "#57606a" if power == 0 else "#e0e4e8"
        parts.append(f'<line x1="{position:.1f}" x2="{position:.1f}" y1="{legend_height}" y2="{height - 26}" '
                     f'stroke="{colour}"/>')
        parts.append(f'<text x="{position:.1f}" y="{height - 10}" text-anchor="middle">{2.0 ** power:g}×</text>')
    y = legend_height
    for label, dots in rows:
        if dots is None:
            y += heading_height
            parts.append(f'<text x="{margin}" y="{y - 10}" font-weight="bold">{escape(label)}</text>')
            continue
        y += row_height
        parts.append(f'<text x="{left - 12}" y="{y - 5}" text-anchor="end">{escape(label)}</text>')
        parts += [
            dot(x(ratio), y - 9, *pair, owns, peers, f"{pair[0]} : {pair[1]} {ratio:.2f}×") for pair, ratio in dots.items()]
    return "\n".join([*parts, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("measurements", type=Path, nargs="+")
    parser.add_argument("--environment", type=Path, required=True)
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--plot", type=Path, required=True)
    arguments = parser.parse_args()
    suites, broken = read(line for path in arguments.measurements for line in path.read_text().splitlines())
    if not suites:
        parser.error(f"{', '.join(map(str, arguments.measurements))}: no measurement")
    arguments.tables.write_text(markdown(suites, broken, arguments.environment.read_text()))
    arguments.plot.write_text(plot(suites))


if __name__ == "__main__":
    main()
