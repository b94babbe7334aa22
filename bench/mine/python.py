"""Seconds per candidate: sha256 of the lecture's base and seven letters on multiprocessing.Pool(2), the state of the base copied."""

import hashlib
import itertools
import multiprocessing
import string

import measure

BASE = hashlib.sha256(b"I miss DSR already")
CHUNK = 26**3  # the last three letters; the chunk is the four before them
CHUNKS = 40


def chunk(letters):
    found = 0
    prefix = BASE.copy()
    prefix.update(letters.encode())
    for last in itertools.product(string.ascii_lowercase.encode(), repeat=3):
        state = prefix.copy()
        state.update(bytes(last))
        found += state.digest().startswith(b"\0\0\0\0\0\0\0\0")
    return found


if __name__ == "__main__":
    firsts = ["".join(p) for p in itertools.islice(itertools.product(string.ascii_lowercase, repeat=4), CHUNKS)]
    with multiprocessing.Pool(2) as pool:
        samples = measure.measure(lambda: pool.map(chunk, firsts), samples=5, warmup=1)
    measure.report([sample / (CHUNK * CHUNKS) for sample in samples])
