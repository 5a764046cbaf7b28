"""What the images of real histories would take if their scanlines were stored, each against the render before.

A PNG is a stream of scanlines that zlib compressed. Two renders of one plot share most scanlines and hardly a byte of
their streams. To store scanlines, the stream has to be made again exactly: so for each image the settings of zlib are
looked for that give its very bytes, first with the zlib of this Python, then, for as many as are asked for, with
`deflate`, which depends on no platform's.

The directory holds histories: directories with the versions of one notebook each, in the order of their names.
"""

import argparse
import json
import statistics
import sys
import time
import zlib
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import zstandard
from blake3 import blake3
from deflate import LEVELS, deflate
from replay import histories

SMALLEST = 16 * 1024
"""Bytes of the images that are stored as objects of their own."""
SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ZSTD = 19
_RENDERS = 2
"""With so many earlier images of its size each one is compared."""
_REMEMBERED = 12


class Png(NamedTuple):
    """What of an image matters here."""

    header: bytes
    stream: bytes
    lines: bytes


class Setting(NamedTuple):
    """How zlib was told to compress."""

    level: int
    memory: int
    strategy: int


class Image(NamedTuple):
    """What one image takes."""

    size: int
    lines: int
    setting: Setting | None
    """None where no setting of zlib gives its bytes."""
    packed: int
    """Bytes of its scanlines, against the render before where there is one."""
    is_delta: bool


def images(notebook: Any) -> Iterator[bytes]:
    """The PNGs of a notebook of nbformat 4."""
    for cell in notebook.get("cells", []) if isinstance(notebook, dict) else []:
        for output in cell.get("outputs") or []:
            data = output.get("data")
            text = data.get("image/png") if isinstance(data, dict) else None
            text = "".join(text) if isinstance(text, list) else text
            if isinstance(text, str) and len(text) >= SMALLEST:
                yield b64decode(text)


def parse(image: bytes) -> Png | None:
    """Take an image apart; None for one that is broken, or no PNG."""
    if not image.startswith(SIGNATURE):
        return None
    chunks: list[tuple[bytes, bytes]] = []
    place = len(SIGNATURE)
    while place + 12 <= len(image):
        length = int.from_bytes(image[place : place + 4])
        chunks.append((image[place + 4 : place + 8], image[place + 8 : place + 8 + length]))
        place += length + 12
    stream = b"".join(data for name, data in chunks if name == b"IDAT")
    try:
        return Png(chunks[0][1], stream, zlib.decompress(stream))
    except (IndexError, zlib.error):
        return None


def setting_of(png: Png) -> Setting | None:
    """The setting with which this Python's zlib gives the stream."""
    hinted = {0: (1,), 1: (2, 3, 4, 5), 2: (6,), 3: (9, 8, 7)}[png.stream[1] >> 6]
    for strategy in (zlib.Z_FILTERED, zlib.Z_DEFAULT_STRATEGY, zlib.Z_RLE, zlib.Z_HUFFMAN_ONLY):
        for memory in (8, 9):
            for level in hinted:
                packer = zlib.compressobj(level, zlib.DEFLATED, 15, memory, strategy)
                start = packer.compress(png.lines[:200_000])
                if png.stream.startswith(start) and (
                    start + packer.compress(png.lines[200_000:]) + packer.flush() == png.stream
                ):
                    return Setting(level, memory, strategy)
    return None


def packed_size(png: Png, before: Sequence[Png]) -> tuple[int, bool]:
    """What the scanlines take, and whether against an earlier render."""
    best, is_delta = len(zstandard.ZstdCompressor(level=_ZSTD).compress(png.lines)), False
    for other in [image for image in before if image.header == png.header][-_RENDERS:]:
        window = max(20, min(27, (len(other.lines) + len(png.lines)).bit_length() + 1))
        packer = zstandard.ZstdCompressor(
            dict_data=zstandard.ZstdCompressionDict(other.lines, dict_type=zstandard.DICT_TYPE_RAWCONTENT),
            compression_params=zstandard.ZstdCompressionParameters.from_level(
                _ZSTD, window_log=window, enable_ldm=True
            ),
        )
        if (size := len(packer.compress(png.lines))) < best:
            best, is_delta = size, True
    return best, is_delta


