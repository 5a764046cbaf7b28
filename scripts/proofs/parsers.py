"""Every parser of what others may have written, with samples of what it takes, and what it may raise."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any, NamedTuple

import msgpack
from blake3 import blake3

from depository import config, marker, paths, specs, when
from depository.backends import names
from depository.backends.memory import MemoryBackend
from depository.cell_cache import CellCache
from depository.diff import patch
from depository.errors import DepositoryError, UnsupportedFormat
from depository.etag_cache import EtagCache
from depository.history import entries, manifest, pages
from depository.history.entries import Change, ContentKind, EventEntry, EventKind, Source, VersionEntry
from depository.history.manifest import Buried, Manifest
from depository.history.pages import Page
from depository.notebook import canonical, content, images, skeleton, splice
from depository.objects import frame
from depository.objects.frame import Kind
from depository.objects.store import key_of
from depository.search import layouts
from depository.spool import items
from depository.spool.items import Item
from depository.spool.items import Kind as ItemKind
from tests.api.stores import LIMIT, depository_on, found
from tests.notebooks import file_of, small, with_plots

PATH = "team/fuzzed.ipynb"
HASH = bytes(range(32))


class Parser(NamedTuple):
    """One parser."""

    name: str
    samples: Sequence[bytes]
    """What it takes; what is tried is made of these."""
    parse: Callable[[bytes], object]
    allowed: tuple[type[BaseException], ...]
    """What it may raise: errors of depository's own, or the ValueError that its callers translate."""
    code: Sequence[str]
    """What is parsing, as ``module:function`` or ``module:Class.method``."""
    seal: Callable[[Any], bytes] | None = None
    """Makes an input of a value: packed, with every checksum right, so that what is behind them is reached."""
    is_long: bool = False
    """It is tried for longer."""


def all_parsers(scratch: str) -> Iterator[Parser]:
    """Each parser; files that one needs are below `scratch`."""
    raises = (ValueError, UnsupportedFormat)
    yield Parser("frames", _frames(), _frame, raises, ("objects/frame:*",), _sealed_frame, is_long=True)
    yield Parser(
        "manifests", _manifests(), _manifest, raises,
        ("history/manifest:unpack", "history/manifest:_decoded", "history/manifest:_has_types"),
        _sealed_manifest, is_long=True,
    )  # fmt: skip
    yield Parser(
        "pages", _pages(), _page, raises, ("history/pages:unseal", "history/pages:decode_pointer"), msgpack.packb,
        is_long=True,
    )  # fmt: skip
    yield Parser(
        "configuration", _TOML, partial(_configured, scratch), (DepositoryError,),
        ("config:_read_settings", "config:_know", "config:_text", "config:_s3_text", "config:_namespace"),
        is_long=True,
    )  # fmt: skip
    yield Parser(
        "entries", [msgpack.packb(entries.encode(entry)) for entry in _ENTRIES], _entry, (ValueError,),
        ("history/entries:decode", "history/entries:_decode_event", "history/entries:_decode_source"), msgpack.packb,
    )  # fmt: skip
    yield Parser(
        "skeletons", _skeletons(), _skeleton, (ValueError, KeyError),
        ("notebook/skeleton:put_together", "notebook/skeleton:bare", "notebook/skeleton:_parse_reference"),
        partial(msgpack.packb, unicode_errors="surrogatepass"),
    )  # fmt: skip
    yield Parser("the marker", _markers(), _marker, (DepositoryError,), ("marker:read", "marker:_decoded"), _as_json)
    yield Parser("saves that wait", _items(), _item, (ValueError,), ("spool/items:_header", "spool/items:decode"))
    yield Parser("names of versions", _SPECS, _spec, (DepositoryError,), ("specs:*", "when:parse_time"))
    yield Parser("paths", _PATHS, lambda data: paths.check(_text(data)), (DepositoryError,), ("paths:check",))
    yield Parser("names on disk", _PATHS, _on_disk, (), ("backends/names:*",))
    yield Parser("cells of a file", _files(), _cells, (), ("cell_cache:_cells", "cell_cache:_parse_cell"))
    yield Parser("notebooks", _files(), _notebook, (), ("notebook/content:from_file", "notebook/lines:*"))
    yield Parser("cells put into a file", _files(), _spliced, (DepositoryError,), ("notebook/splice:*",))
    yield Parser("patches of notebooks", _patches(), _patched, (DepositoryError,), ("diff/delta:apply*",), _as_json)
    yield Parser("patches of files", _file_patches(), _file_patch, (ValueError,), ("objects/frame:apply_patch",))
    yield Parser("images", _IMAGES, images.pixels, (), ("notebook/images:*",))
    yield Parser("what is remembered for ls", _caches(), partial(_cached, scratch), (), ("etag_cache:_load",))
    yield Parser("layouts of the index", [layouts.pack([1, 2, 0, 3])], _layout, (ValueError,), ("search/layouts:*",))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _as_json(value: Any) -> bytes:
    return json.dumps(value, default=repr, skipkeys=True).encode()


