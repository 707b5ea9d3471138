"""The page of a transcript: whatever is said in it is text, and it needs and loads nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stenolog.edge.report.page import (
    AUDIO_PLACE,
    Facts,
    content_security_policy,
    report_page,
    script,
    style,
)
from stenolog.edge.report.reading import ViewItems, conversation
from stenolog.edge.report.timeline import LANES_MAX
from stenolog.projections.documents import encode
from stenolog.simulator.assemblyai.results import transcript

FEATURES = (
    "speaker_labels",
    "auto_chapters",
    "sentiment_analysis",
    "entity_detection",
    "content_safety",
    "iab_categories",
    "auto_highlights",
    "summarization",
)
FINDINGS = {
    "chapters": "chapters",
    "sentiment": "sentiment_analysis_results",
    "entities": "entities",
}
BLOCKS = {
    "content-safety": "content_safety_labels",
    "topics": "iab_categories_result",
    "highlights": "auto_highlights_result",
}
HOSTILE = "<script>alert(1)</script><!--audio-->\"'&amp;\x1b[31m\x07\u202egnp\u2066\ud800</main>"
HARMLESS = "one two"
ID = "0193a1b2-0000-7000-8000-000000000009"


class Parsed(HTMLParser):
    """A page as a browser sees it: its tags in order, and its texts."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.texts: list[str] = []
        self.comments: list[str] = []
        self.feed(page.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def values(self, name: str) -> list[str]:
        """Every value of an attribute."""
        return [value or "" for _, attrs in self.tags for key, value in attrs if key == name]

    @property
    def shape(self) -> list[tuple[str, list[str]]]:
        """Tags with the names of their attributes."""
        return [(tag, [name for name, _ in attrs]) for tag, attrs in self.tags]

    @property
    def text(self) -> str:
        """All that is read."""
        return "".join(self.texts)


def facts(**more: Any) -> Facts:
    return Facts(id=ID, submitted_at="2026-11-30T16:17:58.1Z", provider="local", **more)


def view(items: list[Any], beside: object = None) -> ViewItems:
    return ViewItems(
        items=tuple(orjson.dumps(item) for item in items),
        around=None if beside is None else orjson.dumps({"beside": beside}),
    )


def views_of(answer: Mapping[str, Any]) -> dict[str, ViewItems]:
    found = {name: view(answer[field]) for name, field in FINDINGS.items()}
    for name, field in BLOCKS.items():
        found[name] = view(answer[field]["results"], {**answer[field], "results": None})
    turns = [{**one, "words": None} for one in answer["utterances"]]
    return {
        **found,
        "utterances": view(turns),
        "summary": view([{"text": answer["summary"]}]),
    }


def said_by_simulator(seconds: float = 120.0) -> dict[str, Any]:
    return dict(transcript("seed", seconds, FEATURES, {"summary_type": "bullets"}))


def everywhere(text: str) -> tuple[Facts, dict[str, ViewItems]]:
    """A transcript of which every text is this one."""
    times = {"start": 100, "end": 900}
    label = {"label": text, "confidence": 0.5, "severity": 0.1, "relevance": 0.5}
    views: dict[str, list[Any]] = {
        "utterances": [{**times, "speaker": text, "text": text}],
        "chapters": [{**times, "gist": text, "headline": text, "summary": f"{text} ."}],
        "sentiment": [{**times, "sentiment": "NEGATIVE", "text": text}],
        "entities": [{**times, "entity_type": text, "text": text}],
        "content-safety": [{**times, "text": text, "labels": [label]}],
        "topics": [{**times, "text": text, "labels": [label]}],
        "highlights": [{"text": text, "count": 2, "rank": 0.5, "timestamps": [times]}],
        "summary": [{"text": text}],
    }
    encoded = {
        name: ViewItems(items=tuple(encode(one) for one in items)) for name, items in views.items()
    }
    return facts(subject=text, language_code=text, warnings=(text,), text=text), encoded


def test_hostile_text_never_becomes_markup() -> None:
    """The page has the same tags and attributes, whatever is said."""
    page, harmless = (Parsed(report_page(*everywhere(text))) for text in (HOSTILE, HARMLESS))
    # An invalid language code is no attribute: here neither of both is one.
    assert page.shape == harmless.shape
    assert page.comments == harmless.comments == [AUDIO_PLACE.strip("<!->")]
    assert page.text.count("<script>alert(1)</script>") > 10
    whole = report_page(*everywhere(HOSTILE)).decode()
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]", whole
    )
    assert whole.count(AUDIO_PLACE) == 1


def test_what_emoji_and_persian_are_made_of_stays() -> None:
    family, persian = (
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    )
    page = Parsed(report_page(*everywhere(f"{family} {persian}")))
    assert f"{family} {persian}" in page.text
    assert ("dir", "auto") in next(attrs for tag, attrs in page.tags if ("class", "text") in attrs)


