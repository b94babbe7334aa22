import array
import dataclasses
import multiprocessing
import sys

from measure import arguments, measure, report


@dataclasses.dataclass
class Reading:
    sensor: int
    value: float
    unit: str


def back(value):
    return value


small_count = 10_000

if __name__ == "__main__":
    variant = arguments()[1]
    with multiprocessing.Pool(2) as pool:
        if variant == "numbers":
            numbers = array.array("d", [1.5]) * 1_000_000
            report(measure(lambda: pool.apply(back, (numbers,)), samples=30, warmup=3))
        elif variant in ("strings", "structs"):
            if variant == "strings":
                values = [f"{i:032}" for i in range(small_count)]  # not one, which pickle ships once
            else:
                values = [Reading(7, 21.5, f"degree {i}") for i in range(small_count)]
            samples = measure(lambda: pool.map(back, values), samples=30, warmup=3)
            report([sample / small_count for sample in samples])
        else:
            sys.exit(f"unknown variant '{variant}'")
