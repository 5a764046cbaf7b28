"""zlib's deflate in plain Python: what it makes is what zlib made, on whatever platform this runs."""

import zlib
from random import Random

import pytest
from blake3 import blake3
from deflate import LEVELS, deflate
from hypothesis import given, settings
from hypothesis import strategies as st


def scanlines(width: int = 300, height: int = 120) -> bytes:
    """Lines as a plot has them: mostly white, some of a curve, some of a gradient."""
    random = Random(7)
    lines = []
    for y in range(height):
        line = bytearray(b"\xff" * width * 3)
        for x in range(0, width, 7):
            line[3 * x : 3 * x + 3] = bytes((31, 119, (x * y + random.randrange(3)) % 256))
        lines.append(bytes((y % 5,)) + bytes(line))
    return b"".join(lines)


EXPECTED = {
    (4, 8, 0): "f2dbf152738504634a891308d0aa535921837d191a372fa48c58546fc5ebed77",
    (4, 8, 1): "d470b206102dbdd857c4aaf000b0a60fbd2e024c5de7977163c8646a0a83d38d",
    (4, 9, 1): "cb7d4f4afa9f9ef91d971833562402844f6696a3e4e4e1d5752ce3ce8b780cb9",
    (5, 8, 0): "b45562e6a08d4ca551118145d0343e80dabe97f1f04551361d349a2281a03a94",
    (5, 8, 1): "50d54a7b80712ebf9587a0729ee11165f6aac59bd2d246e9d1260abafa4ab7f9",
    (5, 9, 1): "7fbcde1b87d07ef69ec5ca42bd8118b66a8f27cbadf5f6e66475d03d95a031a4",
    (6, 8, 0): "67f8133c2525dd63572b23a282e7faaf2fc46e671308b45cb1515f8ac62e1ab4",
    (6, 8, 1): "00ba368d968f2ecef4e3e0ac02919b8728638e0904f8d3388263dc89a42c55e6",
    (6, 9, 1): "04b3318dfb861fefc5929efd3468ec8eb4d3536ff942b2e32ffeb5b3721874da",
    (7, 8, 0): "bb52ab38dc0b8be9cda434d86445af5e6f38e4d349261fbbb0dc420e2e6be4a7",
    (7, 8, 1): "bb52ab38dc0b8be9cda434d86445af5e6f38e4d349261fbbb0dc420e2e6be4a7",
    (7, 9, 1): "366cb57744245fb7d029b8d2e26ffd99135fcf921f45c0fe13031a31c3b2869f",
    (8, 8, 0): "70cbcb997b30b2d492ee734026a6280a6f881f3d0ade255567754122818d27d4",
    (8, 8, 1): "98d94f83e88ae5c903f4c1455dd97a4e15261cd3e61071c2c0d224e05a0fd021",
    (8, 9, 1): "30d0fb922125d3d1e97205be468139c6b04195503245795db2f6dd52d820f1d6",
    (9, 8, 0): "debed006911052695b763190e82ff0490cc05e58f4895f8d8f01fb09fb0188be",
    (9, 8, 1): "661e34d22d07d16d337972eff524f8b28de85d8535fccee4984aa44de9aa4e82",
    (9, 9, 1): "b3485f4ee276c97c6fe2cd268d1043190200cf715d99cc01d1de2c4c0e6d3e65",
}
"""The BLAKE3 hashes of what zlib 1.2.13 made of `scanlines`, by level, memory and strategy."""


@pytest.mark.parametrize("setting", EXPECTED, ids=str)
def test_it_makes_what_zlib_made(setting: tuple[int, int, int]) -> None:
    assert blake3(deflate(scanlines(), *setting)).hexdigest() == EXPECTED[setting]


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(st.binary(max_size=400), st.text(alphabet="ab", max_size=2_000).map(str.encode)),
    st.sampled_from(LEVELS),
    st.sampled_from((8, 9)),
    st.sampled_from((zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED)),
)
def test_what_it_makes_is_a_stream_of_what_it_was_given(data: bytes, level: int, memory: int, strategy: int) -> None:
    assert zlib.decompress(deflate(data, level, memory, strategy)) == data


def test_what_cannot_be_compressed_is_stored() -> None:
    data = Random(1).randbytes(20_000)

    assert len(deflate(data, 6)) == len(data) + 16


def test_a_symbol_that_is_very_rare_gets_no_code_longer_than_a_stream_can_have() -> None:
    data = b"".join(bytes((symbol,)) * int(1.62**symbol) for symbol in range(22))
    mixed = bytearray(data)
    Random(3).shuffle(mixed)

    assert zlib.decompress(deflate(bytes(mixed), 6)) == mixed
