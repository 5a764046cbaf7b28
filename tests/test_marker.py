"""The format marker: what makes a place a depository."""

import itertools
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository import marker
from depository.backends.memory import MemoryBackend
from depository.errors import (
    AccessDenied,
    AlteredObject,
    DepositoryError,
    InvalidSettings,
    NoDepository,
    OutcomeUnknown,
    PreconditionFailed,
    UnsupportedFormat,
)
from depository.marker import KEY, Marker
from tests.notebook.strategies import json_values

CREATED = datetime(2026, 11, 1, 12, 30, 5, tzinfo=UTC)
SOUND = {
    "format": 1,
    "protocol": "conditional",
    "created": "2026-11-01T12:30:05+00:00",
    "prefixes": {"workspace": "workspace", "scheduled": "scheduled", "published": "published"},
    "materialize": ["scheduled", "published"],
}


def holding(data: bytes) -> MemoryBackend:
    backend = MemoryBackend("test")
    backend.put(KEY, data)
    return backend


def refusal(fields: Any, kind: type[DepositoryError]) -> str:
    with pytest.raises(kind) as caught:
        marker.read(holding(fields if isinstance(fields, bytes) else json.dumps(fields).encode()))
    return str(caught.value)


# making


def test_a_marker_has_each_space_at_its_own_name_unless_told_otherwise() -> None:
    made = marker.make(CREATED, {"published": "/shared/public/"}, ("published",))

    assert made == Marker(
        1,
        "conditional",
        CREATED,
        {"workspace": "workspace", "scheduled": "scheduled", "published": "shared/public"},
        ("published",),
    )
    assert marker.make(CREATED, None, ()).prefixes == SOUND["prefixes"]


@pytest.mark.parametrize("prefix", ["", "/", "objects", "objects/a", "manifests/x", "depository.json", "/objects/"])
def test_a_space_may_not_lie_where_depository_keeps_its_data(prefix: str) -> None:
    with pytest.raises(InvalidSettings, match=r"^'.*' cannot be the prefix of scheduled: .* its own data there\.$"):
        marker.make(CREATED, {"scheduled": prefix}, ())


@pytest.mark.parametrize("prefix", ["a//b", ".", "a/..", "../a", "a/./b", "a\nb", "\ud800", "x" * 901])
def test_the_prefix_of_a_space_is_a_path(prefix: str) -> None:
    with pytest.raises(InvalidSettings, match=r"^The prefix of scheduled cannot be used: [^\n]*\.$"):
        marker.make(CREATED, {"scheduled": prefix}, ())


def test_the_prefix_of_a_space_is_in_normal_form_c_as_paths_are() -> None:
    assert marker.make(CREATED, {"scheduled": "cafe\u0301"}, ()).prefixes["scheduled"] == "caf\u00e9"


@pytest.mark.parametrize("prefixes", [{"published": "workspace"}, {"published": "a", "workspace": "/a/"}])
def test_two_spaces_have_two_prefixes(prefixes: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings, match=r"^Two spaces have the same prefix; give each its own\.$"):
        marker.make(CREATED, prefixes, ())


def test_spaces_may_change_places() -> None:
    made = marker.make(CREATED, {"workspace": "published", "published": "workspace"}, ())

    assert made.prefixes == {"workspace": "published", "scheduled": "scheduled", "published": "workspace"}


def test_only_spaces_have_prefixes_and_plain_notebooks() -> None:
    for arguments in (({"public": "a"}, ()), (None, ("public",))):
        with pytest.raises(InvalidSettings) as caught:
            marker.make(CREATED, *arguments)
        assert str(caught.value) == "'public' is no space; there are workspace, scheduled, published."


# writing and reading


def test_what_was_written_is_read() -> None:
    backend = MemoryBackend()
    made = marker.make(CREATED, {"published": "public"}, ("published",))

    assert marker.write(backend, made) == made
    assert marker.read(backend) == made


def test_the_marker_is_json_for_people_too() -> None:
    backend = MemoryBackend()
    marker.write(backend, marker.make(CREATED, None, ("scheduled", "published")))

    text = backend.get(KEY, limit=10_000).data.decode()
    assert json.loads(text) == SOUND | {"check": marker.check_of(SOUND)}
    assert text.startswith('{\n  "format": 1,\n')


