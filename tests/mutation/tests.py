"""Runs tests against mutants: how long each takes, which mutants it comes to, and whether it notices one."""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time

from mutation.build import PLACE, TREE, program_of

LEAST_LIMIT = 10  # s
FACTOR = 5  # of the usual time of a test
FIRST_LIMIT = 600  # s, for the unchanged library
MOST_MUTANTS = 1 << 16  # as in mutation.hpp

running = set()
stopping = threading.Event()


def log_of_thread():
    return PLACE / f"test-{threading.current_thread().name}.log"


def why_it_failed():
    """What says in the output of this thread's test how it failed."""
    lines = log_of_thread().read_text(errors="replace").splitlines()
    telling = [line for line in lines if re.search(r"^guard: |: Failure$|FAILED  \]", line)]
    return (telling or lines[-1:] or [""])[0].split("/tests/")[-1]


def run(test, limit, number=0, seen=None):
    """Runs a test in a process group and a folder of its own. Returns its exit status and its time."""
    with tempfile.TemporaryDirectory(prefix="procpool-mutant-", ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, "PROCPOOL_MUTANT": str(number)}
        if seen:
            environment["PROCPOOL_MUTANTS_SEEN"] = str(seen)
        command = ["nice", "-n", "5", TREE / "tests" / "guard", str(limit), program_of(test), "--gtest_fail_fast"]
        began = time.monotonic()
        with open(log_of_thread(), "w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder, env=environment,
                                       start_new_session=True)  # fmt: skip
            running.add(process)
            try:
                status = process.wait(limit + 60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                status = process.wait()
            running.discard(process)
        return status, time.monotonic() - began


def stop():
    stopping.set()
    for process in list(running):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)


class Usual:
    """How a test goes with the unchanged library: the time that it takes, and the numbers of the mutants that it comes
    to; None where that is not known."""

    def __init__(self, test, seconds, reaches):
        self.test, self.seconds = test, seconds
        self.reaches = None if reaches is None else set(reaches)
        self.limit = max(LEAST_LIMIT, round(FACTOR * seconds))


def read_usual(test):
    """As it was when this program was tried last, or None."""
    memory = PLACE / "usual" / (program_of(test).name + ".json")
    if memory.exists():
        known = json.loads(memory.read_text())
        if known["built"] == program_of(test).stat().st_mtime_ns:
            return Usual(test, known["seconds"], known["reaches"])
    return None


def try_usual(test):
    """Runs the test with the unchanged library. None if it fails: then it says nothing about mutants."""
    memory = PLACE / "usual" / (program_of(test).name + ".json")
    memory.parent.mkdir(parents=True, exist_ok=True)
    seen = pathlib.Path(f"{memory}.seen")
    seen.write_bytes(bytes(MOST_MUTANTS))
    status, seconds = run(test, FIRST_LIMIT, 0, seen)
    reaches = [number for number, byte in enumerate(seen.read_bytes()) if byte]
    seen.unlink()
    if status != 0:
        reaches = None  # some tests do not bear one more file that is mapped
        status, seconds = run(test, FIRST_LIMIT)
    if status != 0 or stopping.is_set():
        return None
    memory.write_text(json.dumps({"built": program_of(test).stat().st_mtime_ns, "seconds": seconds, "reaches": reaches}))
    return Usual(test, seconds, reaches)


def judge(mutant, suite):
    """The name of the test that failed, or `survived`; and how. None if this was stopped meanwhile."""
    tried = [usual for usual in suite if usual.reaches is None or mutant.number in usual.reaches]
    for usual in sorted(tried, key=lambda usual: usual.seconds):
        status, _ = run(usual.test, usual.limit, mutant.number)
        if stopping.is_set():
            return None
        if status != 0:
            return usual.test, why_it_failed()
    return "survived", "" if tried else "no test comes there"
