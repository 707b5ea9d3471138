"""Shape what was found at a place of the audio: chapters, sentiment, entities and highlights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stenolog.intelligence.words import joined_text
from stenolog.projections.canonical import Findings, Item
from stenolog.projections.shaped.conversation import Conversation
from stenolog.projections.shaped.fields import Fields, extras_of
from stenolog.projections.shaped.notes import (
    HEADLINE_MADE,
    OVERLAPPING,
    SPEAKER_BY_TIME,
    Notes,
)

SENTIMENTS = ("POSITIVE", "NEUTRAL", "NEGATIVE")
NOBODY = ""  # in `by_speaker`, for what nobody is known to have said
GIST_WORDS_MAX = 6
MADE_CHARS_MAX = 200  # of a headline that is made here
COMMON = frozenset({"text", "start", "end", "speaker", "utterance", "repaired"})
OF_CHAPTER = COMMON - {"text"} | {"gist", "headline", "summary"}
OF_SENTIMENT = COMMON | {"sentiment", "confidence"}
OF_ENTITY = COMMON | {"entity_type"}
OF_HIGHLIGHT = COMMON | {"count", "rank", "timestamps"}


def chapters(said: Conversation, notes: Notes) -> Findings:
    """Return the chapters in order of start; raises `ProjectionFailed` for what is no list.

    A headline, gist or summary that is missing is made of the others, else of the first sentence
    that is said in its time.
    """
    fields = Fields(notes)
    found = fields.listed(said.answer, "chapters")
    if found is None:
        return Findings(items=None)
    items = []
    for one in found:
        start, end = fields.span(one)
        told = {name: fields.text(one, name) or None for name in ("gist", "headline", "summary")}
        made = _completed(said, told, start, end)
        repaired = [name for name in told if told[name] is None and made[name] is not None]
        notes.add(HEADLINE_MADE, bool(repaired))
        items.append(
            {
                **made,
                "start": start,
                "end": end,
                "speaker": said.speakers.most_in(start, end),
                "utterance": said.utterance_at(start, end),
                **({"repaired": repaired} if repaired else {}),
                **extras_of(one, OF_CHAPTER),
            }
        )
    ends = 0
    for item in sorted((one for one in items if one["start"] is not None), key=_start):
        notes.add(OVERLAPPING, item["start"] < ends)
        ends = max(ends, item["end"])
    return Findings(items=items)


def sentiment(said: Conversation, notes: Notes) -> Findings:
    """Return the sentiment of each sentence; beside it, how many of each kind a speaker has.

    The speaker is whoever speaks most in its time; providers name another one now and then. Raises
    `ProjectionFailed` for what is no list.
    """
    fields = Fields(notes)
    found = fields.listed(said.answer, "sentiment_analysis_results")
    if found is None:
        return Findings(items=None)
    items: list[dict[str, Any]] = []
    for one in found:
        start, end = fields.span(one)
        told, channel = fields.label(one, "speaker"), fields.label(one, "channel")
        heard = said.speakers.most_in(start, end)
        speaker = heard or told
        wrong = told is not None and speaker != told
        notes.add(SPEAKER_BY_TIME, wrong)
        kind = fields.text(one, "sentiment")
        items.append(
            {
                "text": fields.text(one, "text"),
                "start": start,
                "end": end,
                "sentiment": kind.upper() if kind else None,
                "confidence": fields.number(one, "confidence"),
                "speaker": speaker,
                "utterance": said.utterance_of(start, end, speaker, channel),
                **({"repaired": ["speaker"]} if wrong else {}),
                **extras_of(one, OF_SENTIMENT),
            }
        )
    return Findings(items=items, beside={"by_speaker": by_speaker(items)} if items else None)


def entities(said: Conversation, notes: Notes) -> Findings:
    """Return names, places, numbers and the like; raises `ProjectionFailed` for what is no list."""
    fields = Fields(notes)
    found = fields.listed(said.answer, "entities")
    if found is None:
        return Findings(items=None)
    items = []
    for one in found:
        start, end = fields.span(one)
        speaker = said.speakers.most_in(start, end) or fields.label(one, "speaker")
        items.append(
            {
                "entity_type": fields.text(one, "entity_type"),
                "text": fields.text(one, "text"),
                "start": start,
                "end": end,
                "speaker": speaker,
                "utterance": said.utterance_of(start, end, speaker),
                **extras_of(one, OF_ENTITY),
            }
        )
    return Findings(items=items)


def highlights(said: Conversation, notes: Notes) -> Findings:
    """Return key phrases, each with all its places; `start` and `end` are those of the first.

    Raises `ProjectionFailed` for results that are no list.
    """
    fields = Fields(notes)
    found, _ = block(said.answer, "auto_highlights_result", fields)
    if found is None:
        return Findings(items=None)
    items = []
    for one in found:
        spans = (fields.span(place) for place in fields.objects(one, "timestamps"))
        places = sorted((start, end) for start, end in spans if start is not None is not end)
        start, end = places[0] if places else (None, None)
        speaker = said.speakers.most_in(start, end)
        items.append(
            {
                "text": fields.text(one, "text"),
                "count": fields.whole(one, "count"),
                "rank": fields.number(one, "rank"),
                "start": start,
                "end": end,
                "speaker": speaker,
                "utterance": said.utterance_of(start, end, speaker),
                "timestamps": [{"start": first, "end": last} for first, last in places],
                **extras_of(one, OF_HIGHLIGHT),
            }
        )
    return Findings(items=items)


def by_speaker(items: Sequence[Item]) -> dict[str, dict[str, int]]:
    """Count items by speaker and sentiment; under `NOBODY` what has no speaker.

    A kind that is not AssemblyAI's has its own name; an item without any is not counted.
    """
    counts: dict[str, dict[str, int]] = {}
    for item in items:
        of_speaker = counts.setdefault(item["speaker"] or NOBODY, dict.fromkeys(SENTIMENTS, 0))
        if kind := item["sentiment"]:
            of_speaker[kind] = of_speaker.get(kind, 0) + 1
    return counts


def grouped_by_text(items: Sequence[Item]) -> list[dict[str, Any]]:
    """Return one item for each entity type and text, whatever its case, in order of appearance."""
    groups: dict[tuple[str | None, str], dict[str, Any]] = {}
    for item in items:
        key = item["entity_type"], (item["text"] or "").casefold()
        group = groups.get(key)
        if group is None:
            group = groups[key] = {
                "entity_type": item["entity_type"],
                "text": item["text"],
                "count": 0,
                "speakers": [],
                "starts": [],
            }
        group["count"] += 1
        if item["speaker"] is not None and item["speaker"] not in group["speakers"]:
            group["speakers"].append(item["speaker"])
        if item["start"] is not None:
            group["starts"].append(item["start"])
    return list(groups.values())


def block(
    answer: Mapping[str, Any], name: str, fields: Fields
) -> tuple[Sequence[Item] | None, Mapping[str, Any]]:
    """Return the results of a block with a status, and what else is in it.

    Not finished or switched off, the provider says {}, null or a block with another status. Raises
    `ProjectionFailed` for what is neither an object nor null, and for results that are no list.
    """
    value = answer.get(name)
    if not value:
        return None, {}
    whole = fields.object_of(value, name)
    found = fields.objects_of(whole.get("results"), name)
    if not found and whole.get("status") != "success":
        found = None
    return found, extras_of(whole, {"status", "results"})


def _completed(
    said: Conversation, told: Mapping[str, str | None], start: int | None, end: int | None
) -> dict[str, str | None]:
    """Return headline, gist and summary, each made of the others where it is missing."""
    if all(told.values()):
        return dict(told)
    headline = told["headline"] or _first_sentence(told["summary"]) or told["gist"]
    if headline is None:
        headline = _first_sentence(joined_text(said.words_by_time.within(start, end)))
    gist = told["gist"] or (" ".join(headline.split()[:GIST_WORDS_MAX]) if headline else None)
    return {"gist": gist, "headline": headline, "summary": told["summary"] or headline}


def _first_sentence(text: str | None) -> str | None:
    if not text:
        return None
    for at, mark in enumerate(text[:MADE_CHARS_MAX]):
        if mark in ".!?。！？" and text[at + 1 : at + 2].strip() == "":
            return text[: at + 1]
    return text[:MADE_CHARS_MAX]


def _start(item: Item) -> int:
    start = item["start"]
    assert isinstance(start, int)
    return start
