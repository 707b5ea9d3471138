"""`stenolog accesses`: who read what; an empty page is not the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result

from stenolog.cli.accesses import command
from tests.cli.other_service import Other, other_service

READ = {
    "transcript_id": "t1",
    "view": "words",
    "actor": "k1",
    "minute": "2026-11-21T08:00:00Z",
    "recorded_at": "2026-11-21T08:00:03.000412Z",
    "position": 57,
    "correlation_id": "c1",
}


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Other]:
    monkeypatch.chdir(tmp_path)
    with other_service() as made:
        yield made


def accesses(other: Other, *words: str, **body: Any) -> Result:
    other.body = json.dumps({"next": None, **body}).encode()
    given = [*words, "--url", other.url, "--api-key", "k"]
    return CliRunner().invoke(command, given, catch_exceptions=False)


def test_a_line_says_when_who_and_what(other: Other) -> None:
    whole = {**READ, "transcript_id": None, "view": "entities", "actor": "\x1b[31mk2"}
    answer = accesses(other, "--actor", "k1", "--subject", "a b", items=[READ, whole])
    head, first, second = answer.stdout.splitlines()
    assert head.split("  ")[0] == "minute (UTC)"
    assert first.split() == ["2026-11-21", "08:00", "k1", "t1", "words"]
    assert "\x1b" not in second
    assert second.split()[-3:] == ["all", "transcripts", "entities"]
    asked = parse_qs(urlsplit(other.received[-1].path).query)
    assert (asked["actor"], asked["subject"], asked["limit"]) == (["k1"], ["a b"], ["200"])


def test_programs_get_what_the_service_says(other: Other) -> None:
    answer = accesses(other, "--json", "--all", items=[READ, READ])
    assert [json.loads(line) for line in answer.stdout.splitlines()] == [READ, READ]
    short = accesses(other, "--limit", "1", items=[READ, READ])
    assert len(short.stdout.splitlines()) == 2
    assert "there are more" in short.stderr
    assert "no reads" in accesses(other, items=[]).stderr
    assert accesses(other, "--all", items=[]).exit_code == 2
