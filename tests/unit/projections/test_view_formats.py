"""Views as CSV, Markdown, text and captions: what programs of others read in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import av
import pytest

from stenolog.projections.canonical import Item
from stenolog.projections.shaped import formats
from stenolog.projections.shaped.conversation import Conversation
from stenolog.projections.shaped.views import shaped
from tests.unit.projections.answers import full_answer

HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=\u202e1"]


def items(view: str, **answer: Any) -> Sequence[Item]:
    return shaped(view, Conversation(full_answer(**answer), {})).items


@pytest.mark.parametrize("view", ["words", "sentences", "utterances"])
@pytest.mark.parametrize(
    ("format", "written"), [("srt", formats.as_srt), ("webvtt", formats.as_vtt)]
)
def test_captions_are_read_by_ffmpeg(view: str, format: str, written: Any) -> None:
    text = written(items(view))
    with av.open(io.BytesIO(text.encode()), format=format) as captions:
        cues = [one for one in captions.demux() if one.size]
        said = " ".join(bytes(one).decode() for one in cues)
        times = [float(one.pts * one.time_base) for one in cues]
    assert said == " ".join(str(word["text"]) for word in items("words"))
    assert times == sorted(times)
    assert times[0] == 0.2


def test_an_utterance_without_words_is_captioned_in_its_own_time() -> None:
    turn = {"text": "one two three four", "start": 0, "end": 15_000, "speaker": "A", "words": None}
    long = {**turn, "text": " ".join(["wording"] * 20), "start": 20_000, "end": 40_000}
    shown = formats.as_srt(items("utterances", utterances=[turn, long]))
    assert "00:00:00,000 --> 00:00:15,000\none two three four\n" in shown
    assert "-->" in shown.split("00:00:20,000", 1)[1]
    assert shown.rstrip().endswith("wording")
    assert "00:00:40,000" in shown


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_is_a_formula(text: str) -> None:
    entity = {"entity_type": text, "text": text, "start": 0, "end": 1}
    written = formats.as_csv(items("entities", entities=[entity]), formats.COLUMNS["entities"])
    [row] = csv.DictReader(io.StringIO(written))
    assert row["text"].startswith("'")
    assert row["entity_type"].startswith("'")
    assert row["start"] == "0"


def test_markdown_has_no_markup_of_others() -> None:
    turn = {"text": "# *a* <b> [x](y) `c` | d", "start": 0, "end": 1, "speaker": "_B_"}
    shown = formats.as_markdown("utterances", items("utterances", utterances=[turn]))
    assert shown == (r"**\_B\_** 0:00:00: \# \*a\* \<b\> \[x\]\(y\) \`c\` \| d" + "\n")


def test_right_to_left_text_keeps_its_direction_to_itself() -> None:
    turn = {"text": "שלום", "start": 0, "end": 1, "speaker": "A"}
    shown = formats.as_text("utterances", items("utterances", utterances=[turn]))
    assert shown == "[0:00:00] A: \u2068שלום\u2069\n"
