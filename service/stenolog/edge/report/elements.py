"""Write HTML elements: every text that goes into one is escaped, unless it is an element itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Final

VOID: Final = frozenset({"meta", "br", "hr"})
# Controls of the terminal, and marks that turn the order of the letters around (UAX 9, 2): a reader
# would see other words than were written. ZWJ and ZWNJ stay, of which emoji and Persian are made.
TURNING = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff"
HALVES = "\ud800-\udfff"  # of surrogate pairs, which UTF-8 has not
UNSEEN: Final = re.compile(f"[{TURNING}{CONTROLS}{HALVES}]")


class Html(str):
    """Markup that may stand in a page as it is; only this module makes it."""

    __slots__ = ()


Inside = Html | str | int | None | Iterable["Html | str | None"]


def element(name: str, /, *inside: Inside, **attributes: str | int | bool | None) -> Html:
    """Return an element with its attributes and what is inside, in order.

    An attribute that is None or False is left out, True stands without a value. Their names lose a
    last underscore, and other underscores are hyphens: `class_`, `aria_label`.
    """
    written = "".join(
        f" {key.removesuffix('_').replace('_', '-')}"
        + ("" if value is True else f'="{escape(cleaned(str(value)))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{joined(*inside)}</{name}>")


def joined(*parts: Inside) -> Html:
    """Return the parts behind each other; what is no `Html` is text."""
    return Html("".join(_written(part) for part in parts))


def constant(markup: str) -> Html:
    """Return markup of ours, which nothing of a transcript is in."""
    return Html(markup)


def cleaned(text: str) -> str:
    """Return the text with a visible sign for everything that a reader would not see."""
    return UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)


def _written(part: Inside) -> str:
    if part is None:
        return ""
    if isinstance(part, Html):
        return part
    if isinstance(part, str | int):
        return escape(cleaned(str(part)))
    return "".join(_written(one) for one in part)
