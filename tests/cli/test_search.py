"""`stenolog search` on a terminal: what was found, when and by whom; nothing obeys the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result

from stenolog.cli.search import command
from tests.cli.other_service import Other, other_service

EVIL = "\x1b]0;pwned\x07 \u202e ⦃ a\nrefund"


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Other]:
    monkeypatch.chdir(tmp_path)
    with other_service() as made:
        yield made


def item(
    snippet: str, *marks: list[int], start: int | None = 61_500, **more: Any
) -> dict[str, Any]:
    return {
        "transcript_id": "t1",
        "start": start,
        "end": 70_000,
        "speaker": "A",
        "snippet": snippet,
        "marks": list(marks),
        "rank": 0.5,
        **more,
    }


def search(other: Other, *words: str, color: bool = False, **body: Any) -> Result:
    other.body = json.dumps({"next": None, **body}).encode()
    given = [*words, "--url", other.url, "--api-key", "k"]
    return CliRunner().invoke(command, given, color=color, catch_exceptions=False)


def test_each_transcript_is_named_once_above_what_was_said_in_it(other: Other) -> None:
    items = [
        item("I want a refund", [9, 15]),
        item("no refund", [3, 9], start=None, speaker=None),
        item("a refund", [2, 8], transcript_id="t2"),
    ]
    answer = search(other, "refund", items=items)
    assert answer.stdout.splitlines() == [
        "t1",
        "  1:01.5  A: I want a refund",
        "          no refund",
        "t2",
        "  1:01.5  A: a refund",
    ]
    assert answer.exit_code == 0
    assert "\x1b[1mrefund\x1b[0m" in search(other, "refund", color=True, items=items).stdout


def test_lines_have_at_most_80_columns(other: Other) -> None:
    long = item("a refund of this and that order, " * 7, [2, 8], [35, 41])
    lines = search(other, "refund", items=[long]).stdout.splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 80


def test_what_was_said_obeys_the_terminal_in_nothing(other: Other) -> None:
    evil = item(EVIL, [0, 4], [3, 1], [5, 10**9], speaker=EVIL)
    answer = search(other, "x", color=True, items=[evil])
    assert "pwned" in answer.stdout
    assert not any(sign in answer.stdout for sign in ("\x1b]", "\x07", "\u202e", "⦃"))
    assert len(answer.stdout.splitlines()) == 2


def test_what_is_asked_is_sent_and_pages_are_followed(other: Other) -> None:
    first = json.dumps({"items": [item("a")] * 200, "next": "x"}).encode()
    other.paths["/api/v1/search?q=two+words&speaker=A&limit=200"] = first
    answer = search(
        other, "two", "words", "--speaker", "A", "--json", "--limit", "201", items=[item("b")]
    )
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [one["snippet"] for one in lines] == ["a"] * 200 + ["b"]
    last = parse_qs(urlsplit(other.received[-1].path).query)
    assert last == {"q": ["two words"], "speaker": ["A"], "limit": ["1"], "after": ["x"]}


def test_nothing_is_said_to_be_nothing(other: Other) -> None:
    answer = search(other, "refund", items=[])
    assert (answer.exit_code, answer.stdout) == (0, "")
    assert "nothing was found" in answer.stderr
