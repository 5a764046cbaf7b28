"""The canonical bytes of a content, which its hash stands on: pinned for ever."""

import json
import math
import sys
from typing import Any

import msgpack
import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from depository.errors import InvalidContent
from depository.notebook import canonical
from depository.notebook.canonical import MAX_DEPTH, MAX_DIGITS, decode, encode, ordered
from tests import golden
from tests.golden import messagepack
from tests.notebook.strategies import integers, json_values, spelled, texts

VECTORS = golden.load("canonical")


def nested(depth: int) -> Any:
    value: Any = []
    for level in range(depth - 1):
        value = [value] if level % 2 else {"a": value}
    return value


# golden vectors


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["json"][:30])
def test_a_golden_vector_is_met(vector: dict[str, Any]) -> None:
    value = json.loads(vector["json"]) * vector.get("times", 1) if "times" in vector else json.loads(vector["json"])

    data = encode(ordered(value))

    assert data.hex() == vector.get("canonical", data.hex())
    assert data.hex().startswith(vector.get("starts", ""))
    assert canonical.hash_canonical(data).hex() == vector["hash"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["json"][:30])
def test_a_golden_vector_agrees_with_the_specification(vector: dict[str, Any]) -> None:
    value = json.loads(vector["json"]) * vector.get("times", 1) if "times" in vector else json.loads(vector["json"])

    data = messagepack.encode(value)

    assert data.hex() == vector.get("canonical", data.hex())
    assert blake3(data).hexdigest() == vector["hash"]


@pytest.mark.parametrize("vector", [v for v in VECTORS if "times" not in v], ids=lambda vector: vector["json"][:30])
def test_a_golden_vector_is_read(vector: dict[str, Any]) -> None:
    value = decode(bytes.fromhex(vector["canonical"]))

    assert spelled(value) == spelled(json.loads(vector["json"]))


# what the encoding promises


@given(json_values())
def test_two_writings_of_the_encoding_agree(value: Any) -> None:
    assert encode(ordered(value)) == messagepack.encode(value)


@given(json_values())
def test_decoding_gives_the_value_back(value: Any) -> None:
    assert spelled(decode(encode(ordered(value)))) == spelled(value)


