"""What a wrong writer wrote: its hashes are right, and it contradicts itself or what it refers to."""

from collections.abc import Callable

import pytest

from depository.backends.memory import MemoryBackend
from depository.history import pages
from depository.history.entries import ContentKind, VersionEntry
from depository.history.manifest import Manifest
from depository.history.pages import Page, Pointer
from depository.notebook import canonical
from depository.objects import frame
from depository.objects.frame import Kind as ObjectKind
from depository.objects.store import MAX_CHAIN, key_of
from depository.verifying.findings import Kind
from tests.api.histories import PATH, as_manifest, with_history
from tests.api.stores import CLOCK, depository_on, found
from tests.notebooks import file_of, small
from tests.verifying.checks import check, data_of, put_manifest, put_object

COUNT = 300


def sealed(backend: MemoryBackend, pointer: Pointer) -> Page:
    return pages.unseal(frame.unpack(data_of(backend, key_of(pointer.hash))).decode())


def with_newest_page(backend: MemoryBackend, change: Callable[[Page], Page]) -> str:
    """Have the manifest point to another page than its newest; the key of that."""
    manifest = as_manifest(backend)
    page = change(sealed(backend, manifest.back[0]))
    pointer, made = pages.seal(page)
    put_object(backend, pointer.hash, made)
    put_manifest(backend, manifest._replace(back=(pointer, *manifest.back[1:])))
    return key_of(pointer.hash)


def test_a_long_history_is_sound() -> None:
    backend = with_history(COUNT)
    assert check(backend).findings == []
    assert check(backend).checked.versions == COUNT


def first(manifest: Manifest) -> VersionEntry:
    return next(entry for entry in manifest.recent if isinstance(entry, VersionEntry))


