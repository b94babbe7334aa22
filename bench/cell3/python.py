import multiprocessing
import time
from functools import partial

from measure import measure, report


def subtract(x, sleep=0.01):
    time.sleep(sleep)
    return x * x


def cell():
    with multiprocessing.Pool(8) as pool:
        pool.map(partial(subtract, sleep=0.1), data)


data = [0.5 + i for i in range(100)]
report(measure(cell, samples=1))
