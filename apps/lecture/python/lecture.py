"""The lecture in Python, as a peer: `python3 - FUNCTION REQUEST`. The request is JSON, the answer one line of JSON.

Nothing but the standard library. Processes are forked, as Python did when the lecture was held.
"""

import ctypes
import json
import multiprocessing
import multiprocessing.pool
import os
import signal
import socket
import struct
import sys
import time
import zlib
from functools import partial
from statistics import median

Pool = multiprocessing.get_context("fork").Pool
Threads = multiprocessing.pool.ThreadPool


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median_of(times, work):
    return median(timed(work) for _ in range(times))


# --- what is mapped: the same as in tasks.cpp


def subtract(x, sleep=0.01):
    time.sleep(sleep)
    return x * x


def square(x):
    return x * x


def churn(x, rounds):
    for _ in range(rounds):
        x = x * 1.0000001 + 1e-9
    return x


def ask(x, port):
    with socket.create_connection(("127.0.0.1", port)) as server:
        server.sendall(struct.pack("d", x))
        return struct.unpack("d", server.recv(8, socket.MSG_WAITALL))[0]


def parse(line):
    """Crashes where the parser in C++ does; in Python these bugs would raise exceptions."""
    _, equals, numbers = line.partition("=")
    if not equals:
        ctypes.string_at(0)  # dereferences null
    total = 0
    for number in numbers.strip().split(","):
        while number == "":
            pass
        if not number.isdigit():
            os.abort()
        total += int(number)
    return total


# --- the cells


def version(_):
    return sys.version.split()[0]


def plain_map(request):
    data = [float(x) for x in range(request["items"])]
    return {"seconds": timed(lambda: list(map(partial(subtract, sleep=request["sleep"]), data)))}


def pool_map(request):
    data = [float(x) for x in range(request["items"])]
    work = partial(subtract, sleep=request["sleep"])

    def made_used_gone():
        with Pool(request["workers"]) as pool:
            pool.map(work, data, chunksize=request["chunksize"] or None)

    return {"seconds": median_of(request["repeat"], made_used_gone)}


def cost(request):
    few = [float(x) for x in range(request["few"])]
    many = [float(x) for x in range(request["many"])]
    repeat = request["repeat"]

    def made_used_gone():
        with Pool(request["workers"]) as pool:
            pool.map(square, few)

    plain_call = median_of(repeat, lambda: list(map(square, few)))
    plain_many = median_of(3, lambda: list(map(square, many)))
    with Pool(request["workers"]) as pool:
        pool.map(square, few)
        call = median_of(repeat, lambda: pool.map(square, few))
        many_items = median_of(3, lambda: pool.map(square, many))
        pays = pays_from(pool, few, request["most_work"])
    more = len(many) - len(few)
    return {
        "plain_call": plain_call,
        "plain_item": (plain_many - plain_call) / more,
        "call": call,
        "item": max(0.0, (many_items - call) / more),
        "made_used_gone": median_of(3, made_used_gone),
        "pays_from": pays,
    }


def pays_from(pool, data, most_work):
    """The least work per item, in seconds, from which the pool is ahead; None if it never is. See cells/cost.cpp."""
    found = None
    wins = 0
    rounds = 1.0
    while wins < 3:
        work = partial(churn, rounds=int(rounds))
        plain, pooled = [], []
        for _ in range(5):
            plain.append(timed(lambda: list(map(work, data))))
            pooled.append(timed(lambda: pool.map(work, data)))
        item = median(plain) / len(data)
        if median(pooled) < median(plain):
            found = item if wins == 0 else found
            wins += 1
        else:
            found, wins = None, 0
        if item > most_work:
            break
        rounds *= 1.5
    return found


def waiting(request):
    data = [float(x) for x in range(request["items"])]
    work = partial(ask, port=request["port"])
    return on_threads_and_processes(work, data, request["workers"])


def computing(request):
    data = [1.0] * request["items"]
    probe = 100_000
    took = min(timed(lambda: churn(1.0, probe)) for _ in range(9))
    work = partial(churn, rounds=int(probe * request["work"] / took))
    return on_threads_and_processes(work, data, request["workers"])


def on_threads_and_processes(work, data, workers):
    plain = timed(lambda: list(map(work, data)))
    with Pool(workers) as pool:  # before there are threads
        pool.map(len, [""] * workers, chunksize=1)
        processes = timed(lambda: pool.map(work, data, chunksize=1))
    with Threads(workers) as pool:
        pool.map(len, [""] * workers, chunksize=1)
        threads = timed(lambda: pool.map(work, data, chunksize=1))
    return {"plain": plain, "processes": processes, "threads": threads}


def isolation(request):
    with Pool(request["workers"]) as pool:
        return {"results": len(pool.map(parse, request["lines"]))}


def adler(request):
    return {text: zlib.adler32(text.encode()) for text in request["texts"]}


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    functions = [version, plain_map, pool_map, cost, waiting, computing, isolation, adler]
    function = {f.__name__: f for f in functions}[sys.argv[1]]
    answer = function(json.loads(sys.argv[2]) if len(sys.argv) > 2 else None)
    print(answer if isinstance(answer, str) else json.dumps(answer))


main()
