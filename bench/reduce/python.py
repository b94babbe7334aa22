import multiprocessing

from measure import measure, report

# A sum by Python's means: parts of the data travel, and their sums come back.
COUNT, PART = 10_000_000, 100_000


def reduced(part):
    return sum(x * x + 1 for x in part)


def cell():
    sum(pool.imap(reduced, (data[i : i + PART] for i in range(0, COUNT, PART))))


data = [0.5 + i for i in range(COUNT)]
with multiprocessing.Pool(2) as pool:
    report(measure(cell, samples=2))