class Judged(NamedTuple):
    """What plain Python made of some streams."""

    is_equal: bool
    lines: int
    seconds: float
    of_zlib: float


def judge(png: Png, setting: Setting) -> Judged:
    """Make a stream again, with `deflate` and with zlib."""
    start = time.process_time()
    made = deflate(png.lines, *setting)
    middle = time.process_time()
    packer = zlib.compressobj(setting.level, zlib.DEFLATED, 15, setting.memory, setting.strategy)
    packer.compress(png.lines)
    packer.flush()
    return Judged(made == png.stream, len(png.lines), middle - start, time.process_time() - middle)


def measure(directory: Path, most: int) -> tuple[list[Image], list[Judged]]:
    """All distinct images of some histories, and the first `most` of them judged."""
    found: list[Image] = []
    judged: list[Judged] = []
    known: set[bytes] = set()
    for history in histories(directory):
        before: list[Png] = []
        for file in history.files:
            for image in _images_of(file):
                digest = blake3(image).digest()
                if digest in known or not (png := parse(image)):
                    continue
                known.add(digest)
                setting = setting_of(png)
                found.append(Image(len(image), len(png.lines), setting, *packed_size(png, before)))
                before = [*before, png][-_REMEMBERED:]
                if setting and setting.level in LEVELS and setting.strategy <= zlib.Z_FILTERED and len(judged) < most:
                    judged.append(judge(png, setting))
    return found, judged


def _images_of(file: Path) -> list[bytes]:
    try:
        return list(images(json.loads(file.read_bytes())))
    except (ValueError, AttributeError):
        return []


def report(found: Sequence[Image], judged: Sequence[Judged]) -> Iterator[str]:
    """Tell it."""
    known = [image for image in found if image.setting]
    deltas = [image for image in known if image.is_delta]
    whole = sum(image.size for image in found)
    yield f"{len(found):,} distinct images, {whole:,} bytes; their scanlines {sum(i.lines for i in found):,}"
    yield (
        f"a setting of zlib gives the very bytes of {len(known):,}, "
        f"{sum(i.size for i in known) / whole:.1%} of all bytes:"
    )
    for setting, count in Counter(image.setting for image in known).most_common():
        if setting:
            yield f"  level {setting.level}, memory {setting.memory}, strategy {setting.strategy}: {count:,}"
    smaller = sum(image.size - min(image.size, image.packed) for image in known)
    yield f"of those, {len(deltas):,} are smaller against an earlier render"
    yield f"all images, where that pays as scanlines: {whole - smaller:,} bytes, {1 - smaller / whole:.3f} of now"
    if judged:
        lines = sum(one.lines for one in judged)
        yield (
            f"made again in plain Python: {sum(one.is_equal for one in judged):,} of {len(judged):,} exactly, "
            f"{lines / 1e6 / sum(one.seconds for one in judged):.1f} MB of scanlines a second of CPU "
            f"(zlib: {lines / 1e6 / sum(one.of_zlib for one in judged):.0f}), "
            f"a median image in {statistics.median(one.seconds for one in judged):.2f} s"
        )


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, help="with histories of notebooks")
    parser.add_argument("--judge", type=int, default=50, help="images that plain Python makes again (default: 50)")
    options = parser.parse_args()
    if not options.directory.is_dir():
        parser.error(f"there is no directory {options.directory}")
    found, judged = measure(options.directory, options.judge)
    if not found:
        parser.error(f"there are no images in the notebooks of {options.directory}")
    for line in report(found, judged):
        print(line)
    return 0 if all(one.is_equal for one in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
