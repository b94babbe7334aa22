"""The library with all its mutants, built in a copy of the repository: build/mutate/tree and build/mutate/build."""

import pathlib
import re
import subprocess
import sys

from mutation.places import Mutant, Place, Source

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / "build" / "mutate"
TREE = PLACE / "tree"
BUILD = PLACE / "build"
MOST_TRIES = 10


def run(command, log):
    with open(log, "w") as output:
        return subprocess.run(["nice", "-n", "5", *command], stdout=output, stderr=subprocess.STDOUT).returncode


def program_of(test):
    return BUILD / "tests" / ("test_" + test.replace("/", "_"))


def read_sources(paths):
    """The sources by their paths, with their mutants numbered from 1 on."""
    sources = {path: Source(path, (ROOT / path).read_text()) for path in paths}
    for number, mutant in enumerate((mutant for source in sources.values() for mutant in source.mutants()), 1):
        mutant.number = number
    return sources


def write_tree(sources):
    """What git knows, with the mutants. Files that are as they were keep their time, so little is built again.
    Returns what the lines of the mutated sources are."""
    names = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], check=True, capture_output=True,
                           text=True).stdout.split("\n")  # fmt: skip
    wanted = {name: (ROOT / name) for name in filter(None, names) if (ROOT / name).is_file()}
    text = {name: source.read_bytes() for name, source in wanted.items() if name not in sources}
    meanings = {}
    for path, source in sources.items():
        mutated, meanings[path] = source.with_mutants()
        text[path] = mutated.encode()
    text["src/mutation.hpp"] = (ROOT / "tests" / "mutation" / "mutation.hpp").read_bytes()
    # What a mutant leaves unused is no reason not to compile it.
    mutated = " ".join(path for path in sources if path.endswith(".cpp"))
    text["CMakeLists.txt"] += f"\nset_source_files_properties({mutated} PROPERTIES COMPILE_OPTIONS -w)\n".encode()
    for name, content in text.items():
        copy = TREE / name
        if not copy.exists() or copy.read_bytes() != content:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
            if name in wanted:
                copy.chmod(wanted[name].stat().st_mode)
    for copy in [each for each in TREE.rglob("*") if each.is_file() and str(each.relative_to(TREE)) not in text]:
        copy.unlink()
    return meanings


def drop_refused(log, meanings):
    """Mutants that the compiler names in its log do not compile. How many these are."""
    refused = set()
    place = re.compile(r"(?:^|[ /])(" + "|".join(map(re.escape, meanings)) + r"):(\d+):(?:\d+:)? +(?:error|required from)(.*)")
    for path, line, message in place.findall(log.replace("\n", "\n ")):
        meaning = meanings[path][int(line) - 1]
        if isinstance(meaning, Mutant):
            refused.add(meaning)
        elif meaning:
            refused.update(meaning.mutants)
        elif name := re.search(r"‘(\w+)’ was not declared", message):
            # A declaration was taken for another statement: its name is known in its own block only.
            declares = re.compile(r"[\w:<>,&* ]*[ &*]" + name[1] + r"\b")
            refused.update(*(each.mutants for each in meanings[path] if isinstance(each, Place) and declares.match(each.text)))
    refused = {mutant for mutant in refused if mutant.compiles}
    for mutant in refused:
        mutant.compiles = False
    return len(refused)


def build(sources, tests):
    """Builds these tests with all mutants that compile."""
    TREE.mkdir(parents=True, exist_ok=True)
    for _ in range(MOST_TRIES):
        meanings = write_tree(sources)
        if run(["cmake", "--preset", "dev", "-S", TREE, "-B", BUILD], PLACE / "configure.log") != 0:
            sys.exit(f"mutate: cannot configure: see {PLACE / 'configure.log'}")
        if run(["ninja", "-k", "0", "-C", BUILD, *(program_of(test).name for test in tests)], PLACE / "build.log") == 0:
            return
        if drop_refused((PLACE / "build.log").read_text(), meanings) == 0:
            break
    sys.exit(f"mutate: the library with its mutants does not build: see {PLACE / 'build.log'}")
