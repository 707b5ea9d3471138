"""Write items of a view as CSV, Markdown, plain text or captions.

Whatever was said is text in all of them: no cell is a formula, nothing is markup, and nothing is
obeyed by a terminal or changes the direction of what follows.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stenolog.intelligence.captions import captions, srt, vtt
from stenolog.intelligence.plain_text import isolated, one_line
from stenolog.intelligence.words import Word
from stenolog.projections.canonical import Item, objects_in
from stenolog.projections.shaped.fields import Fields
from stenolog.projections.shaped.notes import Notes

_SAID = ("start", "end", "speaker", "channel", "utterance", "confidence", "text")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "words": _SAID,
    "sentences": _SAID,
    "paragraphs": _SAID,
    "utterances": _SAID,
    "speakers": (
        "speaker",
        "talk_ms",
        "share",
        "words",
        "words_per_minute",
        "turns",
        "longest_turn_ms",
    ),
    "chapters": ("start", "end", "speaker", "utterance", "gist", "headline", "summary"),
    "sentiment": ("start", "end", "speaker", "utterance", "sentiment", "confidence", "text"),
    "entities": ("start", "end", "speaker", "utterance", "entity_type", "text"),
    "content-safety": ("start", "end", "speaker", "utterance", "labels", "text"),
    "topics": ("start", "end", "speaker", "utterance", "labels", "text"),
    "highlights": ("start", "end", "speaker", "utterance", "count", "rank", "text", "timestamps"),
    "summary": ("type", "model", "text"),
    "redactions": ("start", "end", "policy", "count", "times"),
    "quality": ("speaker", "words", "confidence"),
}
GROUPED_COLUMNS = ("entity_type", "text", "count", "speakers", "starts")
PROSE = frozenset({"words", "sentences", "paragraphs", "utterances", "speakers", "chapters"})
CAPTIONED = frozenset({"words", "sentences", "utterances"})
# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&])")


def as_csv(items: Sequence[Item], columns: Sequence[str]) -> str:
    """Return a line of names and one for each item (RFC 4180); lists are JSON, null is empty."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for item in items:
        writer.writerow([_cell(item.get(name)) for name in columns])
    return text.getvalue()


def as_text(view: str, items: Sequence[Item]) -> str:
    """Return items of a view in `PROSE` as plain text."""
    match view:
        case "words":
            return _line(" ".join(_shown(item["text"]) for item in items))
        case "sentences":
            return "".join(_line(_shown(item["text"])) for item in items)
        case "speakers":
            return "".join(_line(f"{_name(item)}: {_talk(item)}") for item in items)
        case "chapters":
            return "\n".join(
                _line(f"[{clock(item['start'])}] {_shown(item['headline'])}")
                + _line(_shown(item["summary"]))
                for item in items
            )
        case _:
            return "\n".join(
                _line(f"[{clock(item['start'])}] {_name(item)}: {_shown(item['text'])}")
                for item in items
            )


def as_markdown(view: str, items: Sequence[Item]) -> str:
    """Return items of a view in `PROSE` as Markdown; what was said is escaped."""
    match view:
        case "words":
            return _line(" ".join(_escaped(item["text"]) for item in items))
        case "sentences":
            return "".join(
                _line(f"- {clock(item['start'])} {_escaped(item['text'])}") for item in items
            )
        case "speakers":
            head = _line("| speaker | talk |") + _line("| --- | --- |")
            return head + "".join(
                _line(f"| {_escaped(_name(item))} | {_talk(item)} |") for item in items
            )
        case "chapters":
            return "\n".join(
                _line(f"## {_escaped(item['headline'])}")
                + _line(f"\n*{clock(item['start'])}*\n")
                + _line(_escaped(item["summary"]))
                for item in items
            )
        case _:
            return "\n".join(
                _line(
                    f"**{_escaped(_name(item))}** {clock(item['start'])}: {_escaped(item['text'])}"
                )
                for item in items
            )


def as_srt(items: Sequence[Item]) -> str:
    """Return items of a view in `CAPTIONED` as SubRip."""
    return srt(captions(_words_of(items)))


def as_vtt(items: Sequence[Item]) -> str:
    """Return items of a view in `CAPTIONED` as WebVTT."""
    return vtt(captions(_words_of(items)))


def clock(ms: int | None) -> str:
    """Return a time as `h:mm:ss`; `-` for one that is not known."""
    if ms is None:
        return "-"
    minutes, second = divmod(ms // 1_000, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}"


def _cell(value: object) -> object:
    match value:
        case None:
            return ""
        case bool() | int() | float():
            return value
        case str():
            text = one_line(value)
        case _:
            text = one_line(json.dumps(value, ensure_ascii=False))
    given = value if isinstance(value, str) else text
    return f"'{text}" if text.startswith(FORMULA) or given.startswith(FORMULA) else text


def _shown(text: str | None) -> str:
    return isolated(one_line(text or "").strip())


def _escaped(text: str | None) -> str:
    return isolated(_MARKUP.sub(r"\\\1", one_line(text or "").strip()))


def _name(item: Item) -> str:
    return "-" if item["speaker"] is None else _shown(item["speaker"])


def _talk(item: Item) -> str:
    share = "" if item["share"] is None else f", {item['share']:.0%}"
    return f"{clock(item['talk_ms'])}{share}, {item['words']} words, {item['turns']} turns"


def _line(text: str) -> str:
    return f"{text}\n"


def _words_of(items: Sequence[Item]) -> list[Word]:
    """Return what captions are made of; an item without time cannot be one, nor one without text.

    The words of an utterance are its own where they have times, else all have their share of it.
    """
    fields = Fields(Notes())
    found: list[Word] = []
    for item in items:
        own = objects_in(item.get("words"))
        spans = [fields.span(one) for one in own]
        if own and all(start is not None for start, _ in spans):
            texts = [fields.text(one, "text") or "" for one in own]
        else:
            texts = (item["text"] or "").split()
            spans = list(_shares(texts, item["start"], item["end"]))
        for text, (start, end) in zip(texts, spans, strict=True):
            if start is not None and end is not None and text.strip():
                found.append(_word(item, text, start, end, len(found)))
    return found


def _shares(
    texts: Sequence[str], start: int | None, end: int | None
) -> Iterator[tuple[int | None, int | None]]:
    """Yield from when to when each text is said, as long as its part of all characters."""
    whole, said = sum(map(len, texts)), 0
    for text in texts:
        if start is None or end is None:
            yield None, None
        else:
            lasts = end - start
            before, said = said, said + len(text)
            yield start + lasts * before // whole, start + lasts * said // whole


def _word(item: Item, text: str, start: int, end: int, index: int) -> Word:
    told: Mapping[str, Any] = item
    return Word(
        text=" ".join(text.split()),
        start=start,
        end=end,
        confidence=0.0,
        speaker=told.get("speaker"),
        channel=told.get("channel"),
        index=index,
        joined=False,
    )
