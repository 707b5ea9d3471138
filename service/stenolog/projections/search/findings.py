"""Count what was found in a transcript, to be counted across transcripts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from stenolog.projections.canonical import Item
from stenolog.projections.documents import ProjectionFailed, number_or_none, text_or_none
from stenolog.projections.search.entry import FINDINGS_MAX, Finding
from stenolog.projections.search.folding import indexed_words
from stenolog.projections.shaped.conversation import Conversation
from stenolog.projections.shaped.substitutes import Substitutes
from stenolog.projections.shaped.views import Shaped, shaped

SUMMARY = "summary"


def findings_of(said: Conversation) -> tuple[Finding, ...]:
    """Return what was found, each thing once; of a view that cannot be shaped, nothing."""
    found: list[Finding] = []
    for view, counted in _COUNTED.items():
        try:
            items = shaped(view, said)
        except ProjectionFailed:
            continue  # the view itself says so
        if view == "entities":
            items = replace(items, items=tuple(_as_shown(said, items.items)))
        found += counted(items)
    return tuple(found[:FINDINGS_MAX])


def _as_shown(said: Conversation, entities: Sequence[Item]) -> Iterator[Item]:
    """Yield entities without a text that the words do not show: what is hidden is its kind alone.

    Providers leave in entities what they have redacted elsewhere.
    """
    shown = Substitutes(said.answer, said.params)
    if not shown.asked:
        yield from entities
        return
    spoken = f" {' '.join(indexed_words(said.transcript.text or ''))} "
    for item in entities:
        text = item["text"] or ""
        is_said = f" {' '.join(indexed_words(text))} " in spoken
        hidden = shown.is_all_hidden(text) or not is_said
        yield {**item, "text": f"[{(item['entity_type'] or '').upper()}]"} if hidden else item


def _entities(view: Shaped) -> Iterator[Finding]:
    """Yield each as it was first written: texts with the same words are one."""
    counts: Counter[tuple[str, str, str | None]] = Counter()
    written: dict[str, str] = {}
    for item in view.items:
        words = " ".join(indexed_words(item["text"] or ""))
        if item["entity_type"] and words:
            written.setdefault(words, item["text"].strip())
            counts[item["entity_type"], words, item["speaker"]] += 1
    for (kind, words, speaker), count in counts.items():
        text = written[words]
        yield Finding(kind="entity", label=kind, text=text, speaker=speaker, count=count)


def _topics(view: Shaped) -> Iterator[Finding]:
    """Yield each topic with its relevance to the whole; without one, the greatest of a passage."""
    counts, greatest = _labels(view, "relevance")
    of_all = (view.beside or {}).get(SUMMARY)
    told: Mapping[str, object] = of_all if isinstance(of_all, dict) else {}
    for label in [*counts, *(one for one in told if one not in counts)]:
        relevance = number_or_none(told.get(label))
        name = text_or_none(label)
        if name:
            weight = greatest[label] if relevance is None else relevance
            yield Finding(kind="topic", label=name, count=counts[label], weight=weight)


def _content_safety(view: Shaped) -> Iterator[Finding]:
    counts, greatest = _labels(view, "severity")
    for label, count in counts.items():
        yield Finding(kind="content_safety", label=label, count=count, weight=greatest[label])


def _sentiment(view: Shaped) -> Iterator[Finding]:
    counts = Counter(item["sentiment"] for item in view.items if item["sentiment"])
    for label, count in counts.items():
        yield Finding(kind="sentiment", label=label, count=count)


def _labels(view: Shaped, weight: str) -> tuple[Counter[str], Mapping[str, float]]:
    """Return in how many passages each label is, and the greatest weight that it has there."""
    counts: Counter[str] = Counter()
    greatest: defaultdict[str, float] = defaultdict(float)
    for item in view.items:
        for label in _named(item):
            counts[label["label"]] += 1
            greatest[label["label"]] = max(greatest[label["label"]], label[weight] or 0.0)
    return counts, greatest


def _named(item: Item) -> Iterator[Item]:
    """Yield each label of a passage once."""
    seen: set[str] = set()
    for label in item["labels"]:
        if label["label"] and label["label"] not in seen:
            seen.add(label["label"])
            yield label


_COUNTED: Mapping[str, Callable[[Shaped], Iterator[Finding]]] = {
    "entities": _entities,
    "topics": _topics,
    "content-safety": _content_safety,
    "sentiment": _sentiment,
}
