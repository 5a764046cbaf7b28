"""Real notebooks, where a collection of them lies beside the repository. It is no part of it, and need not be there."""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import zstandard

from depository.notebook import skeleton
from depository.notebook.content import Content, Kind, from_file, from_skeleton, to_nbformat
from depository.notebook.render import Style, render
from depository.notebook.validity import complaint
from depository.objects import frame
from tests.notebook import nbformat_reader
from tests.notebook.strategies import spelled

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
EVERY = {"odd": 1, "open": 20}
"""Of each archive one notebook in so many."""
LARGEST = 5 << 20
"""Bytes of the largest notebook that is looked at: reading one with nbformat takes its time."""

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="there is no corpus")


class Sample(NamedTuple):
    """One notebook of the collection."""

    name: str
    source: bytes
    content: Content


def notebooks_in(archive: str) -> Iterator[Sample]:
    with (CORPUS / f"{archive}.tar.zst").open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file)
        with tarfile.open(fileobj=stream, mode="r|") as archive_file:
            members = (member for member in archive_file if member.isfile() and member.name.endswith(".ipynb"))
            for number, member in enumerate(members):
                data = archive_file.extractfile(member)
                if number % EVERY[archive] == 0 and member.size <= LARGEST and data is not None:
                    source = data.read()
                    yield Sample(f"{archive}/{member.name}", source, from_file(source))


@pytest.fixture(scope="module", params=EVERY)
def samples(request: pytest.FixtureRequest) -> list[Sample]:
    found = list(notebooks_in(request.param))
    assert len(found) > 100
    return found


def test_each_is_read_as_nbformat_reads_it(samples: list[Sample]) -> None:
    for name, source, content in samples:
        expected = nbformat_reader.read(source)
        if expected is not None:
            assert spelled(to_nbformat(content)) == spelled(expected), name


def test_each_that_is_json_is_a_notebook(samples: list[Sample]) -> None:
    for name, source, content in samples:
        try:
            is_object = isinstance(json.loads(source.decode("utf-8-sig")), dict)
        except (ValueError, RecursionError):
            is_object = False
        assert (content.kind is Kind.NOTEBOOK) == is_object, name
        assert bool(content.reason) != is_object, name


def test_each_comes_back_byte_for_byte_from_its_rendering_and_a_patch(samples: list[Sample]) -> None:
    exact = 0
    for name, source, content in samples:
        if content.kind is Kind.NOTEBOOK:
            rendered = render(content.value, Style.of(source))
            exact += rendered == source
            assert from_file(rendered).hash == content.hash, name
            assert frame.apply_patch(frame.patch(source, rendered), rendered, len(source)) == source, name
    assert exact > len(samples) / 2


def test_each_comes_back_from_its_skeleton(samples: list[Sample]) -> None:
    taken = 0
    for name, _, content in samples:
        if content.kind is Kind.NOTEBOOK:
            parts = skeleton.take_apart(content.value, content.canonical)
            taken += len(parts.outputs)
            outputs = {digest: output.data for digest, output in parts.outputs.items()}
            again = from_skeleton(parts.data, outputs)
            assert (again.hash, again.canonical) == (content.hash, content.canonical), name
            assert skeleton.references(parts.data) == list(outputs), name
    assert taken


def test_none_is_complained_about_that_nbformat_finds_valid(samples: list[Sample]) -> None:
    valid = missed = 0
    for name, source, content in samples:
        if content.kind is Kind.NOTEBOOK:
            read = nbformat_reader.read(source)
            said = complaint(content.value)
            if read is not None and nbformat_reader.accepts(read):
                valid += 1
                assert said is None, name
            elif said is None and content.value["nbformat"] > 2:
                missed += 1
    assert valid > 100
    assert missed <= 5
