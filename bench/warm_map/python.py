import multiprocessing

from measure import measure, report


def square(x):
    return x * x


data = [0.5 + i for i in range(100)]
with multiprocessing.Pool(2) as pool:
    report(measure(lambda: pool.map(square, data), samples=50, batch=20, warmup=5))
