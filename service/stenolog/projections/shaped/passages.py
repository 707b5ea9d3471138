"""Shape passages that have labels, content safety and topics, and the summary of the whole."""

from __future__ import annotations

from typing import Any

from stenolog.projections.canonical import Findings, Item
from stenolog.projections.documents import ProjectionFailed, text_or_none
from stenolog.projections.shaped.conversation import Conversation
from stenolog.projections.shaped.fields import Fields, extras_of
from stenolog.projections.shaped.findings import block
from stenolog.projections.shaped.notes import Notes

OF_PASSAGE = frozenset({"text", "start", "end", "speaker", "utterance", "labels", "timestamp"})
SAFETY = ("confidence", "severity")
RELEVANCE = ("relevance",)


def content_safety(said: Conversation, notes: Notes) -> Findings:
    """Return passages that a reader may want to be warned of; beside them, how much of each kind.

    Raises `ProjectionFailed` for results that are no list.
    """
    return _passages(said, notes, "content_safety_labels", SAFETY)


def topics(said: Conversation, notes: Notes) -> Findings:
    """Return what is spoken of, passage by passage; beside it, how relevant each topic is to all.

    Raises `ProjectionFailed` for results that are no list.
    """
    return _passages(said, notes, "iab_categories_result", RELEVANCE)


def summary(said: Conversation, notes: Notes) -> Findings:
    """Return the summary as one item; raises `ProjectionFailed` for what is no text."""
    given = said.answer.get("summary")
    if given is None:
        return Findings(items=None)
    text = text_or_none(given)
    if text is None:
        raise ProjectionFailed(f"summary is a JSON {type(given).__name__}, not a string")
    item = {
        "text": text,
        "type": _told(said, "summary_type"),
        "model": _told(said, "summary_model"),
    }
    return Findings(items=[item] if text.strip() else [])


def _passages(said: Conversation, notes: Notes, name: str, numbers: tuple[str, ...]) -> Findings:
    fields = Fields(notes)
    found, beside = block(said.answer, name, fields)
    if found is None:
        return Findings(items=None)
    items = [_passage(said, fields, one, numbers) for one in found]
    return Findings(items=items, beside=beside or None)


def _passage(
    said: Conversation, fields: Fields, one: Item, numbers: tuple[str, ...]
) -> dict[str, Any]:
    place = one.get("timestamp")
    start, end = fields.span(place if isinstance(place, dict) else one)
    speaker = said.speakers.most_in(start, end) or fields.label(one, "speaker")
    return {
        "text": fields.text(one, "text"),
        "start": start,
        "end": end,
        "speaker": speaker,
        "utterance": said.utterance_at(start, end),
        "labels": [
            {
                "label": fields.text(label, "label"),
                **{number: fields.number(label, number) for number in numbers},
                **extras_of(label, {"label", *numbers}),
            }
            for label in fields.objects(one, "labels")
        ],
        **extras_of(one, OF_PASSAGE),
    }


def _told(said: Conversation, name: str) -> str | None:
    return text_or_none(said.answer.get(name)) or text_or_none(said.params.get(name))
