"""Map what Deepgram finds in a transcript: entities, sentiment, topics, a summary.

It points at words by number. A sentence's or topic's last word is inside; an entity's may be inside
or behind it, which the number of words in its value tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stenolog.wire.aimlapi.mapped import Json, objects, with_others
from stenolog.wire.aimlapi.numbers import finite, index

# Deepgram's labels are upper case; these are AssemblyAI's names for the same.
ENTITY_TYPES: Mapping[str, str] = {
    "account": "account_number",
    "age": "person_age",
    "cardinal": "number_sequence",
    "cardinal_num": "number_sequence",
    "city": "location_city",
    "country": "location_country",
    "email": "email_address",
    "gpe": "location",
    "loc": "location",
    "money": "money_amount",
    "name": "person_name",
    "name_given": "person_name",
    "norp": "nationality",
    "num": "number_sequence",
    "numerical_pii": "number_sequence",
    "org": "organization",
    "per": "person_name",
    "person": "person_name",
    "phone": "phone_number",
    "ssn": "us_social_security_number",
    "state": "location_state",
}


def entities(spoken: Mapping[str, Any], words: Sequence[Json]) -> list[Json]:
    """Return the entities of one channel; `words` are its words, already mapped."""
    found = []
    for one in objects(spoken.get("entities")):
        label, text = one.get("label"), one.get("value")
        kind = str(label).lower().replace(" ", "_") if label is not None else ""
        first, last = index(one.get("start_word")), index(one.get("end_word"))
        length = len(text.split()) if isinstance(text, str) else 0
        if first is not None and last is not None and last - first == length > 0:
            last -= 1  # it names the word behind it
        made: Json = {
            "entity_type": ENTITY_TYPES.get(kind, kind),
            "text": text,
            **_times(words, first, last),
        }
        found.append(with_others(made, one, {"value"}))
    return found


def sentiments(results: Mapping[str, Any], words: Sequence[Json]) -> Json:
    """Return the sentiment of each segment; a score is no confidence, and stays beside."""
    block = results.get("sentiments")
    if not isinstance(block, dict):
        return {}
    found = []
    for one in objects(block.get("segments")):
        at = _times(words, one.get("start_word"), one.get("end_word"))
        made: Json = {
            "text": one.get("text"),
            **at,
            "sentiment": str(one.get("sentiment") or "").upper(),
            "confidence": None,
            "speaker": _speaker(words, one.get("start_word")),
        }
        found.append(with_others(made, one, {"text", "sentiment"}))
    return {"sentiment_analysis_results": found}


def topics(results: Mapping[str, Any], words: Sequence[Json]) -> Json:
    """Return the topics of each segment, in the form of AssemblyAI's; not IAB's own."""
    block = results.get("topics")
    if not isinstance(block, dict):
        return {}
    found: list[Json] = []
    most: dict[str, float] = {}
    for one in objects(block.get("segments")):
        labels = []
        for topic in objects(one.get("topics")):
            label = topic.get("topic")
            score = topic.get("confidence_score", topic.get("confidence"))
            named: Json = {"label": label, "relevance": score}
            labels.append(with_others(named, topic, {"topic", "confidence_score", "confidence"}))
            if isinstance(label, str) and (known := finite(score)) is not None:
                most[label] = max(known, most.get(label, 0))
        at = _times(words, one.get("start_word"), one.get("end_word"))
        made: Json = {"text": one.get("text"), "labels": labels, "timestamp": at}
        found.append(with_others(made, one, {"text", "topics"}))
    return {"iab_categories_result": {"status": "success", "results": found, "summary": most}}


def summary(results: Mapping[str, Any]) -> Json:
    """Return the summary, if there is one."""
    block = results.get("summary")
    short = block.get("short") if isinstance(block, dict) else None
    return {"summary": short} if isinstance(short, str) else {}


def _times(words: Sequence[Json], first: object, last: object) -> Json:
    """Return from where to where these words are said; null where they are not there."""
    return {"start": _at(words, first, "start"), "end": _at(words, last, "end")}


def _at(words: Sequence[Json], number: object, end: str) -> int | None:
    time = _word(words, number).get(end)
    return time if isinstance(time, int) else None


def _speaker(words: Sequence[Json], number: object) -> str | None:
    label = _word(words, number).get("speaker")
    return label if isinstance(label, str) else None


def _word(words: Sequence[Json], number: object) -> Json:
    at = index(number)
    return words[at] if at is not None and at < len(words) else {}
