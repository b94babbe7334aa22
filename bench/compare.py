#!/usr/bin/env python3
"""Runs the benchmarks: every peer of a case in turn, A B C A B C ..., and compares them within the run.

    cmake --preset release && cmake --build --preset release
    bench/compare.py                       every case; raw figures go to bench/results/<case>.json
    bench/compare.py --case warm_map       one case (may be given several times)
    bench/compare.py --quick               a smoke test: few samples, two rounds, nothing is kept
    bench/compare.py --check               ... and exit with 1 if a floor is missed
    bench/compare.py --markdown            runs nothing: writes the tables of docs/benchmarks.md from the results
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

from cases import CASES

BENCH = pathlib.Path(__file__).resolve().parent
ROOT = BENCH.parent
RESULTS = BENCH / "results"
DOCUMENT = ROOT / "docs" / "benchmarks.md"

SCALE = {"s": 1, "ms": 1e3, "µs": 1e6, "ns": 1e9, "KiB": 1 / 1024, "cycles": 1, "per item": 1}
PATIENCE = 180  # seconds for one run of one peer


# Running


def run_peer(case, peer, build, quick):
    """One run of a peer as a dictionary: its samples and their median, or a note that says why there are none."""
    programs = build / "bench"
    if peer.program.endswith(".py"):
        command = [sys.executable, BENCH / case.name / peer.program]
    else:
        command = [programs / case.name / peer.program]
        if not command[0].exists():
            return {"note": "absent"}
    if quick:
        command.append("--quick")
    if peer.variant:
        command.append(peer.variant)
    environment = os.environ | {
        "PYTHONPATH": str(BENCH),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PROCPOOL_BENCH_BIN": str(programs),
    }
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=environment)
    except subprocess.TimeoutExpired:
        return {"note": f"failed: no end within {PATIENCE} s"}
    lines = result.stdout.splitlines()
    if result.returncode != 0 or not lines:
        why = result.stderr.strip().splitlines()
        return {"note": f"failed with {result.returncode}" + (f": {why[-1]}" if why else "")}
    return json.loads(lines[-1])


def progress(line):
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", flush=True, file=sys.stderr)


def run_case(case, rounds, build, quick):
    runs = []
    for number in range(rounds):
        for peer in case.peers:
            if peer.once and number > 0:
                continue
            progress(f"{case.name}: round {number + 1} of {rounds}: {peer.name}")
            runs.append({"round": number, "peer": peer.name, **run_peer(case, peer, build, quick)})
    progress("")
    return {"case": case.name, "row": case.row, "rounds": rounds, **facts(build), "runs": runs}


def facts(build):
    """What a reader needs to judge the figures."""
    cpu = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())
    return {
        "machine": {
            "cpus": len(os.sched_getaffinity(0)),
            "cpu": cpu.group(1) if cpu else platform.machine(),
            "memory_gib": round(int(memory.group(1)) / 2**20) if memory else None,
            "kernel": f"{platform.system()} {platform.release()}",
            "compiler": compiler(build),
            "python": platform.python_version(),
        },
        "date": datetime.date.today().isoformat(),
        "commit": output("git", "-C", ROOT, "describe", "--always", "--dirty"),
        "load": round(os.getloadavg()[0], 2),
    }


def compiler(build):
    cache = build / "CMakeCache.txt"
    found = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", cache.read_text(), re.M) if cache.exists() else None
    return output(found.group(1), "--version").partition("\n")[0] if found else None


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


# Judging


def figures(result, peer):
    """The medians of a peer, by round."""
    return {
        run["round"]: run["median"]
        for run in result["runs"]
        if run["peer"] == peer and run.get("median") is not None
    }


def note(result, peer):
    return next((run["note"] for run in result["runs"] if run["peer"] == peer and "note" in run), None)


def judge(check, result):
    """(value, lowest and highest of the rounds, verdict) of a check."""
    of = figures(result, check.of)
    if isinstance(check.over, str):
        over = figures(result, check.over)
    else:
        over = dict.fromkeys(of, check.over or 1)
    if not of or not over:
        return None, None, "absent"

    def quotient(a, b):
        return b / a if check.inverse else a / b

    value = quotient(statistics.median(of.values()), statistics.median(over.values()))
    spread = [quotient(of[r], over[r]) for r in of if r in over] or [value]

    def reaches(bound):
        return value >= bound if check.inverse else value <= bound

    if check.floor is not None and not reaches(check.floor):
        verdict = "MISSED"
    elif check.goal is not None and not reaches(check.goal):
        verdict = "floor" if check.floor is not None else "short of the goal"
    else:
        verdict = "goal" if check.goal is not None else ""
    return value, (min(spread), max(spread)), verdict


# Showing


def short(value):
    """With about three significant digits."""
    if value == 0:
        return "0"
    if abs(value) < 1e-3:
        return f"{value:.1e}"
    digits = 3 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f}"


def tables(case, result):
    """The two tables of a case: what each peer took, and how that compares with floor and goal."""
    scale = SCALE[case.unit]
    peers = [("", f"median, {case.unit}", "rounds")]
    for peer in case.peers:
        values = [value * scale for value in figures(result, peer.name).values()]
        if values:
            peers.append((peer.name, short(statistics.median(values)), between(values)))
        else:
            peers.append((peer.name, note(result, peer.name) or "absent", ""))

    checks = [("", "measured", "rounds", "floor", "goal", "")]
    for check in case.checks:
        unit = f" {case.unit}" if check.over is None else ""
        factor = scale if check.over is None else 1

        sign = "≥" if check.inverse else "≤"
        value, spread, verdict = judge(check, result)
        measured = "" if value is None else short(value * factor) + unit
        bounds = ["" if b is None else f"{sign} {b * factor:.4g}{unit}" for b in (check.floor, check.goal)]
        checks.append((check.name, measured, between(spread, factor), *bounds, verdict))
    return peers, checks


def between(values, factor=1):
    """The lowest and the highest of the rounds; empty if there was only one."""
    if not values or min(values) == max(values):
        return ""
    return f"{short(min(values) * factor)} – {short(max(values) * factor)}"


def plain(table):
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    lines = []
    for name, *cells in table:
        cells = [cell.rjust(width) for cell, width in zip(cells, widths[1:])]
        lines.append("  ".join(["", name.ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines)


def markdown(table):
    head, *rows = table
    lines = [head, ("---", *["---:"] * (len(head) - 1)), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def conditions(result):
    machine = result["machine"]
    return (
        f"{result['rounds']} rounds on {result['date']}, commit {result['commit']}, "
        f"load {result['load']} at the start; {machine['cpus']} CPUs ({machine['cpu']}), "
        f"{machine['memory_gib']} GiB, {machine['kernel']}, {machine['compiler']}, Python {machine['python']}"
    )


# The document


def stored():
    """The results that are kept, by case."""
    paths = {case.name: RESULTS / f"{case.name}.json" for case in CASES}
    return {name: json.loads(path.read_text()) for name, path in paths.items() if path.exists()}


def section(case, result):
    peers, checks = tables(case, result)
    return f"{markdown(peers)}\n\n{markdown(checks)}\n\n*{conditions(result)}.*"


def summary(results):
    rows = [("", "measured", "floor", "goal", "")]
    for case in CASES:
        if case.name in results:
            _, checks = tables(case, results[case.name])
            rows += [
                (f"[{case.name}](#{case.name}): {name}", value, floor, goal, verdict)
                for name, value, _, floor, goal, verdict in checks[1:]
            ]
    return markdown(rows)


def losses(results):
    """Every bound that is not reached, and every peer that is better than our best."""
    lines = []
    for case in CASES:
        result = results.get(case.name)
        if result is None:
            continue
        for check in case.checks:
            value, _, verdict = judge(check, result)
            if verdict in ("MISSED", "floor", "short of the goal"):
                what = "misses its floor" if verdict == "MISSED" else "is short of its goal"
                factor, unit = (SCALE[case.unit], f" {case.unit}") if check.over is None else (1, "")
                bound = check.floor if verdict == "MISSED" else check.goal
                measured, bound = f"{short(value * factor)}{unit}", f"{bound * factor:.4g}{unit}"
                lines.append(f"- **{case.name}**: {check.name} = {measured} {what} of {bound}.")
        medians = {p: statistics.median(v.values()) for p in case.peers if (v := figures(result, p.name))}
        best = min((value for peer, value in medians.items() if peer.ours), default=0)
        faster = [
            f"{peer.name} ({short(best / value)} times)"
            for peer, value in medians.items()
            if not peer.ours and value < best
        ]
        if faster:
            lines.append(f"- **{case.name}**: better than our best: {', '.join(faster)}.")
    return "\n".join(lines) or "None."


def write_document():
    results = stored()
    generated = {case.name: section(case, results[case.name]) for case in CASES if case.name in results}
    generated |= {"summary": summary(results), "losses": losses(results)}

    def fill(match):
        text = generated.get(match["name"], "Not measured yet.")
        return f"<!-- results: {match['name']} -->\n{text}\n<!-- end -->"

    document = DOCUMENT.read_text()
    DOCUMENT.write_text(re.sub(r"<!-- results: (?P<name>\w+) -->\n.*?<!-- end -->", fill, document, flags=re.S))


def keep(result):
    """One run per line, so that a diff between two results can be read."""
    RESULTS.mkdir(exist_ok=True)
    head = json.dumps({k: v for k, v in result.items() if k != "runs"}, indent=1, ensure_ascii=False)
    runs = ",\n".join("  " + json.dumps(run, ensure_ascii=False) for run in result["runs"])
    (RESULTS / f"{result['case']}.json").write_text(f'{head[:-2]},\n "runs": [\n{runs}\n ]\n}}\n')


def main():
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    option = parser.add_argument
    option("--case", action="append", choices=names, metavar="CASE", help="one of: " + ", ".join(names))
    option("--rounds", type=int, help="default 5; with --quick 2")
    option("--quick", action="store_true", help="few samples; the results are not kept")
    option("--check", action="store_true", help="exit with 1 if a floor is missed, or its figure is absent")
    option("--markdown", action="store_true", help="write docs/benchmarks.md's tables from the results")
    option("--build", type=pathlib.Path, default=ROOT / "build" / "release", help="default: build/release")
    options = parser.parse_args()

    if options.markdown:
        write_document()
        return 0
    if (load := os.getloadavg()[0]) > 0.3:
        print(f"the load is {load:.2f}: others use this machine, the figures will suffer", file=sys.stderr)

    rounds = options.rounds or (2 if options.quick else 5)
    missed = []
    for case in CASES:
        if options.case and case.name not in options.case:
            continue
        result = run_case(case, rounds, options.build.resolve(), options.quick)
        if not options.quick:
            keep(result)
        peers, checks = tables(case, result)
        print(f"{case.name}: {case.row}\n{plain(peers)}\n\n{plain(checks)}\n", flush=True)
        missed += [
            f"{case.name}: {check.name}"
            for check in case.checks
            if check.floor is not None and judge(check, result)[2] in ("MISSED", "absent")
        ]
    if missed:
        print("missed or absent:\n  " + "\n  ".join(missed))
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