def test_the_policy_allows_the_style_and_the_script_of_the_page_and_nothing_else() -> None:
    page = Parsed(report_page(facts(), views_of(said_by_simulator())))
    hashes = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (style(), script())
    ]
    assert content_security_policy() == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "media-src data:; base-uri 'none'; form-action 'none'"
    )
    assert content_security_policy() in page.values("content")
    assert {style(), script()} <= set(page.texts)
    assert not {"style", "src", "srcset", "action"} & {
        name for _, names in page.shape for name in names
    }
    assert not [name for _, names in page.shape for name in names if name.startswith("on")]
    assert [tag for tag, _ in page.tags if tag in ("script", "style", "link", "img", "iframe")] == [
        "style",
        "script",
    ]


def test_every_link_leads_to_something_on_the_page() -> None:
    page = Parsed(report_page(facts(), views_of(said_by_simulator())))
    links, ids = page.values("href"), page.values("id")
    assert len(ids) == len(set(ids))
    assert links
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert set(page.values("aria-labelledby")) <= set(ids)


def test_without_scripts_everything_is_there() -> None:
    answer = said_by_simulator()
    page = Parsed(report_page(facts(), views_of(answer)))
    hidden = page.text.replace(" (positive) ", "").replace(" (negative) ", "")
    for turn in answer["utterances"]:
        assert turn["text"] in hidden
    for chapter in answer["chapters"]:
        assert chapter["headline"] in page.text
    for entity in answer["entities"]:
        assert entity["text"] in page.texts
    for flag in answer["content_safety_labels"]["results"]:
        assert flag["labels"][0]["label"].replace("_", " ") in page.text
    marks = [("negative", "NEGATIVE"), ("positive", "POSITIVE")]
    for word, kind in marks:
        known = [one for one in answer["sentiment_analysis_results"] if one["sentiment"] == kind]
        assert page.text.count(f"({word})") == len(known)


@pytest.mark.parametrize("speakers", [1, LANES_MAX, 40])
def test_many_speakers_share_a_row_of_the_timeline(speakers: int) -> None:
    turns = [
        {"start": 1_000 * at, "end": 1_000 * at + 900, "speaker": f"person {at}", "text": "yes"}
        for at in range(speakers)
    ]
    page = Parsed(report_page(facts(), {"utterances": view(turns)}))
    lanes = [value for value in page.values("class") if value == "row lane"]
    assert len(lanes) == min(speakers, LANES_MAX)
    for at in range(speakers):
        assert f"person {at}" in page.texts


def test_three_hours_are_one_page_that_a_phone_can_hold() -> None:
    answer = said_by_simulator(11_400.0)
    assert len(answer["words"]) > 30_000
    page = report_page(facts(audio_ms=11_400_000), views_of(answer))
    assert len(page) < 3 << 20


def test_turns_are_made_of_words_where_nobody_told_the_speakers_apart() -> None:
    words = [{"start": 100 * at, "end": 100 * at + 90, "text": f"w{at}"} for at in range(200)]
    words.append({"start": 60_000, "end": 60_100, "text": "later"})
    said = conversation({"utterances": ViewItems(), "words": view(words)}, "")
    assert " ".join(turn.text for turn in said.turns) == " ".join(str(w["text"]) for w in words)
    assert [turn.text for turn in said.turns][-1] == "later"
    assert len(said.turns) == 4


def test_text_without_times_is_one_turn() -> None:
    page = Parsed(report_page(facts(text="All of it."), {"words": view([{"text": None}])}))
    assert "All of it." in page.texts
    assert not [tag for tag, _ in page.tags if tag == "svg"]
    assert "Nothing was said." in Parsed(report_page(facts(), {})).text


def test_who_found_something_is_said_where_it_was_not_the_provider() -> None:
    answer = said_by_simulator()
    views = views_of(answer)
    source = {"source": {"by": "stenolog", "method": "m", "version": "1"}}
    ours = ViewItems(items=views["entities"].items, around=orjson.dumps(source))
    page = Parsed(report_page(facts(), {**views, "entities": ours}))
    assert "Found by Stenolog in what was said: entities." in page.text
    assert "Found by Stenolog" not in Parsed(report_page(facts(), views)).text


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["start", "end", "text", "speaker", "labels", "timestamp", "timestamps", "count", "sentiment"]
)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["words", *FINDINGS, *BLOCKS]),
        st.lists(st.dictionaries(NAMES, JSON, max_size=5), max_size=3),
    ),
    JSON,
)
def test_no_item_is_too_odd_for_a_page(items: dict[str, list[Any]], beside: Any) -> None:
    Parsed(report_page(facts(), {name: view(given, beside) for name, given in items.items()}))


def test_a_turn_has_each_flag_once_and_a_list_each_name() -> None:
    times = {"start": 100, "end": 900}
    flags = [{**times, "text": "x", "labels": [{"label": "hate_speech"}]}] * 3
    names = [{**times, "entity_type": "location", "text": text} for text in ("Leeds", "leeds")]
    turn = {**times, "speaker": "A", "text": "Leeds, leeds."}
    views = {"utterances": view([turn]), "content-safety": view(flags), "entities": view(names)}
    page = report_page(facts(), views).decode()
    assert page.count("⚑ hate speech") == 1
    assert re.search(r'class="name"[^>]*><bdi>Leeds</bdi></a><span class="dim"> × 2', page)
    assert "<bdi>leeds</bdi>" not in page