def test_a_marker_that_is_there_already_stays_and_is_returned() -> None:
    backend = MemoryBackend()
    first = marker.write(backend, marker.make(CREATED, None, ()))

    assert marker.write(backend, marker.make(CREATED + timedelta(1), {"published": "p"}, ("published",))) == first
    assert marker.read(backend) == first


def test_a_write_that_is_refused_though_nothing_is_there_is_no_success() -> None:
    class Refusing(MemoryBackend):
        def put(self, key: str, data: bytes, condition: Any = None) -> str:
            raise PreconditionFailed(f"{key} {len(data)} {condition}")

    with pytest.raises(OutcomeUnknown):
        marker.write(Refusing(), marker.make(CREATED, None, ()))


def test_a_write_without_an_answer_is_looked_up() -> None:
    class Unclear(MemoryBackend):
        def put(self, key: str, data: bytes, condition: Any = None) -> str:
            super().put(key, data, condition)
            raise OutcomeUnknown("No answer came.")

    made = marker.make(CREATED, None, ())
    assert marker.write(Unclear(), made) == made


def test_another_error_of_the_store_is_passed_on() -> None:
    class Closed(MemoryBackend):
        def put(self, key: str, data: bytes, condition: Any = None) -> str:
            raise AccessDenied(f"{key} {len(data)} {condition}")

    with pytest.raises(AccessDenied):
        marker.write(Closed(), marker.make(CREATED, None, ()))


def test_a_marker_that_cannot_be_read_is_not_written_over() -> None:
    backend = holding(b"garbage")
    with pytest.raises(AlteredObject):
        marker.write(backend, marker.make(CREATED, None, ()))

    assert backend.get(KEY, limit=10).data == b"garbage"


def test_the_time_is_in_utc_however_it_is_written() -> None:
    found = marker.read(holding(json.dumps(SOUND | {"created": "2026-11-01T21:30:05+09:00"}).encode()))

    assert found.created == CREATED
    assert found.created.tzinfo is UTC


def test_a_marker_made_in_any_zone_is_read_as_the_same_time() -> None:
    backend = MemoryBackend()
    marker.write(backend, marker.make(CREATED.astimezone(timezone(timedelta(hours=9))), None, ()))

    assert marker.read(backend).created == CREATED


def test_fields_that_are_not_known_are_passed_over() -> None:
    assert marker.read(holding(json.dumps(SOUND | {"more": [1]}).encode())).format == 1


# what cannot be read


def test_a_place_without_a_marker_is_no_depository() -> None:
    with pytest.raises(NoDepository) as caught:
        marker.read(MemoryBackend("test"))
    assert str(caught.value) == "There is no depository at memory:test; make one with 'depository init memory:test'."


@pytest.mark.parametrize("form", [2, 99, 2**70])
def test_a_newer_format_asks_for_an_upgrade(form: int) -> None:
    sentence = f"memory:test is of format {form}, and this program knows 1: upgrade depository."

    assert refusal({"format": form, "protocol": "other", "what": "ever"}, UnsupportedFormat) == sentence


def test_an_unknown_protocol_asks_for_an_upgrade() -> None:
    assert refusal(SOUND | {"protocol": "judged"}, UnsupportedFormat) == (
        "memory:test is written by the commit protocol 'judged', which this program does not know: upgrade depository."
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"depository"',
        b"\xff\xfe",
        b"{}",
        b'{"format": 1}',
        b'{"protocol": "conditional"}',
        b"[" * 60_000,
        b'{"format": ' + b"1" * 5000 + b"}",
        json.dumps(SOUND | {"format": 0}).encode(),
        json.dumps(SOUND | {"format": -1}).encode(),
        json.dumps(SOUND | {"format": "1"}).encode(),
        json.dumps(SOUND | {"format": True}).encode(),
        json.dumps(SOUND | {"format": 1.0}).encode(),
        json.dumps(SOUND | {"format": None}).encode(),
    ],
    ids=lambda data: data[:40],
)
def test_a_marker_that_makes_no_sense_is_damaged(data: bytes) -> None:
    sentence = "The format marker depository.json of memory:test is damaged: it cannot be read."

    assert refusal(data, AlteredObject) == sentence


