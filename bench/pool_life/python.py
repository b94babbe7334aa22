import multiprocessing

from measure import measure, report


def square(x):
    return x * x


def life():
    with multiprocessing.Pool(2) as pool:
        pool.map(square, data)


data = [0.5 + i for i in range(100)]
report(measure(life, samples=20, warmup=2))
