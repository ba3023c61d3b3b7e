"""Times a piece of work the way `concord bench` does, and prints results as JSON lines with the same keys."""

import json
import math
import statistics
import time

# A sample is at least so long, so that reading the clock does not count as work.
SHORTEST_SAMPLE = 2e-3


def seconds_per_run(work, warm_ups=3, minimum_samples=10, seconds=0.5):
    """Median and minimum of samples; a sample of very short work is a mean over several runs."""

    def sample(runs):
        start = time.perf_counter()
        for _ in range(runs):
            work()
        return (time.perf_counter() - start) / runs

    for _ in range(warm_ups):
        work()
    runs = max(1, math.ceil(SHORTEST_SAMPLE / max(sample(1), 1e-7)))
    samples = []
    while len(samples) < minimum_samples or sum(samples) * runs < seconds:
        samples.append(sample(runs))
    return statistics.median(samples), min(samples)


def report(suite, peer, operation, shape, timing, flops=None, moved_bytes=None, **more):
    median, minimum = timing
    result = {"suite": suite, "peer": peer, "operation": operation, "shape": str(shape), "milliseconds": median * 1e3,
              "minimum": minimum * 1e3, **more}
    if flops:
        result["gflops"] = flops / median / 1e9
    if moved_bytes:
        result["gbps"] = moved_bytes / median / 1e9
    print(json.dumps(result), flush=True)
