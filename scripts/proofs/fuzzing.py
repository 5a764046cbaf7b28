"""Part ``fuzzing``: every parser given what nobody would write, in a process whose memory has a bound.

As a program this tries one parser for some seconds, and writes what it found as JSON.
"""

import fnmatch
import json
import os
import resource
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from benchmarks.results import Figure, Row, Section, Table, at_most

from proofs.part import Options

ROOT = Path(__file__).parents[2]
MOST_MEMORY = 2 << 30
"""Bytes of a process that parses."""
SLOWEST = 5.0
"""Seconds of a processor that one input may take."""
_LONG, _SHORT, _QUICK = 600.0, 120.0, 2.0
_AT_ONCE = 2
_MEASURED = 3000
"""Inputs of which it is measured which branches they take."""
_INTERESTING = (b"\0", b"\xff", b"\x7f", b"\x80", b"\xff" * 4, b"\0" * 4, b"\xdd\xff\xff\xff\xff", b"\xdf", b"\xc1")


class _Found(NamedTuple):
    inputs: int
    accepted: int
    refused: int
    foreign: list[str]
    slowest: float
    """Seconds of a processor, of one input."""
    memory: float
    """Bytes, at the most."""
    branches: int
    taken: int
    seconds: float


def run(options: Options) -> Section:
    """Try every parser, each in a process of its own."""
    from proofs.parsers import all_parsers

    names = [(parser.name, parser.is_long) for parser in all_parsers(str(options.scratch))]

    def tried(item: tuple[str, bool]) -> tuple[str, _Found]:
        name, is_long = item
        seconds = _QUICK if options.is_quick else _LONG if is_long else _SHORT
        found = _in_a_process(name, seconds, options)
        print(f"{name}: {found.inputs:,} inputs, {len(found.foreign)} foreign", *found.foreign[:3], file=sys.stderr)
        return name, found

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return _section(list(pool.map(tried, names)))


def _in_a_process(name: str, seconds: float, options: Options) -> _Found:
    out = options.scratch / f"{name.replace(' ', '-')}.json"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "scripts")]), "PYTHONHASHSEED": "0"}
    words = [sys.executable, __file__, name, str(seconds), str(options.seed), str(out)]
    done = subprocess.run(words, env=environ, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return _Found(0, 0, 0, [f"the process ended with {done.returncode}: {done.stderr[-300:]}"], 0, 0, 1, 0, 0)
    return _Found(**json.loads(out.read_text(encoding="utf-8")))


# In the process


def fuzz(name: str, seconds: float, seed: int) -> _Found:
    """Try one parser for some time."""
    from proofs.parsers import all_parsers, scratch_directory

    scratch = scratch_directory()
    parser = next(each for each in all_parsers(scratch) if each.name == name)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    random = Random(f"{seed} {name}")
    inputs = accepted = refused = 0
    slowest = 0.0
    foreign: dict[str, str] = {}
    begin = time.monotonic()
    for data in _inputs(parser, random):
        if time.monotonic() - begin > seconds:
            break
        inputs += 1
        start = time.process_time()
        try:
            parser.parse(data)
            accepted += 1
        except parser.allowed:
            refused += 1
        except Exception as error:  # noqa: BLE001 - that there is none is what is proven
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__} in {Path(where.filename).name}:{where.lineno}"
            foreign.setdefault(place, f"{place}: {error!s:.100}, of {data[:200]!r}")
        slowest = max(slowest, time.process_time() - start)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0
    branches, taken = _branches(parser, Random(f"{seed} {name}"))
    elapsed = time.monotonic() - begin
    return _Found(inputs, accepted, refused, list(foreign.values()), slowest, memory, branches, taken, elapsed)


def _inputs(parser: Any, random: Random) -> Iterator[bytes]:
    """The samples, then what can be made of them."""
    import msgpack

    from proofs.parsers import any_value

    yield from parser.samples
    kept = list(parser.samples)
    while True:
        if parser.seal and random.random() < 0.5:
            try:
                yield parser.seal(_changed(_value_of(random.choice(kept), parser, random), random))
            except (TypeError, ValueError, OverflowError, msgpack.PackException, RecursionError):
                yield parser.seal(any_value(random))
            continue
        data = random.choice(kept)
        for _ in range(1 << random.randrange(4)):
            data = _mutated(data, kept, random)
        yield data[: 1 << 16]


