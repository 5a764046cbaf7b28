"""The style of a page: its colours can be told from what they stand on, by day and by night."""

import re

import pytest

from depository.diff.page.style import STYLE

DAY, NIGHT = (
    dict(re.findall(r"--([\w-]+): (#\w+)", block)) for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
)
LEAST = 4.5
"""The contrast that WCAG 2.2 asks of text (1.4.3)."""

TEXTS = {
    "text": ("page", "card", "del", "ins", "del-mark", "ins-mark", "head"),
    "dim": ("page", "card", "head", "gap", "del", "ins"),
    "link": ("page", "card"),
    "del-text": ("page", "card", "del"),
    "ins-text": ("page", "card", "ins"),
    "mod": ("mod-soft",),
    "move": ("move-soft",),
    **dict.fromkeys("kbfsncdr", ("card", "del", "ins")),
}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [DAY, NIGHT], ids=["day", "night"])
@pytest.mark.parametrize(("text", "ground"), [(text, ground) for text, grounds in TEXTS.items() for ground in grounds])
def test_text_can_be_told_from_its_ground(colours: dict[str, str], text: str, ground: str) -> None:
    assert contrast(colours[text], colours[ground]) >= LEAST


def test_every_colour_that_is_used_is_there_by_day_and_by_night() -> None:
    used = set(re.findall(r"var\(--([\w-]+)\)", STYLE))
    assert used == set(DAY) == set(NIGHT)


def test_the_style_asks_for_nothing_and_places_nothing_over_the_window() -> None:
    assert not re.search(r"url\(|@import|position: ?(?:fixed|sticky)", STYLE)