# Frames


def _frames() -> list[bytes]:
    text = b"a line of text that is there again\n" * 20
    made = [
        frame.encode(Kind.BYTES, b"few"),
        frame.encode(Kind.BYTES, text),
        frame.encode(Kind.NOTEBOOK, text, (HASH, HASH[::-1])),
        frame.encode(Kind.TEXT, b""),
        frame.encode_delta(Kind.NOTEBOOK, text + b"!", (), HASH, text),
    ]
    return list(map(frame.pack, made))


def _frame(data: bytes) -> object:
    found = frame.unpack(data)
    return found.decode(b"a line of text that is there again\n" * 20, limit=1 << 24)


def _sealed_frame(value: Any) -> bytes:
    packed: bytes = msgpack.packb(value)
    return frame.MAGIC + bytes([frame.FORMAT]) + packed


# History


def _version(number: int, **more: Any) -> VersionEntry:
    made = VersionEntry(number, 0, "ann", "save", "", HASH, 10, ContentKind.NOTEBOOK, Change.SOURCE, None)
    return made._replace(**more)


_ENTRIES: tuple[entries.Entry, ...] = (
    _version(1),
    _version(2, source=Source(33)),
    _version(3, source=Source(1, b"patch"), message="why"),
    _version(4, source=Source(1, None, HASH), kind=ContentKind.RAW, change=Change.FILE),
    EventEntry(EventKind.TAG, 5, "ann", "", "submitted", 3, 2),
    EventEntry(EventKind.RENAME, 6, "ann", "", other="other.ipynb"),
)


def _manifests() -> list[bytes]:
    pointer, _ = pages.seal(Page(PATH, 1, 1, (), _ENTRIES[:2]))
    made = [
        Manifest(PATH).appended(*_ENTRIES),
        Manifest(PATH, refs={"published": 1}, back=(pointer,)).appended(*_ENTRIES)._replace(recent=_ENTRIES[4:]),
        Manifest(PATH, deleted=True, renamed_from="old.ipynb").appended(*_ENTRIES[:1]),
        Manifest(PATH, renamed_to="new.ipynb", buried=(Buried(3, HASH),)).appended(*_ENTRIES[:1]),
    ]
    return list(map(manifest.pack, made))


def _manifest(data: bytes) -> object:
    made = manifest.unpack(data)
    if made.path != PATH:
        return made
    # whoever has read it uses it: nothing in it may surprise them
    backend = _store()
    backend.put(manifest.key_of(PATH), data)
    depo = depository_on(backend)
    for use in (
        lambda: list(depo.ls("", details=True, deleted=True)),
        lambda: list(depo.history(PATH)),
        lambda: depo.refs(PATH),
        lambda: depo.read(PATH),
        lambda: depo.resolve(PATH, "v1"),
        lambda: depo.blame(PATH),
        lambda: depo.tag(PATH, "v1", "tried"),
        lambda: depo.save(PATH, b"on top"),
        lambda: depo.undelete(PATH, to="team/back.ipynb"),
    ):
        try:
            use()
        except DepositoryError:
            continue
    return made


def _store() -> MemoryBackend:
    backend = MemoryBackend()
    found(backend)
    _, page = pages.seal(Page(PATH, 1, 1, (), _ENTRIES[:2]))
    digest = canonical.hash_canonical(page.decode())
    backend.put(key_of(digest), frame.pack(page))
    return backend


def _sealed_manifest(value: Any) -> bytes:
    packed = frame.pack(frame.encode(Kind.MANIFEST, msgpack.packb(value)))
    packed += blake3(packed).digest()[:16]
    is_alive = not (isinstance(value, dict) and (value.get("deleted") or value.get("renamed_to") is not None))
    return packed if (len(packed) % 2 == 0) is is_alive else packed + b"\0"


def _pages() -> list[bytes]:
    first, page = pages.seal(Page(PATH, 1, 1, (), _ENTRIES))
    _, second = pages.seal(Page(PATH, 2, 5, (first,), (_version(5),)))
    return [page.decode(), second.decode()]