@given(st.dictionaries(texts(), json_values(3), min_size=2), st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_count(value: dict[str, Any], random: Any) -> None:
    keys = list(value)
    random.shuffle(keys)

    assert encode(ordered({"": value})) == encode(ordered({"": {key: value[key] for key in keys}}))


@given(json_values(), json_values())
def test_different_values_have_different_bytes(one: Any, other: Any) -> None:
    assert (encode(ordered(one)) == encode(ordered(other))) == (spelled(one) == spelled(other))


@given(integers())
def test_an_integer_is_never_longer_than_it_need_be(value: int) -> None:
    data = encode(value)

    assert data == messagepack.encode(value)
    assert decode(data) == value


@pytest.mark.parametrize("size", [0, 15, 16, 65535, 65536])
def test_a_map_has_the_shortest_form_for_its_length(size: int) -> None:
    value = {f"{number:05}": None for number in range(size)}

    assert encode(ordered(value)) == messagepack.encode(value)


def test_keys_are_in_the_order_of_code_points_and_not_of_utf_16() -> None:
    assert list(ordered({"\U0001f600": 1, "\uffff": 2})) == ["\uffff", "\U0001f600"]


def test_every_nan_has_one_bit_pattern() -> None:
    odd = msgpack.unpackb(b"\xcb\xff\xf8\x00\x00\x00\x00\x00\x01")
    assert math.isnan(odd)

    assert encode(ordered([odd, -odd])) == b"\x92" + b"\xcb\x7f\xf8\0\0\0\0\0\0" * 2


def test_zero_keeps_its_sign_and_a_float_stays_one() -> None:
    assert len({encode(ordered(value)) for value in (0, 0.0, -0.0, False)}) == 4


def test_lone_surrogates_that_meet_are_not_the_character_of_the_pair() -> None:
    apart = "\ud83d" + "\ude00"

    assert encode(apart) != encode("\U0001f600")
    assert decode(encode(apart)) == apart


# what cannot be a content


def test_containers_are_nested_as_deep_as_the_limit_and_no_deeper() -> None:
    assert decode(encode(ordered(nested(MAX_DEPTH)))) == nested(MAX_DEPTH)
    with pytest.raises(InvalidContent, match=f"nested deeper than {MAX_DEPTH} levels"):
        ordered(nested(MAX_DEPTH + 1))


def test_a_scalar_may_stand_in_the_deepest_container() -> None:
    value: Any = "a"
    for _ in range(MAX_DEPTH):
        value = [value]

    assert decode(encode(ordered(value))) == value


@pytest.mark.parametrize("sign", [1, -1])
def test_integers_have_as_many_digits_as_python_reads(sign: int) -> None:
    assert sys.get_int_max_str_digits() == MAX_DIGITS
    largest = sign * (10**MAX_DIGITS - 1)

    assert decode(encode(largest)) == largest
    with pytest.raises(InvalidContent, match="more than 4300 digits"):
        encode(largest + sign)


@pytest.mark.parametrize("key", [1, None, True, 1.5, b"a", (1,)])
@pytest.mark.parametrize("others", [{}, {"a": 1}])
def test_keys_are_strings(key: Any, others: dict[str, int]) -> None:
    with pytest.raises(InvalidContent, match="a key that is not a string"):
        ordered({key: 1, **others})


@pytest.mark.parametrize("value", [{1}, 1j, object(), b"\xff", range(3)], ids=lambda value: type(value).__name__)
def test_what_json_does_not_have_is_refused_by_name(value: Any) -> None:
    with pytest.raises(InvalidContent, match=f"type {type(value).__name__}, which JSON does not have"):
        ordered({"a": [value]})


def test_a_tuple_is_a_list_and_ascii_bytes_are_text() -> None:
    assert ordered({"a": (1, (2,)), "b": b"iVBO"}) == {"a": [1, [2]], "b": "iVBO"}


def test_ordering_copies() -> None:
    value: dict[str, Any] = {"a": [{"b": []}]}
    copy = ordered(value)
    copy["a"][0]["b"].append(1)

    assert value == {"a": [{"b": []}]}


@given(st.binary(max_size=60))
def test_bytes_that_are_none_raise_value_error(data: bytes) -> None:
    try:
        decode(data)
    except ValueError:
        return


@pytest.mark.parametrize(
    "data", [b"", b"\xc1", b"\x92\x01", b"\xa1\xff", b"\x01\x01", b"\xd4\x02\x00", b"\x81\x01\x01", b"\xc4\x01a"]
)
def test_bytes_that_are_no_canonical_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever MessagePack says of it
        decode(data)


# contents that are no notebooks


@given(st.binary(max_size=300))
def test_the_hash_of_bytes_is_over_them_as_a_messagepack_bin(data: bytes) -> None:
    assert canonical.hash_bytes(data) == blake3(msgpack.packb(data)).digest()


@given(texts())
def test_the_hash_of_a_text_is_over_it_as_a_messagepack_str(text: str) -> None:
    data = canonical.encode_text(text)

    assert data == messagepack.utf_8(text)
    assert canonical.hash_text(data) == blake3(encode(text)).digest()
    assert canonical.decode_text(data) == text


@pytest.mark.parametrize("length", [0, 31, 32, 255, 256, 65535, 65536])
def test_hashes_hold_at_every_length_of_the_length(length: int) -> None:
    data = b"a" * length

    assert canonical.hash_text(data) == blake3(messagepack.encode(data.decode())).digest()
    assert canonical.hash_bytes(data) == blake3(msgpack.packb(data)).digest()


def test_contents_of_different_kinds_never_share_a_hash() -> None:
    hashes = {canonical.hash_bytes(b""), canonical.hash_text(b""), canonical.hash_canonical(encode({}))}

    assert len(hashes) == 3
