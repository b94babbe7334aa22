import multiprocessing

from measure import measure, report

block = b"x" * (1 << 20)
with multiprocessing.Pool(2) as pool:
    report(measure(lambda: pool.apply(len, (block,)), samples=30, batch=5, warmup=3))