MANIFESTS: dict[str, tuple[Callable[[Manifest], Manifest], Kind, str]] = {
    "a ref at no version": (
        lambda m: m._replace(refs={"published": 301}),
        Kind.INCONSISTENT,
        "points published at v301, and has v1 to v300",
    ),
    "a ref at version 0": (lambda m: m._replace(refs={"mine": 0}), Kind.INCONSISTENT, "points mine at v0"),
    "a version left out": (
        lambda m: m._replace(recent=m.recent[:3] + m.recent[4:]),
        Kind.GAP,
        "leads to no entry of some versions",
    ),
    "the first ones left out": (lambda m: m._replace(recent=m.recent[2:]), Kind.GAP, "leads to no entry"),
    "a version twice": (
        lambda m: m._replace(recent=(*m.recent[:1], m.recent[0], *m.recent[1:])),
        Kind.INCONSISTENT,
        "has v257 after v257",
    ),
    "a pointer left out": (
        lambda m: m._replace(back=m.back[:1]),
        Kind.INCONSISTENT,
        "does not point to the pages that come before objects/",
    ),
    "no pages": (lambda m: m._replace(back=()), Kind.GAP, "leads to no entry of some versions"),
    "another size": (
        lambda m: m._replace(recent=(first(m)._replace(size=5), *m.recent[1:])),
        Kind.INCONSISTENT,
        "says of v257 what its content does not give",
    ),
    "another kind": (
        lambda m: m._replace(recent=(first(m)._replace(kind=ContentKind.RAW), *m.recent[1:])),
        Kind.INCONSISTENT,
        "its entry says raw, and its content is not that",
    ),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_that_contradicts_itself_is_told(name: str) -> None:
    change, kind, text = MANIFESTS[name]
    backend = with_history(COUNT)
    put_manifest(backend, change(as_manifest(backend)))
    told = check(backend, PATH).findings
    assert [finding.kind for finding in told] == [kind]
    assert told[0].key == f"manifests/{PATH}"
    assert text in told[0].text


def test_the_versions_that_are_left_out_are_named() -> None:
    backend = with_history(COUNT)
    manifest = as_manifest(backend)
    put_manifest(backend, manifest._replace(recent=manifest.recent[2:]))
    assert check(backend, PATH).only.versions == ((257, 258),)


PAGES: dict[str, tuple[Callable[[Page], Page], str]] = {
    "a first version that it does not have": (
        lambda p: p._replace(first=p.first + 1),
        "says that it begins with v194, and begins with v193",
    ),
    "no pointers": (lambda p: p._replace(back=()), "points to no page, and is not the oldest"),
    "pointers out of order": (lambda p: p._replace(back=p.back[::-1]), "has pointers to pages that are out of order"),
    "a version of another history": (
        lambda p: p._replace(entries=(*p.entries, p.entries[-1]._replace(number=999))),
        "has v999, where v256 is the last that it can have",
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_contradicts_what_points_to_it_is_told(name: str) -> None:
    change, text = PAGES[name]
    backend = with_history(COUNT)
    key = with_newest_page(backend, change)
    told = [(finding.key, finding.text) for finding in check(backend, PATH).findings]
    assert (key, text) in told


def test_a_page_in_the_place_of_another_is_told() -> None:
    backend = with_history(COUNT)
    manifest = as_manifest(backend)
    wrong = manifest.back[0]._replace(hash=manifest.back[1].hash)
    put_manifest(backend, manifest._replace(back=(wrong, *manifest.back[1:])))
    finding = check(backend, PATH).findings[0]
    assert (finding.kind, finding.text) == (Kind.ALTERED, "is not the one that is pointed to")
    assert finding.versions == ((193, 256),)


def test_a_chain_that_is_longer_than_writers_make_is_remarked_and_reads() -> None:
    backend = MemoryBackend(clock=CLOCK)
    depo = found(backend)
    contents = [canonical.encode({"cells": [], "metadata": {"a": "x" * 500, "n": n}, "nbformat": 4}) for n in range(50)]
    below: tuple[bytes, bytes] | None = None
    for data in contents[: MAX_CHAIN + 2]:
        made = (
            frame.encode_delta(ObjectKind.NOTEBOOK, data, (), *below)
            if below
            else frame.encode(ObjectKind.NOTEBOOK, data)
        )
        below = (canonical.hash_canonical(data), data)
        put_object(backend, below[0], made)
    depo.save("mine.ipynb", canonical_file(MAX_CHAIN))
    depo.save("mine.ipynb", canonical_file(MAX_CHAIN + 1))
    result = check(backend)
    assert result.kinds == [Kind.LONG]
    assert result.only.text == f"builds on {MAX_CHAIN + 1} objects, more than writers make (v2)"
    assert result.checked.is_sound


def canonical_file(number: int) -> bytes:
    return file_of({"cells": [], "metadata": {"a": "x" * 500, "n": number}, "nbformat": 4})


def test_a_chain_that_goes_in_a_circle_is_told() -> None:
    backend = MemoryBackend(clock=CLOCK)
    depo = found(backend)
    for number in (1, 2):
        depo.save("mine.ipynb", file_of(small(number)))
    one, two = (bytes.fromhex(depo.resolve("mine.ipynb", f"v{number}").hash) for number in (1, 2))
    delta = frame.unpack(data_of(backend, key_of(two)))
    put_object(backend, one, delta._replace(base=two))
    findings = check(backend).findings
    assert [finding.kind for finding in findings] == [Kind.ALTERED] * len(findings)
    assert {finding.text for finding in findings} == {"is damaged: its chain of deltas has no end"}


def test_a_buried_history_that_is_not_what_it_is_said_to_be_is_told() -> None:
    backend = MemoryBackend(clock=CLOCK)
    depo = found(backend)
    for path in ("a.ipynb", "b.ipynb"):
        depo.save(path, file_of(small(1)))
    depo.delete("b.ipynb")
    depo.rename("a.ipynb", "b.ipynb")
    manifest = as_manifest(backend, "b.ipynb")
    put_manifest(backend, manifest._replace(buried=(manifest.buried[0]._replace(latest=7),)))
    finding = check(backend, "b.ipynb").only
    assert (finding.kind, finding.text) == (
        Kind.INCONSISTENT,
        "is no earlier manifest of it: it has v1 as its last, and not v7",
    )


def test_versions_of_other_writers_choice_of_base_are_sound() -> None:
    backend = MemoryBackend(clock=CLOCK)
    depo = found(backend)
    for path in ("a.ipynb", "b.ipynb"):
        for number in range(40):
            depo.save(path, file_of(small(number % 7)))
    depository_on(backend).save("c.ipynb", file_of(small(3)))
    assert check(backend).findings == []
