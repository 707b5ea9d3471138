"""Whatever AIMLAPI's models answer, nothing of it is dropped, and times stay in order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stenolog.wire.aimlapi.results import result_of, speech_share
from stenolog.wire.aimlapi.times import ms
from stenolog.wire.aimlapi.transcripts import OWN, members_of
from stenolog.wire.aimlapi.turns import letters

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
SECONDS = st.floats(0, 40_000, allow_nan=False)
SHARE = st.floats(0, 1, allow_nan=False)
# Names that a later version of a service may use for anything.
OTHERS = st.dictionaries(
    st.sampled_from(["language", "tag", "speaker_confidence", "id", "text"]),
    st.none() | TEXT | st.integers(-5, 5) | st.lists(TEXT, max_size=2),
    max_size=2,
)


def item(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    fixed = st.fixed_dictionaries(required, optional=optional)
    return st.builds(lambda one, more: {**more, **one}, fixed, OTHERS)


WORD = item(
    {"word": TEXT, "start": SECONDS, "end": SECONDS, "confidence": SHARE},
    {"punctuated_word": TEXT, "speaker": st.integers(0, 30)},
)
WORDS = st.lists(WORD, max_size=5)
ENTITY = item(
    {"label": TEXT, "value": TEXT, "start_word": st.integers(0, 6), "end_word": st.integers(0, 6)},
    {"confidence": SHARE},
)
CHANNEL = item(
    {
        "alternatives": st.lists(
            item(
                {"transcript": TEXT, "confidence": SHARE, "words": WORDS},
                {"entities": st.lists(ENTITY, max_size=2), "paragraphs": OTHERS},
            ),
            max_size=2,
        )
    },
    {"detected_language": TEXT},
)
UTTERANCE = item(
    {
        "start": SECONDS,
        "end": SECONDS,
        "confidence": SHARE,
        "channel": st.integers(0, 2),
        "transcript": TEXT,
        "words": WORDS,
    },
    {"speaker": st.integers(0, 30)},
)
SEGMENT = item(
    {"text": TEXT, "start_word": st.integers(0, 6), "end_word": st.integers(0, 6)},
    {"sentiment": st.sampled_from(["positive", "neutral", "negative"]), "sentiment_score": SHARE},
)
DEEPGRAM = st.fixed_dictionaries(
    {
        "results": item(
            {"channels": st.lists(CHANNEL, max_size=3) | CHANNEL},
            {
                "utterances": st.lists(UTTERANCE, max_size=2),
                "sentiments": st.fixed_dictionaries({"segments": st.lists(SEGMENT, max_size=2)}),
                "summary": st.fixed_dictionaries({"result": TEXT, "short": TEXT}),
            },
        )
    },
    optional={"metadata": item({"duration": SECONDS, "channels": st.integers(1, 3)}, {})},
)
SPOKEN_AT = ("words", "utterances")


def leaves(value: Any, name: str = "", spoken: bool = False) -> Iterator[tuple[Any, Any]]:
    """Everything that is said, and how it is said of words: times in ms, speakers as letters."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, key, spoken)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one, name, spoken or name in SPOKEN_AT)
    elif spoken and name in ("start", "end"):
        yield value, ms(value)
    elif spoken and name == "speaker":
        yield value, letters(value)
    elif not (spoken and name == "channel"):
        yield value, value


def told(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from told(one)
    else:
        yield value


@given(DEEPGRAM)
def test_nothing_of_a_result_is_dropped(result: dict[str, Any]) -> None:
    _, members = members_of({"status": "completed", "result": result}, {"audio_url": "x"})
    said = {json.dumps(one) for one in told(members)}
    labels = [one for one in told(members) if isinstance(one, str)]
    mended = _end_before_start(result)
    for raw, leaf in leaves(result):
        in_label = isinstance(leaf, str) and any(leaf in one for one in labels)
        assert {json.dumps(raw), json.dumps(leaf)} & said or in_label or leaf in mended, leaf


def _end_before_start(value: Any) -> set[int | None]:
    """Ends that lie before their starts: they are moved there."""
    if isinstance(value, list):
        return {one for item in value for one in _end_before_start(item)}
    if not isinstance(value, dict):
        return set()
    found = {one for item in value.values() for one in _end_before_start(item)}
    start, end = ms(value.get("start")), ms(value.get("end"))
    return found | {end} if start is not None and end is not None and end < start else found


@given(st.lists(st.floats(-1, 2e9) | st.sampled_from([0, 1, 0.0005, 1e9]), max_size=20))
def test_milliseconds_keep_the_order_of_seconds(seconds: list[float]) -> None:
    made = [ms(one) for one in sorted(seconds)]
    known = [one for one in made if one is not None]
    assert known == sorted(known)
    for one, told_ms in zip(sorted(seconds), made, strict=True):
        assert (told_ms is None) == (not 0 <= one <= 1e9)
        assert told_ms is None or abs(told_ms - one * 1000) <= 0.5 + 1e-6 * one


@given(DEEPGRAM)
def test_a_share_of_speech_is_a_share(result: dict[str, Any]) -> None:
    share = speech_share(result_of(result))
    assert share is None or 0 <= share <= 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["text", "words", "start", "end", "word", "speaker", "usage", "segments", "type"]
            )
            | TEXT,
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(TEXT, JSON, max_size=4))
def test_any_other_result_is_kept_whole(result: dict[str, Any]) -> None:
    """Nothing in a result that nobody knows can break the reading."""
    answer = {"status": "completed", "result": result}
    _, members = members_of(answer, {"audio_url": "x"})
    mapped = result_of(result)
    assert mapped.family != "unknown" or members.get(OWN, {}) == result
    assert mapped.family != "unknown" or members["stenolog"]["warnings"]


@given(st.dictionaries(st.sampled_from(["status", "result", "output", "error", "id"]), JSON))
def test_any_answer_can_be_read(answer: dict[str, Any]) -> None:
    members_of(answer, {"audio_url": "x"})