def _page(data: bytes) -> object:
    made = pages.unseal(data)
    backend = _store()
    digest = canonical.hash_canonical(data)
    backend.put(key_of(digest), frame.pack(frame.encode(Kind.PAGE, data)))
    pointer = pages.Pointer(made.position, made.first, digest)
    try:
        above = Manifest(PATH, back=(pointer,)).appended(_version(1 << 40))
        backend.put(manifest.key_of(PATH), manifest.pack(above))
    except OverflowError:  # numbers that no pointer of ours could hold
        return made
    depo = depository_on(backend)
    for use in (lambda: list(depo.history(PATH)), lambda: depo.read(PATH, "v1"), lambda: depo.blame(PATH)):
        try:
            use()
        except DepositoryError:
            continue
    return made


def _entry(data: bytes) -> object:
    return entries.decode(msgpack.unpackb(data))


# Contents


def _skeletons() -> list[bytes]:
    plots = content.from_file(file_of(with_plots(1, plots=2)))
    parts = skeleton.take_apart(plots.value, plots.canonical)
    return [parts.data, content.from_file(file_of(small(1))).canonical]


_OUTPUTS = {HASH: b"\x89PNG" * 10}


def _skeleton(data: bytes) -> object:
    return skeleton.bare(data), skeleton.references(data), skeleton.put_together(data, _OUTPUTS)


def _files() -> list[bytes]:
    odd = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [{"cell_type": "code"}]}]}
    return [file_of(small(1)), file_of(small(2, cells=1), indent=None), json.dumps(odd).encode(), b"{}"]


def _notebook(data: bytes) -> object:
    return content.from_file(data)


_CACHE = CellCache(1 << 20)


def _cells(data: bytes) -> object:
    read = _CACHE.read(data)
    if read is not None and read.content.hash != content.from_file(data).hash:
        raise AssertionError("cells that were told apart make another notebook than the file")
    return read


def _spliced(data: bytes) -> object:
    whole = content.from_file(data)
    if whole.kind is content.Kind.RAW:
        return None
    cells = whole.value.get("cells")
    if not isinstance(cells, list) or not cells:
        return None
    new = {"cell_type": "markdown", "metadata": {}, "source": "new"}
    wanted = content.from_notebook({**whole.value, "cells": [new, *cells[1:]]}).value
    made = splice.splice(data, wanted, {0: new}, {})
    if content.from_file(made).canonical != canonical.encode(wanted):
        raise AssertionError("a file with a cell put in is another notebook than was wanted")
    return made


def _patches() -> list[bytes]:
    before, after = small(1), small(1)
    after["cells"][1]["source"] += "\nmore"
    after["metadata"]["draft"] = 2
    return [json.dumps(patch.make(before, after)).encode(), json.dumps(patch.make(before, small(2))).encode()]


def _patched(data: bytes) -> object:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    value["old"] = patch.make(small(1), small(1))["old"]
    made: Any = patch.apply(small(1), value)  # type: ignore[arg-type]
    return made


_RENDERED = file_of(small(1))


def _file_patches() -> list[bytes]:
    return [frame.patch(_RENDERED.replace(b": ", b":"), _RENDERED), frame.patch(b"", _RENDERED)]


def _file_patch(data: bytes) -> object:
    return frame.apply_patch(data, _RENDERED, 1 << 20)


_IMAGES = (
    b"\x89PNG\r\n\x1a\n" + bytes(8) + (64).to_bytes(4, "big") * 2,
    b"GIF89a\x10\0\x10\0\0\0\0",
    b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(10) + b"\xff\xc0\0\x11\x08\0\x40\0\x40" + bytes(8),
    b"RIFF\0\0\0\0WEBPVP8X" + bytes(14),
    b"RIFF\0\0\0\0WEBPVP8L" + b"\0\0\0\0\x2f" + bytes(10),
    b"RIFF\0\0\0\0WEBPVP8 " + bytes(7) + b"\x9d\x01\x2a" + bytes(8),
    b"BM" + bytes(12) + b"\x28\0\0\0" + bytes(16),
    b"II*\0\x08\0\0\0\x02\0\0\1\3\0\1\0\0\0\x10\0\0\0\1\1\3\0\1\0\0\0\x10\0\0\0",
    b'<?xml version="1.0"?><svg width="10px" height="2in" viewBox="0 0 10 20">',
)


# Places and words

_TOML = (
    b'url = "s3://bucket/prefix"\nnamespace = "kylek"\n\n[s3]\nregion = "eu-central-1"\naddressing = "path"\n',
    b'url = "~/archive"\nnamespace = ""\n',
    b'namespace = "team/a"\n[s3]\nchecksums = "when_required"\n',
)


