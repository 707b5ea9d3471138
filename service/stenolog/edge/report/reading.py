"""Read a conversation from the items of a transcript's views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stenolog.edge.report.conversation import Chapter, Conversation, Passage, Phrase, Turn
from stenolog.projections.documents import decode

WORDS_PER_TURN_MAX = 80  # where nobody told the speakers apart
PAUSE_MS = 1_500  # a longer one begins another turn then
MS_MAX = 10**12

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewItems:
    """Some items of one view, each a JSON object, and the object with what stands around them."""

    items: tuple[bytes, ...] = ()
    reason: str | None = None
    around: bytes | None = None


def conversation(views: Mapping[str, ViewItems], text: str) -> Conversation:
    """Return the conversation in these views; `text` is all that was said, for one without turns.

    Items that are not as they should be are read as far as they can be.
    """
    found = {name: _in_order([*map(decode, view.items)]) for name, view in views.items()}
    return Conversation(
        turns=_turns(found, text),
        chapters=tuple(_chapter(one) for one in found.get("chapters", ())),
        sentiment=tuple(_passage(one, "sentiment") for one in found.get("sentiment", ())),
        entities=tuple(_passage(one, "entity_type") for one in found.get("entities", ())),
        flags=tuple(one for item in found.get("content-safety", ()) for one in _flags(item)),
        topics=_topics(found.get("topics", ()), _around(views, "topics", "beside")),
        highlights=_highlights(found.get("highlights", ())),
        summary="\n".join(_text(one, "text") for one in found.get("summary", ())),
        by_us=tuple(one for one in views if views[one].items and _is_ours(views, one)),
        reasons={name: view.reason for name, view in views.items() if view.reason},
    )


def _turns(found: Mapping[str, Sequence[Item]], text: str) -> tuple[Turn, ...]:
    for view in ("utterances", "paragraphs", "sentences"):
        said = [_turn(one) for one in found.get(view, ())]
        if said:
            return tuple(one for one in said if one.text)
    said = list(_of_words(found.get("words", ())))
    if said or not text:
        return tuple(said)
    return (Turn(start=0, end=0, speaker=None, text=text, words=len(text.split())),)


def _of_words(words: Sequence[Item]) -> Iterator[Turn]:
    """Yield turns of words: another speaker, a pause or many words begin the next one."""
    held: list[Turn] = []
    for word in (one for one in map(_turn, words) if one.text):
        if held and (
            word.speaker != held[-1].speaker
            or word.start - held[-1].end > PAUSE_MS
            or len(held) >= WORDS_PER_TURN_MAX
        ):
            yield _together(held)
            held = []
        held.append(word)
    if held:
        yield _together(held)


def _together(words: Sequence[Turn]) -> Turn:
    return Turn(
        start=words[0].start,
        end=max(word.end for word in words),
        speaker=words[0].speaker,
        text=" ".join(word.text for word in words),
        words=len(words),
    )


def _turn(item: Item) -> Turn:
    start, end = _times(item)
    speaker, text, words = item.get("speaker"), _text(item, "text"), item.get("words")
    return Turn(
        start=start,
        end=end,
        speaker=None if speaker is None else str(speaker),
        text=text,
        # In a language without blanks a text does not tell how many they are.
        words=len(words) if isinstance(words, list) else len(text.split()),
    )


def _chapter(item: Item) -> Chapter:
    start, end = _times(item)
    return Chapter(
        start=start,
        end=end,
        gist=_text(item, "gist"),
        headline=_text(item, "headline"),
        summary=_text(item, "summary"),
    )


def _passage(item: Item, kind: str) -> Passage:
    start, end = _times(item)
    return Passage(
        start=start,
        end=end,
        text=_text(item, "text"),
        kind=_text(item, kind),
        confidence=_share(item.get("confidence")),
    )


def _flags(item: Item) -> Iterator[Passage]:
    start, end = _times(item)
    labels = item.get("labels")
    for label in labels if isinstance(labels, list) else ():
        if isinstance(label, dict):
            yield Passage(
                start=start,
                end=end,
                text=_text(item, "text"),
                kind=_text(label, "label"),
                confidence=_share(label.get("confidence")),
                severity=_share(label.get("severity")),
            )


def _around(views: Mapping[str, ViewItems], name: str, member: str) -> object:
    """Return what stands around the items of a view, by the member's name; None: nothing does."""
    view = views.get(name)
    around = None if view is None or view.around is None else decode(view.around)
    return around.get(member) if isinstance(around, dict) else None


def _is_ours(views: Mapping[str, ViewItems], name: str) -> bool:
    source = _around(views, name, "source")
    return isinstance(source, dict) and source.get("by") == "stenolog"


def _topics(items: Sequence[Item], beside: object) -> tuple[tuple[str, float], ...]:
    """Return the topics of the whole; without a summary the most relevant of all passages."""
    best: dict[str, float] = {}
    summary = beside.get("summary") if isinstance(beside, dict) else None
    if isinstance(summary, dict):
        best = {str(label): _share(share) or 0.0 for label, share in summary.items()}
    for item in () if best else items:
        labels = item.get("labels")
        for label in labels if isinstance(labels, list) else ():
            if isinstance(label, dict):
                name = _text(label, "label")
                best[name] = max(best.get(name, 0.0), _share(label.get("relevance")) or 0.0)
    return tuple(sorted(best.items(), key=lambda one: (-one[1], one[0])))


def _highlights(items: Sequence[Item]) -> tuple[Phrase, ...]:
    found = []
    for item in items:
        places = item.get("timestamps")
        starts = [
            _times(place)[0]
            for place in (places if isinstance(places, list) else ())
            if isinstance(place, dict)
        ]
        count = item.get("count")
        found.append(
            Phrase(
                text=_text(item, "text"),
                count=count if isinstance(count, int) else len(starts),
                start=min(starts, default=None),
            )
        )
    return tuple(found)


def _times(item: Item) -> tuple[int, int]:
    """Return start and end in ms, of a passage whose times stand in `timestamp` too."""
    place = item.get("timestamp")
    source = place if isinstance(place, dict) and "start" not in item else item
    start = _ms(source.get("start"))
    end = _ms(source.get("end"))
    return start or 0, max(start or 0, end or 0)


def _in_order(items: Sequence[Item]) -> list[Item]:
    """Return the items by their start; one without a time stays behind its neighbour, at once."""
    found: list[Item] = []
    last = 0
    for item in items:
        place = item.get("timestamp")
        source = place if isinstance(place, dict) and "start" not in item else item
        start = _ms(source.get("start"))
        last = last if start is None else start
        found.append(item if start is not None else {**item, "start": last, "end": last})
    return sorted(found, key=lambda one: _times(one)[0])


def _ms(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(min(max(value, 0), MS_MAX))


def _share(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return min(max(float(value), 0.0), 1.0)


def _text(item: Item, name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""
