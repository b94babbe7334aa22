# Nothing of Python's stops one task: the pool is terminated, with all that its other workers run, and another one made.
import multiprocessing
import time

from measure import report


def spin():
    while True:
        pass


def one():
    return 1


samples = []
for _ in range(10):
    pool = multiprocessing.Pool(1)
    pool.apply_async(spin)
    time.sleep(0.05)
    begin = time.perf_counter()
    pool.terminate()
    pool = multiprocessing.Pool(1)
    pool.apply(one)
    samples.append(time.perf_counter() - begin)
    pool.terminate()
report(samples)