@pytest.mark.parametrize(
    "change",
    [
        {"created": None},
        {"created": "yesterday"},
        {"created": "0001-01-01T00:00:00+23:00"},
        {"prefixes": None},
        {"prefixes": {"workspace": 1}},
        {"prefixes": {"workspace": "objects"}},
        {"prefixes": {"public": "a"}},
        {"prefixes": {"public\n": "a"}},
        {"materialize": None},
        {"materialize": "published"},
        {"materialize": ["public"]},
        {"materialize": [[]]},
    ],
    ids=str,
)
def test_a_marker_with_a_bad_field_is_damaged(change: dict[str, Any]) -> None:
    sentence = "The format marker depository.json of memory:test is damaged: its fields cannot be used."

    assert refusal(SOUND | change, AlteredObject) == sentence


@pytest.mark.parametrize("field", ["created", "prefixes", "materialize"])
def test_a_marker_without_a_field_is_damaged(field: str) -> None:
    fields = {key: value for key, value in SOUND.items() if key != field}

    assert refusal(fields, AlteredObject).endswith("is damaged: its fields cannot be used.")


def test_a_marker_that_is_cut_off_is_damaged() -> None:
    data = json.dumps(SOUND, indent=2).encode()

    for length in range(len(data)):
        assert refusal(data[:length], AlteredObject).endswith("is damaged: it cannot be read.")


def test_a_marker_of_many_bytes_is_not_read() -> None:
    assert refusal(b" " * 100_000, AlteredObject).endswith("is damaged: it is longer than 65,536 bytes.")


def test_any_altered_byte_of_a_marker_is_noticed_or_changes_nothing() -> None:
    backend = MemoryBackend("test")
    wanted = marker.write(backend, marker.make(CREATED, {"published": "public"}, ("published",)))
    data = backend.get(KEY, limit=10_000).data
    refused = 0
    for place, change in itertools.product(range(len(data)), (1, 2, 4, 8, 16, 32, 64, 128)):
        try:
            assert marker.read(holding(data[:place] + bytes([data[place] ^ change]) + data[place + 1 :])) == wanted
        except (AlteredObject, UnsupportedFormat):
            refused += 1
    assert refused > 4 * len(data)


def test_a_marker_that_was_edited_says_what_to_do() -> None:
    backend = MemoryBackend("test")
    marker.write(backend, marker.make(CREATED, None, ()))
    edited = backend.get(KEY, limit=10_000).data.replace(b'"published": "published"', b'"published": "public"')

    assert "take the field 'check' out of it" in refusal(edited, AlteredObject)
    without = {name: value for name, value in json.loads(edited).items() if name != "check"}
    assert marker.read(holding(json.dumps(without).encode())).prefixes["published"] == "public"


@given(st.sampled_from(list(SOUND)), json_values(4))
def test_any_marker_is_read_or_refused(field: str, value: Any) -> None:
    try:
        marker.read(holding(json.dumps(SOUND | {field: value}).encode()))
    except (AlteredObject, UnsupportedFormat) as error:
        assert "\n" not in str(error)  # noqa: PT017 - and nothing else is raised


class Reading(MemoryBackend):
    """A store that lets its user read, and write nothing."""

    def put(self, *_: Any, **__: Any) -> str:
        raise AccessDenied("PutObject is not allowed.")


def test_who_may_not_write_the_marker_adopts_the_one_that_is_there() -> None:
    backend = Reading("test")
    MemoryBackend.put(backend, KEY, json.dumps(SOUND).encode())
    assert marker.write(backend, marker.make(CREATED, None, ())).materialize == ("scheduled", "published")


def test_who_may_not_write_the_marker_makes_no_depository() -> None:
    with pytest.raises(AccessDenied, match="PutObject"):
        marker.write(Reading("test"), marker.make(CREATED, None, ()))


def test_a_marker_without_a_check_is_read_as_it_is() -> None:
    backend = MemoryBackend()
    backend.put(KEY, json.dumps(SOUND).encode())

    assert marker.read(backend).prefixes == SOUND["prefixes"]


def test_a_flipped_bit_is_never_taken_for_a_newer_format_or_another_protocol() -> None:
    backend = MemoryBackend()
    marker.write(backend, marker.make(CREATED, {"published": "public"}, ("published",)))
    sound, data = marker.read(backend), backend.get(KEY, limit=10_000).data
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with suppress(AlteredObject):
            assert marker.understood(bytes(flipped), "here") == sound, "the name of the check is another, or a blank"
