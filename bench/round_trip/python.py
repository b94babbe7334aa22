import multiprocessing

from measure import arguments, measure, report


def square(x):
    return x * x


_, processes = arguments()
with multiprocessing.Pool(int(processes)) as pool:
    report(measure(lambda: pool.apply(square, (1.5,)), samples=30, batch=50, warmup=3))
