"""Shape what is counted of the whole transcript: how sure its words are, and what is hidden."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from stenolog.intelligence.words import Word, joined_text
from stenolog.projections.canonical import Findings
from stenolog.projections.documents import number_or_none
from stenolog.projections.shaped.conversation import Conversation
from stenolog.projections.shaped.notes import Notes
from stenolog.projections.shaped.spoken import confidence_of
from stenolog.projections.shaped.substitutes import Substitutes

LOW_CONFIDENCE = 0.5  # what is below may as well be another word
STRETCHES_MAX = 200  # that `low_confidence` names: where there are more, the least sure


def quality(said: Conversation, notes: Notes) -> Findings:
    """Return how sure the recogniser is of each speaker's words, who speaks first comes first.

    Beside it, stretches of words with a confidence below `LOW_CONFIDENCE`.
    """
    if not said.words:
        return said.without_words()
    of_speaker: dict[str | None, list[Word]] = {}
    for word in said.words:
        of_speaker.setdefault(word.speaker, []).append(word)
    stretches = [_stretch(said, one) for one in _unsure(said)]
    if len(stretches) > STRETCHES_MAX:
        least = sorted(stretches, key=_confidence)[:STRETCHES_MAX]
        stretches = sorted(least, key=_start)
    items = [
        {"speaker": speaker, "words": len(words), "confidence": confidence_of(said, words)}
        for speaker, words in of_speaker.items()
    ]
    return Findings(items=items, beside={"low_confidence": stretches})


def redactions(said: Conversation, notes: Notes) -> Findings:
    """Return what is hidden under each policy, how often and when; never what it was.

    The policy is null where words show only # for it, unless one policy alone was asked for.
    """
    shown = Substitutes(said.answer, said.params)
    if not shown.asked:
        return Findings(items=None)
    if not said.words:
        return said.without_words()
    alone = shown.policies[0] if len(shown.policies) == 1 else None
    times: dict[str | None, list[dict[str, int]]] = {}
    for hidden in shown.in_words(said.words):
        words = hidden.words
        time = {"start": words[0].start, "end": max(word.end for word in words)}
        times.setdefault(hidden.policy or alone, []).append(time)
    return Findings(
        items=[
            {
                "policy": policy,
                "count": len(of_policy),
                "start": of_policy[0]["start"],
                "end": of_policy[0]["end"],
                "times": of_policy,
            }
            for policy, of_policy in times.items()
        ]
    )


def _unsure(said: Conversation) -> Iterator[Sequence[Word]]:
    run: list[Word] = []
    for word in said.words:
        confidence = number_or_none(said.raw_words[word.index].get("confidence"))
        unsure = confidence is not None and confidence < LOW_CONFIDENCE
        if run and (not unsure or run[-1].voice != word.voice):
            yield run
            run = []
        if unsure:
            run.append(word)
    if run:
        yield run


def _stretch(said: Conversation, words: Sequence[Word]) -> dict[str, Any]:
    return {
        "start": words[0].start,
        "end": max(word.end for word in words),
        "text": joined_text(words),
        "confidence": confidence_of(said, words),
    }


def _confidence(stretch: dict[str, Any]) -> float:
    return float(stretch["confidence"])


def _start(stretch: dict[str, Any]) -> int:
    return int(stretch["start"])
