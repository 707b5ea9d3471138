"""Mark in a turn's text what was found in it: sentences with a sentiment, and entities."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from stenolog.edge.report.conversation import Passage
from stenolog.edge.report.elements import Html, element, joined
from stenolog.edge.report.places import readable

MISSES_MAX = 200  # in one turn, after which its findings seem to be of another text
SHOWN = {"POSITIVE": ("pos", "positive"), "NEGATIVE": ("neg", "negative")}


@dataclass(frozen=True, slots=True)
class _Span:
    begin: int
    end: int
    passage: Passage


def marked(text: str, sentiment: Sequence[Passage], entities: Sequence[Passage]) -> Html:
    """Return the text with its marks; what is not found in it, letter by letter, has none."""
    sentences = [one for one in _spans(text, sentiment) if one.passage.kind in SHOWN]
    names = _spans(text, entities)
    parts: list[Html] = []
    at = 0
    for one in sentences:
        parts.append(_named(text, at, one.begin, names))
        kind, word = SHOWN[one.passage.kind]
        inside = _named(text, one.begin, one.end, names)
        hidden = element("span", f" ({word}) ", class_="unseen")
        parts.append(element("span", inside, hidden, class_=kind, title=word.capitalize()))
        at = one.end
    parts.append(_named(text, at, len(text), names))
    return joined(parts)


def _spans(text: str, passages: Sequence[Passage]) -> list[_Span]:
    """Find the passages' texts one behind the other; none overlaps another."""
    found: list[_Span] = []
    at = misses = 0
    for one in passages:
        if misses == MISSES_MAX:
            break
        begin = text.find(one.text, at) if one.text else -1
        if begin < 0:
            misses += 1
            continue
        at = begin + len(one.text)
        found.append(_Span(begin, at, one))
    return found


def _named(text: str, begin: int, end: int, names: Sequence[_Span]) -> Html:
    """Return a part of the text with the entities that lie wholly in it marked."""
    parts: list[Html | str] = []
    at = begin
    for one in names[bisect_left(names, begin, key=_begin) : bisect_left(names, end, key=_begin)]:
        if one.end <= end:
            kind = readable(one.passage.kind)
            parts += [
                text[at : one.begin],
                element("mark", text[one.begin : one.end], title=kind, class_="entity"),
            ]
            at = one.end
    return joined(parts, text[at:end])


def _begin(span: _Span) -> int:
    return span.begin
