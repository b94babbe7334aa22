"""For the Python peers what measure.hpp is for those in C++: arguments, samples, one JSON line."""

import json
import statistics
import sys
import time


def arguments():
    """(quick, variant) of the command line `peer [--quick] [variant]`."""
    rest = [a for a in sys.argv[1:] if a != "--quick"]
    return "--quick" in sys.argv[1:], rest[0] if rest else ""


def measure(call, samples, batch=1, warmup=0, idle=0.0):
    """Seconds per call, one figure per sample: the mean of `batch` calls, back to back, after `idle` seconds of sleep."""
    quick, _ = arguments()
    if quick:
        samples, warmup = max(1, samples // 10), min(warmup, 2)
    taken = []
    for i in range(-warmup, samples):
        if idle:
            time.sleep(idle)
        start = time.perf_counter()
        for _ in range(batch):
            call()
        took = (time.perf_counter() - start) / batch
        if i >= 0:
            taken.append(took)
    return taken


def report(samples, unit="s", note=None):
    """Prints the samples; if there are none, a note says why."""
    line = {"unit": unit, "median": statistics.median(samples) if samples else None, "samples": samples}
    if note:
        line["note"] = note
    print(json.dumps(line))
