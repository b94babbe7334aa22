import multiprocessing
import time

from measure import report


def square(x):
    return x * x


def private_memory(pid):
    with open(f"/proc/{pid}/smaps_rollup") as lines:
        return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


data = [0.5 + i for i in range(10_000)]
with multiprocessing.Pool(4) as pool:
    for _ in range(20):
        pool.map(square, data, chunksize=100)
    time.sleep(0.1)
    report([private_memory(worker.pid) for worker in multiprocessing.active_children()], unit="B")
