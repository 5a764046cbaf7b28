"""Names on disk."""

import re
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.backends import names
from depository.backends.keys import is_key
from tests.backends.conformance import ODD_KEYS

_nasty = st.sampled_from(
    [*"aAbB09.%- ~/", "%-", "%2e", "con", "nul.", "lpt1", "é", "e\u0301", "ß", "🦆", "x" * 120, "." * 70]
)
_parts = st.one_of(st.lists(_nasty, max_size=12).map("".join), st.text(max_size=20))
KEYS = st.lists(_parts, min_size=1, max_size=4).map("/".join).filter(is_key)

_reserved = re.compile(r"(con|prn|aux|nul|com\d|lpt\d) *(\..*)?", re.IGNORECASE)


@given(KEYS)
def test_a_key_is_read_back_from_its_path(key: str) -> None:
    assert names.decode(names.encode(key)) == key


@given(KEYS)
def test_a_path_is_the_same_to_every_file_system(key: str) -> None:
    path = names.encode(key)
    assert path.isascii()
    assert path == path.casefold()
    assert path == normalize("NFD", path) == normalize("NFC", path)


@given(KEYS)
def test_every_file_system_takes_every_name(key: str) -> None:
    for name in names.encode(key).split("/"):
        assert 0 < len(name) <= 210
        assert not re.search(r'[\x00-\x1f<>:"|?*\\\x7f]', name)
        assert not name.startswith(".")
        assert not name.endswith((".", " "))
        assert not _reserved.fullmatch(name)


@given(st.lists(KEYS, min_size=2, max_size=8, unique=True))
def test_no_file_is_where_another_needs_a_directory(keys: list[str]) -> None:
    paths = {names.encode(key) for key in keys}
    assert len(paths) == len(keys)
    directories = {path.rsplit("/", depth)[0] for path in paths for depth in range(1, path.count("/") + 1)}
    assert paths.isdisjoint(directories)


@given(KEYS)
def test_a_key_below_another_finds_a_directory_beside_its_file(key: str) -> None:
    below = key + "/x"
    if is_key(below):
        assert not names.encode(below).startswith(names.encode(key) + "/")


@given(KEYS)
def test_the_short_cut_for_plain_keys_leads_to_the_same_path(key: str) -> None:
    *directories, file = key.split("/")
    parts = [name for part in directories for name in names.part_names(part, is_file=False)]
    assert names.encode(key) == "/".join([*parts, *names.part_names(file, is_file=True)])


@given(st.text(alphabet="ab%-.2e/ ~A", max_size=30))
def test_a_path_that_is_read_is_the_one_that_is_written(path: str) -> None:
    key = names.decode(path)
    assert key is None or (is_key(key) and names.encode(key) == path)


@pytest.mark.parametrize("key", ODD_KEYS)
def test_odd_keys_are_read_back(key: str) -> None:
    assert names.decode(names.encode(key)) == key


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("manifests/kylek/notebooks/mine.ipynb", "manifests/kylek/notebooks/mine.ipynb"),
        ("objects/3f/" + "9a" * 31, "objects/3f/" + "9a" * 31 + "%"),
        ("manifests/Untitled 1.ipynb", "manifests/%55ntitled 1.ipynb"),
        ("a.b/c.d", "a%2eb/c.d"),
        (".hidden", "%2ehidden%"),
        (".a.b", "%2ea.b"),
        ("a.", "a%2e%"),
        ("é", "%c3%a9%"),
        ("100%", "100%25%"),
        ("con/nul.txt", "%63on/%6eul.txt"),
        ("con .x/aux .tar.gz", "con %2ex/%61ux .tar.gz"),
        ("console/null.txt", "console/null.txt"),
        ("a /b ", "a%20/b%20%"),
        ("a b.ipynb", "a b.ipynb"),
        ("x" * 200, "x" * 200 + "%"),
        ("x" * 250, "x" * 200 + "%-/" + "x" * 50 + "%"),
        ("x" * 250 + ".ipynb", "x" * 200 + "%-/" + "x" * 50 + ".ipynb"),
        ("x" * 199 + "É" + "y", "x" * 199 + "%-/%c3%89y%"),
    ],
)
def test_the_paths_of_some_keys(key: str, path: str) -> None:
    assert names.encode(key) == path
    assert names.decode(path) == key


@pytest.mark.parametrize(
    "path",
    [
        ".DS_Store",
        "README.md",
        "Thumbs.db",
        ".incoming/1-2",
        "a",
        "a%/b.c",
        "a.b/c.d",
        "%61.b",
        "%C3%a9%",
        "%c3%",
        "%ff%",
        "a%-",
        "a%-/b.c",
        "con.txt",
        "a .b/c",
        "~a.b",
        "%-/a.b",
        "",
    ],
)
def test_foreign_paths_are_nobodys(path: str) -> None:
    assert names.decode(path) is None
