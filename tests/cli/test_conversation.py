"""A conversation on a terminal: wrapped to its columns, coloured, and always text."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from typing import Any

import pytest

from stenolog.cli.answers import Transcript, checked
from stenolog.cli.cells import width_of, wrap
from stenolog.cli.conversation import conversation
from stenolog.cli.found import ChapterItem, EntityItem, FlagItem, Found, SentimentItem
from stenolog.cli.paint import Paint, colours_wanted

COLOURS = re.compile("\x1b\\[[0-9;]*m")
HOSTILE = "\x1b[2J\x1b]0;x\x07 \u202egnp <b>"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def transcript(*turns: tuple[str, int, str]) -> Transcript:
    said = [
        {"speaker": speaker, "start": start, "end": start + 900, "text": text}
        for speaker, start, text in turns
    ]
    return checked(Transcript, {"id": "t", "status": "completed", "utterances": said, "text": "x"})


def found(text: str = "Leeds") -> Found:
    label = {"label": "profanity", "confidence": 0.9, "severity": 0.25}
    times = {"start": 1_000, "end": 1_900}
    sentiment = [{**times, "sentiment": kind, "text": text} for kind in ("POSITIVE", "NEUTRAL")]
    return Found(
        chapters=[checked(ChapterItem, {"start": 900, "end": 2_000, "headline": text})],
        sentiment=[checked(SentimentItem, one) for one in sentiment],
        entities=[checked(EntityItem, {**times, "entity_type": "location", "text": text})] * 2,
        flags=[checked(FlagItem, {"timestamp": times, "text": text, "labels": [label]})],
    )


def test_a_name_is_counted_once_in_any_case() -> None:
    names = [{"entity_type": "location", "text": text} for text in ("Leeds", "LEEDS", "York")]
    told = Found(
        chapters=[], sentiment=[], entities=[checked(EntityItem, one) for one in names], flags=[]
    )
    assert list(conversation(transcript(*TWO), told, Paint()))[-1] == "location  Leeds ×2, York"


def test_a_flag_whose_label_is_not_known_is_shown_as_one() -> None:
    times = {"start": 1_000, "end": 1_900}
    flag = checked(FlagItem, {"timestamp": times, "text": "x", "labels": [{"label": None}]})
    told = Found(chapters=[], sentiment=[], entities=[], flags=[flag])
    assert "          ! flagged" in list(conversation(transcript(*TWO), told, Paint()))


NOTHING = Found(chapters=[], sentiment=[], entities=[], flags=[])
TWO = (("A", 0, "How are you?"), ("0", 1_000, "Well, in Leeds."))


def test_without_a_terminal_it_is_plain_and_a_turn_is_one_line() -> None:
    assert list(conversation(transcript(*TWO), found(), Paint())) == [
        "  0:00.0  A: How are you?",
        "",
        "1  Leeds",
        "  0:01.0 +0: Well, in Leeds.",
        "          ! profanity, 90 % sure, severity 25 %",
        "",
        "sentiment  1 positive, 0 negative, 1 neutral (+ positive, - negative, ~ both)",
        "location  Leeds ×2",
    ]


def test_colours_are_all_that_a_terminal_has_more() -> None:
    plain = list(conversation(transcript(*TWO), found(), Paint(False)))
    painted = list(conversation(transcript(*TWO), found(), Paint(True)))
    assert [COLOURS.sub("", line) for line in painted] == plain
    voices = [re.search("\x1b\\[1m\x1b\\[\\d+m(.)\x1b\\[0m: ", line) for line in painted]
    names = [one for one in voices if one]
    assert [one[1] for one in names] == ["A", "0"]
    assert len({one[0][:9] for one in names}) == 2


@pytest.mark.parametrize(
    ("terminal", "environment", "wanted"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": ""}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
    ],
)
def test_colours_are_for_terminals_whose_user_wants_them(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, environment: dict[str, str], wanted: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with redirect_stdout(Terminal() if terminal else io.StringIO()):
        assert colours_wanted() == wanted


@pytest.mark.parametrize(
    "text", ["word " * 60, "a b " * 60, "\u8bed\u97f3" * 60, "x" * 200, HOSTILE * 9]
)
def test_no_line_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with redirect_stdout(Terminal()):
        lines = list(conversation(transcript(("A", 0, text)), found(text), Paint(True)))
    shown = [one for line in lines for one in COLOURS.sub("", line).split("\n")]
    assert max(map(width_of, shown)) <= 79
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", "".join(shown))


def test_without_speakers_there_is_the_text_and_what_was_found() -> None:
    silent: dict[str, Any] = {"id": "t", "status": "completed", "text": "All of it."}
    lines = list(conversation(checked(Transcript, silent), found(), Paint(False)))
    assert lines[0] == "All of it."
    assert "1  Leeds" in lines
    assert "! 0:01.0  profanity, 90 % sure, severity 25 %" in lines
    assert list(conversation(checked(Transcript, silent), NOTHING, Paint(False))) == ["All of it."]


def test_a_text_is_wrapped_by_the_columns_that_it_takes() -> None:
    assert list(wrap("\u8bed\u97f3\u8f6c\u5199 ab", width=6)) == ["\u8bed\u97f3\u8f6c", "\u5199 ab"]
    assert list(wrap("e\u0301" * 8, width=4)) == ["e\u0301" * 4] * 2
    assert list(wrap("one two", width=9, first="A: ", indent=3)) == ["A: one", "   two"]
    assert list(wrap("", width=9, first="A: ")) == ["A:"]
