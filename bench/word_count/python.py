import collections
import multiprocessing
import pathlib
import random
import tempfile

from measure import measure, report

FILES, WORDS, DIFFERENT = 5_000, 1_000, 20_000


def spelled(rank):
    word = ""
    while rank > 0:
        word += chr(ord("a") + rank % 26)
        rank //= 26
    return word + "e"


def count(file):
    return collections.Counter(pathlib.Path(file).read_text().split())


def cell():
    words = collections.Counter()
    for more in pool.imap(count, files, 40):
        words.update(more)
    assert words.total() == FILES * WORDS


with tempfile.TemporaryDirectory() as directory:
    draw = random.Random(1).random
    files = [f"{directory}/{i}" for i in range(FILES)]
    for file in files:
        pathlib.Path(file).write_text(" ".join(spelled(int(DIFFERENT ** draw())) for _ in range(WORDS)))
    with multiprocessing.Pool(2) as pool:
        report(measure(cell, samples=2))
