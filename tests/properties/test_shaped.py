"""Views over any answer: nothing breaks them, and what they count adds up."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stenolog.projections.documents import ProjectionFailed, encode
from stenolog.projections.shaped import formats
from stenolog.projections.shaped.conversation import Conversation
from stenolog.projections.shaped.filters import Wanted
from stenolog.projections.shaped.findings import grouped_by_text
from stenolog.projections.shaped.views import VIEWS, shaped

SPEAKERS = st.sampled_from(["A", "B", "speaker_1", None])
TEXTS = st.text(max_size=12) | st.sampled_from(["Well.", "=1+1", "\x1b[31m", "\u202e<b>", "-->"])
ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
HOSTILE = ODD | st.lists(ODD, max_size=2) | st.dictionaries(st.text(max_size=3), ODD, max_size=2)
NAMES = [
    "text",
    "words",
    "utterances",
    "chapters",
    "sentiment_analysis_results",
    "entities",
    "content_safety_labels",
    "iab_categories_result",
    "auto_highlights_result",
    "summary",
    "audio_duration",
    "stenolog",
]
MEMBERS = [
    *NAMES,
    "timestamps",
    "times",
    "start",
    "end",
    "speaker",
    "channel",
    "confidence",
    "results",
    "labels",
    "label",
]
EVERYTHING = {one: True for view in VIEWS.values() for one in view.features}
PICKY = Wanted(speaker="A", from_ms=1, label="x", confidence_min=0.5)
LOOSE = Wanted(from_ms=1, label="x", confidence_min=0.5)
# A control character that a terminal obeys, or a mark that turns the direction of what follows.
UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066\u2067]")


@st.composite
def tidy(draw: st.DrawFn) -> dict[str, Any]:
    """An answer as documented: words in order, utterances of one voice, and findings over them."""
    words: list[dict[str, Any]] = []
    at = 0
    for _ in range(draw(st.integers(0, 30))):
        start = at + draw(st.integers(0, 1_500))
        at = start + draw(st.integers(0, 400))
        text = draw(st.text(min_size=1, max_size=8)).strip() or "x"
        words.append({"text": text, "start": start, "end": at, "speaker": draw(SPEAKERS)})
    spans = st.tuples(st.integers(0, at), st.integers(0, at)).map(sorted)
    found = [
        {"text": draw(TEXTS), "start": a, "end": b, "speaker": draw(SPEAKERS)}
        for a, b in draw(st.lists(spans, max_size=6))
    ]
    kinds = st.sampled_from(["POSITIVE", "NEUTRAL", "NEGATIVE"])
    types = st.sampled_from(["date", "person_name"])
    return {
        "text": " ".join(one["text"] for one in words),
        "words": words,
        "utterances": [{**one, "words": [one]} for one in words[:5]],
        "sentiment_analysis_results": [{**one, "sentiment": draw(kinds)} for one in found],
        "entities": [{**one, "entity_type": draw(types)} for one in found],
        "chapters": [{**one, "headline": one["text"]} for one in found],
        "audio_duration": at // 1_000 + 1,
    }


def wild() -> st.SearchStrategy[Any]:
    return st.recursive(
        HOSTILE,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=5)
        ),
        max_leaves=25,
    )


@settings(max_examples=60, deadline=None)
@given(tidy())
def test_views_of_an_answer_in_order_add_up(answer: dict[str, Any]) -> None:
    said = Conversation(answer, EVERYTHING)
    end = said.audio_end_ms
    assert end is not None
    views = {name: shaped(name, said).items for name in VIEWS}
    for name, items in views.items():
        starts = [one["start"] for one in items if one.get("start") is not None]
        assert starts == sorted(starts), name
        assert all(one["end"] <= end for one in items if one.get("end") is not None)
    count = len(answer["words"])
    assert len(views["words"]) == count
    spoken = [word for one in views["sentences"] for word in one["text"].split()]
    assert sorted("".join(spoken)) == sorted("".join("".join(answer["text"].split())))
    assert [one["text"] for one in views["paragraphs"]] or not spoken
    assert sum(one["words"] for one in views["quality"]) == sum(
        bool(w["text"].split()) for w in answer["words"]
    )
    beside = shaped("sentiment", said).beside
    counts = beside["by_speaker"].values() if beside else ()
    assert sum(sum(one.values()) for one in counts) == len(views["sentiment"])
    groups = grouped_by_text(views["entities"])
    assert sum(group["count"] for group in groups) == len(views["entities"])
    by_type = [Wanted(type=kind) for kind in ("date", "person_name")]
    assert sum(one.matches(item) for one in by_type for item in views["entities"]) == len(
        views["entities"]
    )


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), wild(), max_size=6))
def test_nothing_that_a_provider_answers_breaks_a_view(answer: dict[str, Any]) -> None:
    said = Conversation(answer, EVERYTHING)
    for name in VIEWS:
        try:
            view = shaped(name, said)
        except ProjectionFailed:
            continue
        json.loads(encode([list(view.items), view.around]))
        for item in view.items:
            assert not PICKY.matches({**item, "speaker": None})
            LOOSE.matches(item)
        as_written(name, view.items)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(TEXTS, SPEAKERS | TEXTS), max_size=4))
def test_what_was_said_is_text_in_every_format(spoken: list[tuple[str, str | None]]) -> None:
    words = [
        {"text": text, "start": at * 500, "end": at * 500 + 400, "speaker": speaker}
        for at, (text, speaker) in enumerate(spoken)
    ]
    turns = [{**one, "words": [one]} for one in words]
    said = Conversation({"text": "", "words": words, "utterances": turns}, EVERYTHING)
    for name in ("words", "sentences", "utterances"):
        items = shaped(name, said).items
        for written in as_written(name, items):
            assert not UNSAFE.search(written)
        assert "<b>" not in formats.as_markdown(name, items)
        cells = list(csv.reader(io.StringIO(formats.as_csv(items, formats.COLUMNS[name]))))
        assert len(cells) == len(items) + 1
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in cells for cell in row)


def as_written(name: str, items: Any) -> list[str]:
    found = [formats.as_csv(items, formats.COLUMNS[name]).replace("\r\n", "")]
    if name in formats.PROSE:
        found += [formats.as_text(name, items), formats.as_markdown(name, items)]
    if name in formats.CAPTIONED:
        found += [formats.as_srt(items), formats.as_vtt(items)]
    return [one.replace("\n", "") for one in found]
