"""Seconds per try: the lecture's exercise in Python with a normal map."""

import measure
from python import TRIES, check

samples = measure.measure(lambda: list(map(check, range(TRIES))), samples=5, warmup=1)
measure.report([sample / TRIES for sample in samples])
