"""Write a transcript as plain text, as Markdown or as a table; hostile text stays text in each."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stenolog.cli.answers import Transcript, Utterance
from stenolog.cli.conversation import entity_lines, labels_of, sentiment_line
from stenolog.cli.found import Found
from stenolog.cli.words import clock, safe

# What a spreadsheet would take for a formula (OWASP, "CSV Injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r")
FIRST = ("start", "end", "speaker", "text")  # columns that people look for first
LEFT_OUT = ("words",)  # inside utterances and sentences: a view of their own
MARKDOWN = re.compile(r"([\\`*_\[\]<>|~&#])")
BULLET, NUMBER = re.compile(r"^([-+=])"), re.compile(r"^([0-9]+)([.)])")


def text_of(transcript: Transcript) -> str:
    """Return one line for each turn, with time and speaker; or all text, where there are none."""
    turns = transcript.utterances or []
    lines = [f"[{clock(one.start)}] {_name(one)}{one.text}" for one in turns]
    return "\n".join(lines or [transcript.text or ""]) + "\n"


def markdown_of(transcript: Transcript, found: Found) -> str:
    """Return a Markdown document: what was said below its chapters, then what was found."""
    return "\n\n".join(_markdown(transcript, found)) + "\n"


def csv_of(items: Sequence[Mapping[str, Any]]) -> str:
    """Return a table (RFC 4180), a row for each item; what is inside a member is JSON."""
    names = list(dict.fromkeys(name for item in items for name in item if name not in LEFT_OUT))
    names.sort(key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(map(_cell, names))
    writer.writerows([_cell(item.get(name)) for name in names] for item in items)
    return table.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        text = safe(value)
        return f"'{text}" if text.startswith(FORMULA) else text
    return json.dumps(value, ensure_ascii=False)


def _name(turn: Utterance) -> str:
    return "" if turn.speaker is None else f"{turn.speaker}: "


def _markdown(transcript: Transcript, found: Found) -> Iterator[str]:
    yield f"# Transcript {transcript.id}"
    chapters = list(enumerate(found.chapters, start=1))
    for turn in transcript.utterances or []:
        while chapters and (chapters[0][1].start or 0) <= turn.start:
            number, chapter = chapters.pop(0)
            yield f"## {number}\\. {escaped(chapter.title)}"
        speaker = "" if turn.speaker is None else f"**{escaped(turn.speaker)}** "
        yield f"{speaker}({clock(turn.start)}) {escaped(turn.text)}"
    if not transcript.utterances:
        yield escaped(transcript.text or "")
    for number, chapter in chapters:
        yield f"## {number}\\. {escaped(chapter.title)}"
    if found.sentiment:
        yield f"## Sentiment\n\n{sentiment_line(found)}"
    if found.entities:
        lines = [f"- {escaped(kind)}: {escaped(names)}" for kind, names in entity_lines(found)]
        yield "\n".join(("## Entities\n", *lines))
    if found.flags:
        lines = [
            f"- {clock(one.start_ms or 0)} {escaped(labels_of(one))}: {escaped(one.text or '')}"
            for one in found.flags
        ]
        yield "\n".join(("## Flagged passages\n", *lines))


def escaped(text: str) -> str:
    """Return the text so that Markdown shows it as it is (CommonMark 0.31.2, 2.4)."""
    inline = MARKDOWN.sub(r"\\\1", text.strip())
    return NUMBER.sub(r"\1\\\2", BULLET.sub(r"\\\1", inline))
