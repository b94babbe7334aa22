import multiprocessing
import time

from measure import measure, report


def subtract(x, sleep=0.01):
    time.sleep(sleep)
    return x * x


data = [0.5 + i for i in range(25_600)]
with multiprocessing.Pool(256) as pool:
    pool.map(abs, data)
    report(measure(lambda: pool.map(subtract, data), samples=1))
