"""Exports: what is said is text in each form, and a table is read back as it was."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner

from stenolog.cli.answers import Transcript, checked
from stenolog.cli.exported import csv_of, escaped, markdown_of, text_of
from stenolog.cli.found import ChapterItem, Found
from stenolog.cli.main import stenolog
from tests.cli.other_service import other_service

ID = "0193a1b2-0000-7000-8000-000000000009"
NOTHING = Found(chapters=[], sentiment=[], entities=[], flags=[])
TURN = {"speaker": "A", "start": 61_000, "end": 62_000, "text": "Well, hello."}
SAID = checked(Transcript, {"id": "t", "status": "completed", "utterances": [TURN], "text": "x"})
SILENT = checked(Transcript, {"id": "t", "status": "completed", "text": None})


def rows_of(table: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table, newline="")))


def test_a_table_has_times_speaker_and_text_first_and_no_words_inside() -> None:
    items: list[dict[str, object]] = [
        {"text": 'He said "no",\nthen', "words": [1], "speaker": None, "start": 1, "end": 2}
    ]
    items.append({"start": 3, "end": 4, "text": "x", "labels": [{"label": "a"}]})
    assert rows_of(csv_of(items)) == [
        ["start", "end", "speaker", "text", "labels"],
        ["1", "2", "", 'He said "no",\nthen', ""],
        ["3", "4", "", "x", '[{"label": "a"}]'],
    ]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(begin: str) -> None:
    [[name], [cell]] = rows_of(csv_of([{f"{begin}n": f"{begin}1+1"}]))
    assert name.startswith(("'", "\N{REPLACEMENT CHARACTER}"))
    assert cell.startswith(("'", "\N{REPLACEMENT CHARACTER}"))


def test_text_has_a_line_for_each_turn() -> None:
    assert text_of(SAID) == "[1:01.0] A: Well, hello.\n"
    assert text_of(SILENT) == "\n"


def test_markdown_has_chapters_as_headings_and_text_as_text() -> None:
    chapter = checked(ChapterItem, {"start": 0, "end": 1, "headline": "# <b>*x*</b>"})
    late = checked(ChapterItem, {"start": 99_000, "end": 99_001, "gist": "Late"})
    found = Found(chapters=[chapter, late], sentiment=[], entities=[], flags=[])
    assert markdown_of(SAID, found) == (
        "# Transcript t\n\n## 1\\. \\# \\<b\\>\\*x\\*\\</b\\>\n\n"
        "**A** (1:01.0) Well, hello.\n\n## 2\\. Late\n"
    )
    assert markdown_of(SILENT, NOTHING) == "# Transcript t\n\n\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[a](b) `c` &amp; 1. |", r"\[a\](b) \`c\` \&amp; 1. \|"),
        (" - x", r"\- x"),
        ("10) y", r"10\) y"),
        ("12 apples.", "12 apples."),
        ("# a #", r"\# a \#"),
        ("https://x.example/<i>", r"https://x.example/\<i\>"),
    ],
)
def test_markdown_shows_text_as_it_is(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_the_whole_is_written_and_not_a_page() -> None:
    native = f"/api/v1/transcripts/{ID}"
    with other_service() as service:
        job = {"id": ID, "status": "completed"}
        items = [{"start": at, "end": at, "text": f"w{at}"} for at in range(4)]
        service.paths = {
            f"{native}/words?limit=200&after=": page(items[2:], None),
            f"{native}/words": page(items[:2], "b"),
            native: json.dumps(job).encode(),
            "/v2/transcript": json.dumps(job).encode(),
        }
        words = ["export", ID, "--url", service.url, "--api-key", "k", "--format"]
        table = CliRunner().invoke(stenolog, [*words, "csv"])
        assert table.exit_code == 0, table.output
        assert rows_of(table.stdout)[1:] == [[str(at), str(at), f"w{at}"] for at in range(4)]
        listed = CliRunner().invoke(stenolog, [*words, "json", "--view", "words"])
        assert json.loads(listed.stdout) == items


@pytest.mark.parametrize(
    "words",
    [
        ("--format", "pdf"),
        ("--format", "srt", "--view", "words"),
        ("--format", "csv", "--view", "x"),
        (),
    ],
)
def test_a_form_that_there_is_not_is_wrong_usage(words: tuple[str, ...]) -> None:
    assert CliRunner().invoke(stenolog, ["export", ID, *words]).exit_code == 2


def page(items: list[dict[str, object]], following: str | None) -> bytes:
    return json.dumps({"items": items, "next": following}).encode()
