"""What names a version, and what a tag may be called."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.errors import Ambiguous, DepositoryError, InvalidName, NoVersion
from depository.history.entries import Change, ContentKind, Entry, EventEntry, EventKind, VersionEntry
from depository.specs import LATEST, MAX_NAME, SPACES, check_tag, find, is_hash

PATH = "kylek/mine.ipynb"
NOW = datetime(2026, 11, 11, 14, 30, tzinfo=UTC)
DAY = 24 * 60 * 60 * 1000


def version(number: int, digest: str, days_ago: int) -> VersionEntry:
    time = int(NOW.timestamp() * 1000) - days_ago * DAY
    content = bytes.fromhex(digest).ljust(32, b"\0")
    return VersionEntry(number, time, "kylek", "save", "", content, 9, ContentKind.NOTEBOOK, Change.SOURCE, None)


HISTORY: list[Entry] = [
    version(5, "3f9a2c10", 0),
    EventEntry(EventKind.TAG, 0, "kylek", "", "submitted", 2),
    version(4, "3f9a2c1b", 1),
    version(3, "abcdef", 2),
    version(2, "3f9a2c10", 10),
    version(1, "0123456789", 20),
]
REFS = {"published": 3, "submitted": 2, "é": 1}


def found(spec: str, history: Any = HISTORY) -> int:
    result = find(spec, PATH, REFS, 5, history, NOW)
    return result if isinstance(result, int) else result.number


def refusal(spec: str, kind: type[DepositoryError], count: int = 5) -> str:
    with pytest.raises(kind) as caught:
        find(spec, PATH, REFS, count, HISTORY if count else [], NOW)
    return str(caught.value)


# naming a version


@pytest.mark.parametrize(
    ("spec", "number"),
    [
        ("v1", 1),
        ("v5", 5),
        ("latest", 5),
        ("workspace", 5),
        ("latest~", 4),
        ("latest~0", 5),
        ("latest~4", 1),
        ("latest~1~2", 2),
        ("latest~~", 3),
        ("v4~3", 1),
        ("published", 3),
        ("published~2", 1),
        ("submitted", 2),
        ("é", 1),
        ("3f9a2c1b", 4),
        ("3f9a2c10", 5),
        ("3f9a2c10~", 4),
        ("abcdef", 3),
        ("abcdef" + "0" * 58, 3),
        ("0123456", 1),
        ("yesterday", 4),
        ("3 days ago", 2),
        ("3 days ago~1", 1),
        ("2026-11-05", 2),
        ("now", 5),
    ],
)
def test_a_version_is_named_by_number_ref_hash_or_time(spec: str, number: int) -> None:
    assert found(spec) == number


@pytest.mark.parametrize("spec", ["v3", "latest", "latest~2", "workspace", "published", "submitted~1"])
def test_a_number_or_ref_is_found_without_reading_history(spec: str) -> None:
    history = iter(HISTORY)
    found(spec, history)

    assert next(history) == HISTORY[0]


@pytest.mark.parametrize(("name", "number"), [("v4", 4), ("latest", 5), ("workspace", 5), ("published~1", 2)])
def test_no_ref_hides_a_number_the_latest_or_steps_back(name: str, number: int) -> None:
    assert find(name, PATH, {**REFS, name: 1}, 5, HISTORY, NOW) == number


@pytest.mark.parametrize("name", ["today", "now", "abcdef", "2026-11-05"])
def test_a_ref_comes_before_a_hash_and_a_time(name: str) -> None:
    assert find(name, PATH, {name: 1}, 5, [], NOW) == 1


def test_eight_digits_are_a_hash_and_no_date() -> None:
    assert refusal("20261105", NoVersion).endswith("has a hash that starts with 20261105.")


@pytest.mark.parametrize("spec", ["3f9a2c1b", "yesterday"])
def test_what_had_to_be_read_to_be_found_is_given_itself(spec: str) -> None:
    assert find(spec, PATH, REFS, 5, HISTORY, NOW) == HISTORY[2]


def test_history_is_read_no_further_than_the_time_that_was_meant() -> None:
    history = iter(HISTORY)

    assert found("yesterday", history) == 4
    assert next(history) == HISTORY[3]


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("v6", "'kylek/mine.ipynb' has no version v6: it has v1 to v5."),
        ("latest~5", "'kylek/mine.ipynb' has no version latest~5: it has v1 to v5."),
        ("v" + "9" * 60, f"'kylek/mine.ipynb' has no version v{'9' * 60}: it has v1 to v5."),
        ("latest~" + "9" * 60, f"'kylek/mine.ipynb' has no version latest~{'9' * 60}: it has v1 to v5."),
        ("v1~", "'kylek/mine.ipynb' has no version v1~: it has v1 to v5."),
        ("published~3", "'kylek/mine.ipynb' has no version published~3: it has v1 to v5."),
        ("scheduled", "No version of 'kylek/mine.ipynb' is scheduled."),
        ("scheduled~1", "No version of 'kylek/mine.ipynb' is scheduled."),
        ("fedcba", "No version of 'kylek/mine.ipynb' has a hash that starts with fedcba."),
        ("2026-01-01", "'kylek/mine.ipynb' had no version yet at 2026-01-01 23:59."),
    ],
)
def test_a_version_that_is_not_there_is_missed_in_a_sentence(spec: str, sentence: str) -> None:
    assert refusal(spec, NoVersion) == sentence


@pytest.mark.parametrize(("count", "have"), [(0, "it has no version"), (1, "it has v1 only"), (2, "it has v1 to v2")])
def test_the_sentence_says_what_there_is(count: int, have: str) -> None:
    assert refusal("v9", NoVersion, count) == f"'kylek/mine.ipynb' has no version v9: {have}."


def test_a_hash_prefix_that_fits_several_contents_names_them() -> None:
    assert refusal("3f9a2c1", Ambiguous) == (
        "3f9a2c1 fits several versions of 'kylek/mine.ipynb': 3f9a2c100000 (v5), 3f9a2c1b0000 (v4); give more digits."
    )


def test_of_many_contents_that_a_prefix_fits_a_few_are_named() -> None:
    history = [version(number, f"abcdef{number:02x}", 0) for number in range(9, 0, -1)]

    with pytest.raises(Ambiguous, match=r"\(v9\), .*\(v5\) and 4 more; give more digits\.$"):
        find("abcdef", PATH, {}, 9, history, NOW)


@pytest.mark.parametrize(
    "spec",
    ["", " ", "v", "v0", "v01", "v-1", "V1", "v1.0", "1", "abcde", "nonsense", "~", "~2", "a~b", "latest~x", "v1~-1"],
)
def test_what_names_nothing_is_refused_in_a_sentence(spec: str) -> None:
    assert re.fullmatch(r"'[^']*' names no version of 'kylek/mine.ipynb': [^\n]*\.", refusal(spec, InvalidName))


@pytest.mark.parametrize(
    "spec", ["v" + "9" * 5000, "latest~" + "9" * 5000, "latest" + "~" * 5000, "~" * 5000, "a" * 5000]
)
def test_however_long_a_spec_is_it_is_only_a_wrong_one(spec: str) -> None:
    with pytest.raises((InvalidName, NoVersion)):
        found(spec)


@given(st.text() | st.text(st.sampled_from("v0123latest~abcdef -:@{}^ago"), max_size=12))
def test_any_text_names_a_version_or_is_refused(spec: str) -> None:
    try:
        assert 1 <= found(spec) <= 5
    except (InvalidName, NoVersion, Ambiguous) as error:
        assert str(error).endswith(".")  # noqa: PT017 - and nothing else is raised


def test_a_hash_is_6_to_64_lower_case_hex_digits() -> None:
    assert all(is_hash(spec) for spec in ("abcdef", "012345", "f" * 64))
    assert not any(is_hash(spec) for spec in ("", "abcde", "ABCDEF", "f" * 65, "abcdeg", "abcdef\n", "v123456"))


# tags


@pytest.mark.parametrize(
    "name",
    [
        *("a", "submitted", "draft-2", "v", "v2x", "v0", "V1", "éà", "v1.0", "a+b", "_x", "abcde", "ABCDEF", "latest2"),
        *("x" * MAX_NAME, "é" * (MAX_NAME // 2)),
    ],
)
def test_a_tag_is_a_word(name: str) -> None:
    assert check_tag(name) == name


@pytest.mark.parametrize("name", [*SPACES, LATEST])
def test_a_name_of_depositorys_own_is_no_tag(name: str) -> None:
    with pytest.raises(InvalidName) as caught:
        check_tag(name)
    assert str(caught.value) == f"'{name}' is a name of depository's own; choose another for the tag."


@pytest.mark.parametrize("name", ["v1", "v12", "abcdef", "a" * 64, "012345", "2026-11-01", "1st", "7", "٣"])
def test_what_reads_like_a_version_a_hash_or_a_date_is_no_tag(name: str) -> None:
    with pytest.raises(InvalidName) as caught:
        check_tag(name)
    assert str(caught.value) == f"'{name}' cannot be a tag: it reads like a version, a hash or a date."


@pytest.mark.parametrize(
    "name",
    ["", "a b", "a~1", "a@b", "a/b", "-a", ".a", "+", "a\n", "a\0", "é" * 33, "x" * 65, "\ud800", "a\ud800"],
)
def test_other_words_are_no_tags_and_the_sentence_says_which_are(name: str) -> None:
    with pytest.raises(InvalidName, match=r"cannot be a tag: use at most 64 letters, digits and '_\.\+-', and start"):
        check_tag(name)


@given(st.text(max_size=70))
def test_a_tag_can_be_found_under_its_name(name: str) -> None:
    try:
        check_tag(name)
    except InvalidName:
        return
    assert find(name, PATH, {name: 2}, 5, [], NOW) == 2
