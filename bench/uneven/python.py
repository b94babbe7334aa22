import multiprocessing
import time

from measure import measure, report


def wait_for(pause):
    if pause:
        time.sleep(pause / 1000)
    return pause * pause


def cell():
    pool.map(wait_for, data)


data = [0.0] * 100_000 + [100.0] * 16
with multiprocessing.Pool(8) as pool:
    report(measure(cell, samples=1))
