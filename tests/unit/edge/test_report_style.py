"""The colours of a page are far enough apart to be read (WCAG 2.2, 1.4.3), by day and by night."""

from __future__ import annotations

import re

import pytest

from stenolog.edge.report.page import style

LEAST = 4.5
TEXTS = ("ink", "dim", "link", "up", "down", "flag", *(f"s{number}" for number in range(8)))
GROUNDS = ("page", "wash")


def colours(number: int) -> dict[str, str]:
    """The custom properties of one `:root` rule: the first by day, the second by night."""
    rule = re.findall(r":root \{(.*?)\}", style(), re.S)[number]
    pairs = re.findall(r"--([a-z0-9-]+): (#[0-9a-f]+);", rule)
    return {
        name: "#" + "".join(2 * c for c in hue[1:]) if len(hue) == 4 else hue for name, hue in pairs
    }


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("number", [0, 1], ids=["day", "night"])
def test_every_text_can_be_read(number: int) -> None:
    known = colours(number)
    pairs = [(text, ground) for text in TEXTS for ground in GROUNDS] + [("flag", "flag-wash")]
    found = {pair: contrast(known[pair[0]], known[pair[1]]) for pair in pairs}
    assert {pair: value for pair, value in found.items() if value < LEAST} == {}
