import multiprocessing

from measure import measure, report


def square(x):
    return x * x


COUNT = 20_000  # a tenth of the others': seconds otherwise
data = [0.5 + i for i in range(COUNT)]
with multiprocessing.Pool(2) as pool:
    report([s / COUNT for s in measure(lambda: pool.map(square, data, chunksize=1), samples=3, warmup=1)])
