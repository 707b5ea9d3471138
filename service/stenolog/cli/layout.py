"""Lay text out on a terminal: tables, facts and turns, in one style."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Iterator, Sequence

from stenolog.cli.answers import Transcript, Utterance
from stenolog.cli.cells import wrap
from stenolog.cli.words import COLUMNS, clock, safe

COLUMNS_MIN = 40
GAP = "  "
PROVIDERS = {"local": "the embedded engine", "assemblyai": "AssemblyAI", "aimlapi": "AIMLAPI"}
LAST_COLUMNS_MIN = 16
NAME_COLUMNS = 10
TURN_COLUMNS = 13  # of time and speaker: `  0:01.0  A: `


def columns() -> int:
    """Return how wide the terminal is; 80 where standard output is none."""
    if not sys.stdout.isatty():
        return COLUMNS
    return max(COLUMNS_MIN, shutil.get_terminal_size((COLUMNS, 24)).columns)


def wrapped(text: str, first: str = "", indent: int = 2, width: int | None = None) -> str:
    """Return the text within the columns; `first` begins it, and what follows is indented."""
    width = (width or columns()) - 1
    return "\n".join(wrap(safe(text), width=width, first=first, indent=indent))


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[str] = ()
) -> Iterator[str]:
    """Yield a line of column names, and one of each row; columns named in `right` are numbers.

    On a terminal the last column goes on below itself; elsewhere each row is one line.
    """
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    indent = sum(widths[:-1]) + len(GAP) * (len(head) - 1)
    wraps = sys.stdout.isatty() and indent + LAST_COLUMNS_MIN <= columns()
    for line in lines:
        cells = [
            cell.rjust(width) if name in right else cell.ljust(width)
            for name, cell, width in zip(head, line, widths, strict=True)
        ]
        begin, last = "".join(cell + GAP for cell in cells[:-1]), cells[-1].rstrip()
        yield wrapped(last, begin, indent) if wraps and last else f"{begin}{last}".rstrip()


def fact(name: str, value: str) -> str:
    """Return a name and its value, which on a terminal goes on below itself."""
    return below(f"{name:<{NAME_COLUMNS}} ", value)


def below(begin: str, text: str) -> str:
    """Return a text behind its beginning, below which it goes on on a terminal."""
    return wrapped(text, begin, len(begin)) if sys.stdout.isatty() else begin + safe(text)


def minute(time: str) -> str:
    """Return an event's time to the minute: `2026-11-30 15:03`."""
    return time[:16].replace("T", " ")


def spoken(transcript: Transcript) -> Iterator[str]:
    """Yield who said what, or all text where speakers were not told apart.

    On a terminal it is wrapped; elsewhere each turn is one line.
    """
    for turn in transcript.utterances or ():
        yield said(turn)
    if not transcript.utterances:
        yield plain(transcript.text or "(no speech)")


def said(turn: Utterance, mark: str = " ", begin: str | None = None) -> str:
    """Return what one speaker said, its sign before the speaker.

    `begin` stands in the place of time, sign and speaker, and is as wide.
    """
    plainly = f"{clock(turn.start):>8} {mark}{turn.speaker or '?'}: "
    text = plainly + turn.text
    if sys.stdout.isatty():
        text = wrapped(turn.text, plainly, TURN_COLUMNS)
    return text if begin is None else begin + text[len(plainly) :]


def plain(text: str) -> str:
    """Return a text that on a terminal is wrapped, and elsewhere is one line."""
    return wrapped(text, indent=0) if sys.stdout.isatty() else text