def _configured(scratch: str, data: bytes) -> object:
    directory = os.path.join(scratch, "project")
    home = os.path.join(scratch, "home", ".config", "depository")
    os.makedirs(directory, exist_ok=True)
    os.makedirs(home, exist_ok=True)
    # one after the other: as the project's file, and as the user's own
    is_project = blake3(data).digest()[0] % 2
    for file, is_there in (
        (os.path.join(directory, config.SETTINGS_FILE), is_project),
        (os.path.join(home, "config.toml"), not is_project),
    ):
        with open(file, "wb") as out:
            out.write(data if is_there else b"")
    surroundings = config.Surroundings({}, directory, os.path.join(scratch, "home"), "ann", "linux")
    place = config.locate(directory, surroundings)
    return place, place.s3_settings, config.path_of(place, os.path.join(directory, "mine.ipynb"))


def _markers() -> list[bytes]:
    backend = MemoryBackend()
    marker.write(backend, marker.make(datetime(2026, 11, 1, tzinfo=UTC), {"published": "public"}, ("published",)))
    sealed = backend.get(marker.KEY, limit=LIMIT).data
    plain = {name: value for name, value in json.loads(sealed).items() if name != "check"}
    return [sealed, json.dumps(plain).encode()]


def _marker(data: bytes) -> object:
    backend = MemoryBackend()
    backend.put(marker.KEY, data)
    return marker.read(backend)


def _items() -> list[bytes]:
    item = Item(ItemKind.SAVE, 1, "ann", "save", "a.ipynb", "/store", "ann/a.ipynb", {"region": "x"}, "/home/a.ipynb")
    rename = item._replace(kind=ItemKind.RENAME, old="b.ipynb", directory=True)
    return [items.pack(item, "a name", b"content"), items.pack(rename, "a name", b"")]


def _item(data: bytes) -> object:
    with suppress(ValueError):
        items.decode_header(data)
    return items.decode(data)


_SPECS = tuple(
    word.encode()
    for word in (
        "v12", "latest", "latest~2", "published~~3", "3f9a2c1b", "2026-11-01", "2 hours ago", "yesterday 14:00",
        "2026-11-01T12:30:05+02:00", "last monday", "workspace", "submitted",
    )
)  # fmt: skip


def _spec(data: bytes) -> object:
    text = _text(data)
    now = datetime(2026, 11, 22, 12)  # noqa: DTZ001 - as the local clock gives it
    with suppress(DepositoryError):
        when.parse_time(text, now)
    return specs.find(text, PATH, {"published": 2}, 4, _ENTRIES[::-1], now)


_PATHS = tuple(
    word.encode()
    for word in ("kylek/notebooks/mine.ipynb", "a", "ünïcödé/ノート.ipynb", "con/nul.txt", "a b /.x", "x" * 300)
)


def _on_disk(data: bytes) -> object:
    text = _text(data)
    return names.decode(text)


def _caches() -> list[bytes]:
    return [msgpack.packb({PATH: ("an etag", manifest.pack(Manifest(PATH)))})]


def _cached(scratch: str, data: bytes) -> object:
    file = os.path.join(scratch, "cache")
    with open(file, "wb") as out:
        out.write(data)
    known = EtagCache(file).get(PATH, "an etag")
    return known is None or isinstance(known, bytes)


def _layout(data: bytes) -> object:
    base = layouts.layout_of([[1, 2], [3]])
    return layouts.unpack(data), layouts.new_in(data, is_difference=True), layouts.unpack(data, base)


def scratch_directory() -> str:
    """A directory that only this process uses."""
    return tempfile.mkdtemp(prefix="fuzzing-")


SEED_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 127, 128, 255, 256, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1, -(2**63), 0.0,
    float("nan"), float("inf"), "", "a", "é", "published", b"", HASH, HASH[:-1], b"\x28\xb5\x2f\xfd", [], {},
    [[]], {"path": PATH}, msgpack.ExtType(1, b"\1"), msgpack.ExtType(2, bytes([1]) + HASH), msgpack.ExtType(5, b""),
    253_402_300_800_000, -62_135_596_800_001,
)  # fmt: skip


def any_value(random: Random, depth: int = 3) -> Any:
    """Some value that MessagePack can hold."""
    kind = random.randrange(8 if depth else 6)
    if kind < 4:
        return random.choice(SEED_VALUES)
    if kind == 4:
        return random.randrange(-(2**63), 2**64) >> random.randrange(64)
    if kind == 5:
        return random.randbytes(random.randrange(40))
    if kind == 6:
        return [any_value(random, depth - 1) for _ in range(random.randrange(5))]
    return {random.choice(("path", "refs", "a", "back", "recent")): any_value(random, depth - 1) for _ in range(3)}
