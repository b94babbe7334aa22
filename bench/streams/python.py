import multiprocessing

from measure import arguments, measure, report

# The chunksize is the variant. A stream of single items takes so long that fewer tell the same.
_, chunksize = arguments()
COUNT = 1_000_000 if int(chunksize) > 1 else 20_000


def exclaimed(word):
    return word + "!"


def cell():
    for _ in pool.imap_unordered(exclaimed, words, int(chunksize)):
        pass


words = [f"word {i}" for i in range(COUNT)]
with multiprocessing.Pool(2) as pool:
    report([sample / COUNT for sample in measure(cell, samples=2)])
