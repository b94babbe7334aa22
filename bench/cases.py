"""What is measured: the cases, each with its peers, its floors and its goals.

A figure of a peer is the median over rounds of the medians of its samples. A check compares a figure, or the quotient
of two figures of the same run, with what it must reach.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Peer:
    name: str
    program: str  # bench/<case>/<program>.cpp, or <program> itself if it ends in .py
    variant: str = ""
    once: bool = False  # slow and steady: in the first round only

    @property
    def ours(self):
        return self.program == "procpool"


@dataclass(frozen=True)
class Check:
    of: str  # a peer's name
    over: object = None  # a peer's name, a number, or None: the figure itself
    floor: float | None = None
    goal: float | None = None
    inverse: bool = False  # over / of instead, for a share or an efficiency: more is better

    @property
    def name(self):
        if self.over is None:
            return self.of
        over = self.over if isinstance(self.over, str) else "ideal"
        return f"{over} / {self.of}" if self.inverse else f"{self.of} / {over}"


@dataclass(frozen=True)
class Case:
    name: str
    row: str
    unit: str  # in which figures are shown
    peers: tuple
    checks: tuple


US, MS = 1e-6, 1e-3
KIB = 1024
SERIAL = Peer("serial", "serial")
THREADS = Peer("threads", "threads")
TBB = Peer("TBB", "tbb")
OPENMP = Peer("OpenMP", "openmp")
PYTHON = Peer("Python", "python.py")
POOLS = (Peer("Pool{1}", "procpool", "1"), Peer("Pool{2}", "procpool", "2"), Peer("Pool{}", "procpool", "0"))
SHIPPED = (("string", "strings"), ("struct", "structs"), ("vector", "numbers"))

CASES = (
    Case(
        "cell2",
        "Lecture cell 2: a pool of 8 made, 100 x 10 ms, gone",
        "ms",
        (Peer("Pool{8}", "procpool"), THREADS, TBB, OPENMP, PYTHON, Peer("serial", "serial", once=True)),
        (Check("Pool{8}", "threads", 1.03, 1.01),),
    ),
    Case(
        "cell3",
        "Lecture cell 3: 100 x 100 ms on 8, the pause bound as an argument",
        "ms",
        (Peer("Pool{8}", "procpool"), THREADS, TBB, OPENMP, PYTHON, Peer("serial", "serial", once=True)),
        (Check("Pool{8}", "threads", 1.01, 1.005),),
    ),
    Case(
        "warm_map",
        "Lecture cell 4: warm map of 100 trivial items",
        "µs",
        (*POOLS, SERIAL, THREADS, TBB, OPENMP, PYTHON),
        tuple(Check(pool.name, None, 10 * US, 5 * US) for pool in POOLS)
        + tuple(Check(pool.name, "TBB", None, 1) for pool in POOLS),
    ),
    Case(
        "after_idle",
        "The same after 10 ms of idleness",
        "µs",
        (*POOLS, SERIAL, THREADS, TBB, OPENMP, PYTHON)
        + (
            Peer("Pool{2}, irregular", "procpool", "irregular"),
            Peer("spin = 1s, irregular", "procpool", "awake"),
            Peer("TBB, irregular", "tbb", "irregular"),
        ),
        tuple(Check(pool.name, "TBB", 2, 1) for pool in POOLS) + (
            Check("Pool{2}, irregular", "TBB, irregular", None, 1),
            Check("spin = 1s, irregular", "TBB, irregular", None, 1),
        ),
    ),
    Case(
        "chunk1",
        "An item of 200,000 trivial ones, chunksize 1",
        "ns",
        (POOLS[0], POOLS[1], SERIAL, THREADS, TBB, OPENMP, PYTHON),
        (Check("Pool{2}", "OpenMP", 2, 1), Check("Pool{1}", "OpenMP", None, None)),
    ),
    Case(
        "uneven",
        "100,000 trivial items, then 16 of 100 ms, on 8",
        "ms",
        (
            Peer("Pool{8}", "procpool", "adaptive"),
            Peer("Pool{8}, one claim", "procpool", "one"),
            THREADS,
            TBB,
            Peer("OpenMP, guided", "openmp"),
            PYTHON,
        ),
        (Check("Pool{8}", 0.2, 1.5, 1.1), Check("Pool{8}, one claim", 0.2, 1.5, 1.1)),
    ),
    Case(
        "round_trip",
        "One call and its answer, back to back",
        "µs",
        (
            POOLS[0],
            POOLS[1],
            Peer("thread pool of 1", "threads", "1"),
            Peer("thread pool of 2", "threads", "2"),
            Peer("TBB enqueue", "tbb"),
            Peer("Python Pool(1)", "python.py", "1"),
            Peer("Python Pool(2)", "python.py", "2"),
        ),
        (Check("Pool{1}", None, 5 * US, 2 * US), Check("Pool{2}", None, 5 * US, 2 * US)),
    ),
    Case(
        "pool_life",
        "A pool of 2 made, used, gone",
        "ms",
        (Peer("Pool{2}", "procpool"), Peer("fork 3, wait 3", "fork_wait"), THREADS, PYTHON),
        (Check("Pool{2}", "fork 3, wait 3", 2.5, 1.2),),
    ),
    Case(
        "arguments",
        "An argument of 1 MiB, warm",
        "µs",
        (
            Peer("apply", "procpool", "apply"),
            Peer("map", "procpool", "map"),
            Peer("map, strings", "procpool", "map_string"),
            Peer("shared_vector", "procpool", "shared_vector"),
            Peer("memcpy", "memcpy", "same"),
            Peer("memcpy of 16 blocks", "memcpy", "many"),
            Peer("threads, by value", "threads"),
            Peer("serial squares", "serial"),
            PYTHON,
        ),
        (
            Check("apply", "memcpy", 0.4, 0.7, inverse=True),
            Check("map", "memcpy of 16 blocks", 0.4, 0.7, inverse=True),
            Check("map, strings", "memcpy of 16 blocks", 0.4, 0.7, inverse=True),
        ),
    ),
    Case(
        "shipping",
        "A value there and back: a string of 32 B, a struct of three members, a vector of 10^6 doubles",
        "µs",
        tuple(
            Peer(f"{value}, {name}", program, variant)
            for value, variant in SHIPPED
            for name, program in (("Pool{2}", "procpool"), ("copied", "copy"), ("Python", "python.py"))
        ),
        tuple(
            Check(f"{value}, Pool{{2}}", f"{value}, {peer}", None, None)
            for value, _ in SHIPPED
            for peer in ("copied", "Python")
        ),
    ),
    Case(
        "streams",
        "imap_unordered over 10^6 small strings, per item",
        "ns",
        (
            Peer("map", "procpool", "map"),
            Peer("buffer 4096", "procpool", "4096"),
            Peer("buffer 256", "procpool", "256"),
            Peer("buffer 8, the default", "procpool", "0"),
            Peer("Python, chunks of 1000", "python.py", "1000", once=True),
            Peer("Python, the default", "python.py", "1", once=True),
        ),
        (
            Check("buffer 4096", "map", 3, 1.5),
            Check("buffer 8, the default", "map", None, None),
            Check("buffer 8, the default", "Python, the default", None, 1),
        ),
    ),
    Case(
        "strings",
        "64 MiB in 64 strings, warm",
        "ms",
        (
            Peer("strings", "procpool", "string"),
            Peer("string views", "procpool", "view"),
            Peer("memcpy of them", "memcpy"),
        ),
        (Check("strings", "memcpy of them", 3, 1.5), Check("string views", "memcpy of them", 3, 1.2)),
    ),
    Case(
        "reduce",
        "10^7 doubles added up, x*x+1 of each",
        "ms",
        (
            Peer("vector", "procpool", "vector"),
            Peer("shared_vector", "procpool", "shared"),
            SERIAL,
            TBB,
            Peer("Python", "python.py", once=True),
        ),
        (Check("vector", "TBB", None, None), Check("shared_vector", "TBB", None, None)),
    ),
    Case(
        "word_count",
        "The words of 5,000 files counted",
        "ms",
        (Peer("Pool{2}", "procpool"), SERIAL, TBB, Peer("Python", "python.py", once=True)),
        (Check("Pool{2}", "serial", 1.7, None, inverse=True),),
    ),
    Case(
        "worker_memory",
        "Private memory of an idle worker",
        "KiB",
        (Peer("worker", "procpool"), Peer("bare child", "fork_wait"), PYTHON),
        (Check("worker", None, 1024 * KIB, 512 * KIB),),
    ),
    Case(
        "many_workers",
        "256 workers, 25,600 x 10 ms",
        "ms",
        (
            Peer("warm pool", "procpool", "warm"),
            Peer("pool made, used, gone", "procpool", "life"),
            Peer("threads made, used, gone", "threads"),
            Peer("Python, warm", "python.py", once=True),
        ),
        (Check("warm pool", 1.0, 0.85, 0.95, inverse=True),),
    ),
    Case(
        "pristine",
        "A pristine item that does nothing",
        "µs",
        (Peer("pristine item", "procpool", "pristine"), Peer("fork, wait", "procpool", "fork_wait")),
        (Check("pristine item", "fork, wait", 1.5, 1.1),),
    ),
    Case(
        "worker_death",
        "A worker dies",
        "ms",
        (
            Peer("its item resolved", "procpool", "resolved"),
            Peer("a replacement at work", "procpool", "replaced"),
            Peer("fork, wait, fork", "fork_wait"),
            Peer("Python's Pool", "python.py", once=True),
            Peer("Python's ProcessPoolExecutor", "python_futures.py", once=True),
        ),
        (
            Check("its item resolved", None, 20 * MS, 2 * MS),
            Check("a replacement at work", None, 20 * MS, 2 * MS),
            Check("a replacement at work", "fork, wait, fork", 4, 1.5),
        ),
    ),
    Case(
        "stop",
        "A task that computes for ever is cancelled",
        "ms",
        (
            Peer("its result known", "procpool", "resolved"),
            Peer("a replacement at work", "procpool", "replaced"),
            Peer("kill, wait, fork", "fork_wait"),
            Peer("Python's Pool, all of it", "python.py", once=True),
        ),
        (Check("a replacement at work", None, 50 * MS, 2 * MS),),
    ),
    Case(
        "big_client",
        "A pool of 2 made, used, gone in a client of 4 GiB",
        "ms",
        (Peer("Pool{2}", "procpool"), Peer("fork, wait", "fork_wait"), PYTHON),
        (Check("Pool{2}", "fork, wait", 4, 2),),
    ),
    Case(
        "stats_trace",
        "An item of 10 µs of 5,000, `Pool{2}`, with stats and a timeline",
        "µs",
        (Peer("off", "procpool", "off"), Peer("on", "procpool", "on")),
        (Check("on", "off", 1.05, 1.02),),
    ),
    Case(
        "hot_path",
        "An item of a warm map of 100,000: system calls and allocations",
        "per item",
        (
            Peer("system calls", "count.py", "system_calls"),
            Peer("allocations in the client", "count.py", "client_allocations"),
            Peer("allocations in the workers", "count.py", "worker_allocations"),
        ),
        (
            Check("system calls", None, 1e-2, 1e-3),
            Check("allocations in the client", None, 1e-2, 1e-3),
            Check("allocations in the workers", None, 1e-2, 1e-3),
        ),
    ),
    Case(
        "mine",
        "A candidate of the miner, sha256, letters in order",
        "ns",
        (
            Peer("bare loop", "bare"),
            Peer("Pool{1}", "procpool", "1"),
            Peer("Pool{2}", "procpool", "2"),
            Peer("2 threads", "threads", "2"),
            Peer("EVP, bare loop", "evp"),
            Peer("openssl speed, a block", "openssl.py"),
            Peer("Python Pool(2)", "python.py"),
        ),
        (
            Check("Pool{1}", "bare loop", 0.95, 0.98, inverse=True),
            Check("Pool{2}", "Pool{1}", 1.9, 1.98, inverse=True),
            Check("bare loop", "openssl speed, a block", None, None, inverse=True),
            Check("bare loop", "EVP, bare loop", None, None, inverse=True),
            Check("Pool{2}", "Python Pool(2)", None, None, inverse=True),
        ),
    ),
    Case(
        "journal",
        "A map of 10,000 items of 100 us, with a journal",
        "ms",
        (
            Peer("off", "procpool", "off"),
            Peer("on", "procpool", "on"),
            Peer("sync, 1,000 items", "procpool", "sync"),
        ),
        (Check("on", "off", 1.1, 1.02),),
    ),
    Case(
        "mine_exercise",
        "A try of the lecture's exercise: 20 letters by chance, adler32",
        "ns",
        (
            Peer("Pool{2}", "procpool", "2"),
            Peer("Python, normal map", "python_plain.py"),
            Peer("Python Pool(2)", "python.py", "2"),
        ),
        (Check("Pool{2}", "Python Pool(2)", None, None, inverse=True),),
    ),
    Case(
        "mine_cycles",
        "Cycles a candidate costs one CPU",
        "cycles",
        (
            Peer("adler32, in order", "bare", "adler32-enumerate"),
            Peer("adler32, by chance", "bare", "adler32-random"),
            Peer("crc32, in order", "bare", "crc32-enumerate"),
            Peer("crc32, by chance", "bare", "crc32-random"),
            Peer("sha256, in order", "bare", "sha256-enumerate"),
            Peer("sha256, by chance", "bare", "sha256-random"),
            Peer("sha256d, nonces", "bare", "nonce"),
        ),
        (),
    ),
)
