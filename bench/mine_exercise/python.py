"""Seconds per try: the lecture's exercise as it is solved in Python, with multiprocessing.Pool."""

import functools
import random
import string
from multiprocessing import Pool
from zlib import adler32

import measure

BASE = "I miss DSR already"
TRIES = 20_000


def check(_, n=20):
    """Picks n random characters. Returns them, and whether the hash begins as it should."""
    letters = "".join(random.choice(string.ascii_lowercase) for _ in range(n))
    return letters, format(adler32((BASE + letters).encode()), "08x").startswith("8")


if __name__ == "__main__":
    _, variant = measure.arguments()
    with Pool(int(variant)) as pool:
        tries = functools.partial(pool.map, check, range(TRIES))
        samples = measure.measure(tries, samples=5, warmup=1)
    measure.report([sample / TRIES for sample in samples])
