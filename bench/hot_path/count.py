"""Counts what an item of a warm map of 100,000 costs in system calls and allocations.

System calls of all processes of the program are counted by `perf stat` (which slows nothing down), or where it is
not allowed by `strace`, once with few maps and once with many more: the difference is what the maps cost.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from measure import arguments, report

ITEMS = 100_000
FEW, MORE = 0, 200
PROGRAM = pathlib.Path(os.environ["PROCPOOL_BENCH_BIN"]) / "hot_path" / "procpool"


def run(command):
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def allocations(which):
    return json.loads(run([PROGRAM, str(MORE)]).stdout)[which] / MORE


def counted_by_perf(maps):
    result = run(["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", PROGRAM, str(maps)])
    count = result.stderr.strip().split(",")[0]
    return int(count) if result.returncode == 0 and count.isdigit() else None


def counted_by_strace(maps):
    with tempfile.NamedTemporaryFile("r") as log:
        run(["strace", "-f", "-c", "-o", log.name, PROGRAM, str(maps)])
        total = [line.split() for line in log if line.rstrip().endswith("total")]
    return int(total[0][2 if len(total[0]) < 6 else 3])


def system_calls():
    tools = [(counted_by_perf, "perf"), (counted_by_strace, "strace")]
    for count, tool in tools:
        if shutil.which(tool) and (few := count(FEW)) is not None:
            return (count(MORE) - few) / (MORE - FEW), tool
    return None, "neither perf nor strace"


_, variant = arguments()
if not PROGRAM.exists():
    report([], note="absent")
elif variant == "system_calls":
    per_map, tool = system_calls()
    report([] if per_map is None else [per_map / ITEMS], unit="per item", note=f"counted by {tool}")
else:
    report([allocations(variant) / ITEMS], unit="per item")
