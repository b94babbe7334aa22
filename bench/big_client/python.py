import mmap
import multiprocessing

from measure import measure, report


def square(x):
    return x * x


def life():
    with multiprocessing.Pool(2) as pool:
        pool.map(square, data)


SIZE = 4 << 30
memory = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
if hasattr(mmap, "MADV_NOHUGEPAGE"):
    memory.madvise(mmap.MADV_NOHUGEPAGE)
for page in range(0, SIZE, 4096):
    memory[page] = 1
data = [0.5 + i for i in range(100)]
report(measure(life, samples=5, warmup=1))