def _mutated(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    place = random.randrange(len(data) + 1)
    end = min(len(data), place + (1 << random.randrange(8)))
    match random.randrange(8):
        case 0 | 1 if place < len(data):
            return data[:place] + bytes([data[place] ^ (1 << random.randrange(8))]) + data[place + 1 :]
        case 2:
            return data[:place] + random.randbytes(1 << random.randrange(4)) + data[place:]
        case 3:
            return data[:place] + data[end:]
        case 4:
            return data[:place] + data[place:end] * random.randrange(2, 9) + data[end:]
        case 5:
            new = random.choice(_INTERESTING)
            return data[:place] + new + data[place + len(new) :]
        case 6:
            other = random.choice(others)
            return data[:place] + other[random.randrange(len(other) + 1) :]
        case _:
            return data[:place]


def _value_of(data: bytes, parser: Any, random: Random) -> Any:
    """What is in a sample, behind its checksums."""
    import msgpack

    from depository.objects import frame

    if data.startswith(b"{"):
        return json.loads(data)
    if data.startswith(frame.MAGIC):
        if parser.name == "manifests":
            packed = data[:-16] if len(data) % 2 == 0 else data[:-17]
            try:
                return msgpack.unpackb(frame.unpack(packed).decode())
            except ValueError:  # deleted, and of an odd length by itself
                return msgpack.unpackb(frame.unpack(data[:-16]).decode())
        return list(frame.unpack(data))
    try:
        return msgpack.unpackb(data, strict_map_key=False, unicode_errors="surrogatepass")
    except ValueError:
        return random.choice((data, None))


def _changed(value: Any, random: Random) -> Any:
    """The value with something in it changed."""
    from proofs.parsers import any_value

    if random.random() < 0.15:
        return any_value(random)
    if isinstance(value, dict) and value:
        key = random.choice(list(value))
        match random.randrange(4):
            case 0:
                return {name: item for name, item in value.items() if name != key}
            case _:
                return {**value, key: _changed(value[key], random)}
    if isinstance(value, list | tuple) and value:
        made = list(value)
        place = random.randrange(len(made))
        match random.randrange(6):
            case 0:
                del made[place]
            case 1:
                made.insert(place, made[place])
            case 2:
                made *= random.randrange(2, 40)
            case _:
                made[place] = _changed(made[place], random)
        return made
    return any_value(random, 2)


def _branches(parser: Any, random: Random) -> tuple[int, int]:
    """The branches of what parses, and how many of them some inputs take."""
    import coverage

    files = sorted({f"{ROOT}/depository/{code.partition(':')[0]}.py" for code in parser.code})
    measured = coverage.Coverage(branch=True, include=files, data_file=None, config_file=False)
    measured.start()
    for _, data in zip(range(_MEASURED), _inputs(parser, random), strict=False):
        try:
            parser.parse(data)
        except Exception:  # noqa: BLE001, S112 - it has been looked at before
            continue
    measured.stop()
    out = Path(os.devnull)
    report = _report(measured, out)
    branches = taken = 0
    for code in parser.code:
        name, _, pattern = code.partition(":")
        functions = report[f"depository/{name}.py"]
        for function, counts in functions.items():
            if function and fnmatch.fnmatch(function, pattern):
                branches += counts["num_branches"]
                taken += counts["covered_branches"]
    return branches, taken


def _report(measured: Any, _: Path) -> dict[str, dict[str, dict[str, int]]]:
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        measured.json_report(outfile=file.name)
        found = json.loads(Path(file.name).read_text(encoding="utf-8"))
    return {
        os.path.relpath(path, ROOT) if os.path.isabs(path) else path: {
            function: counts["summary"] for function, counts in one["functions"].items()
        }
        for path, one in found["files"].items()
    }


# What is told of it


def _section(found: Sequence[tuple[str, _Found]]) -> Section:
    rows = tuple(
        Row(
            name,
            (
                Figure(float(one.inputs)),
                Figure(float(one.accepted)),
                Figure(float(one.refused)),
                Figure(float(len(one.foreign))),
                Figure(one.slowest * 1000),
                Figure(one.memory / 1e6),
                f"{one.taken} of {one.branches}" if one.branches else "none there",
                Figure(one.seconds / 60),
            ),
        )
        for name, one in found
    )
    heads = (
        "inputs", "taken", "refused", "foreign exceptions", "slowest, ms of CPU", "memory, MB", "branches reached",
        "minutes",
    )  # fmt: skip
    text = (
        "Each parser is given samples of what it takes, with bits, bytes and pieces changed, cut, repeated and put "
        "together; and, where something is packed behind a checksum, values changed or made up, packed again with the "
        "checksum right, so that what is behind it is reached. Manifests and pages that are taken are then used: "
        f"listed, read, blamed, saved on top of. A process may take {MOST_MEMORY >> 30} GiB of memory. Nothing may "
        "come out but errors of depository's own, or the `ValueError` that callers translate. Chance follows the seed. "
        f"*Branches reached*: of the functions that parse, by the first {_MEASURED:,} inputs."
    )
    for _, one in found:
        for example in one.foreign:
            print(example, file=sys.stderr)
    return Section(
        "fuzzing",
        "Inputs that nobody would write",
        text,
        (Table("fuzzing", "Inputs by parser", "parser", heads, rows),),
        (
            at_most("kinds of foreign exceptions that came out of a parser", 0, sum(len(f.foreign) for _, f in found)),
            at_most("seconds of CPU for the slowest input", SLOWEST, max(one.slowest for _, one in found)),
            at_most("MB of memory while parsing", MOST_MEMORY / 1e6, max(one.memory for _, one in found) / 1e6),
        ),
    )


def main() -> None:
    """Try one parser, as this module's docstring says."""
    name, seconds, seed, out = sys.argv[1:]
    found = fuzz(name, float(seconds), int(seed))
    Path(out).write_text(json.dumps(found._asdict()), encoding="utf-8")


if __name__ == "__main__":
    main()
