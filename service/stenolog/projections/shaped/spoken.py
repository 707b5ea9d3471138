"""Shape what was said: words, utterances, sentences and paragraphs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from stenolog.intelligence.sentences import paragraphs_in
from stenolog.intelligence.words import Word, joined_text
from stenolog.projections.canonical import Findings, Item
from stenolog.projections.documents import number_or_none
from stenolog.projections.shaped.conversation import Conversation
from stenolog.projections.shaped.fields import Fields, extras_of
from stenolog.projections.shaped.notes import (
    BEYOND_AUDIO,
    IN_NO_UTTERANCE,
    SPEAKER_BY_UTTERANCE,
    WORDS_OF_UTTERANCES,
    Notes,
)

CONFIDENCE_DIGITS = 4
ALONE_SHARE_MIN = 0.05  # of all words, in no utterance; a few lie beside theirs by milliseconds
OF_WORD = frozenset(
    {"text", "start", "end", "confidence", "speaker", "channel", "utterance", "repaired"}
)
OF_UTTERANCE = OF_WORD | {"words"}


def words(said: Conversation, notes: Notes) -> Findings:
    """Return every word with its times, also one without text.

    A time that is missing is that of a neighbour. Raises `ProjectionFailed` for what is no list.
    """
    fields = Fields(notes)
    if fields.listed(said.answer, "words") is None and not said.words_of_utterances:
        return Findings(items=None)
    raw = said.raw_words
    if said.words_of_utterances:
        notes.add(WORDS_OF_UTTERANCES, len(raw))
    placed = {word.index: word for word in said.words}
    items = [_word(said, fields, notes, one, placed.get(at)) for at, one in enumerate(raw)]
    alone = sum(item["utterance"] is None for item in items) if said.turns else 0
    notes.add(IN_NO_UTTERANCE, alone if alone > len(items) * ALONE_SHARE_MIN else 0)
    _note_beyond(said, items, notes)
    return Findings(items=items)


def utterances(said: Conversation, notes: Notes) -> Findings:
    """Return who said what, turn by turn, as the provider divided it, with the words inside.

    Raises `ProjectionFailed` for what is no list.
    """
    fields = Fields(notes)
    if fields.listed(said.answer, "utterances") is None:
        return Findings(items=None)
    items = []
    for at, one in enumerate(said.raw_utterances):
        start, end = fields.span(one)
        items.append(
            {
                "text": fields.text(one, "text"),
                "start": start,
                "end": end,
                "confidence": fields.number(one, "confidence"),
                "speaker": fields.label(one, "speaker"),
                "channel": fields.label(one, "channel"),
                "utterance": at,
                "words": fields.objects(one, "words"),
                **extras_of(one, OF_UTTERANCE),
            }
        )
    _note_beyond(said, items, notes)
    return Findings(items=items)


def sentences_of(said: Conversation, notes: Notes) -> Findings:
    """Return every word in one sentence; none where no word has a time."""
    return _pieces(said, said.sentences)


def paragraphs_of(said: Conversation, notes: Notes) -> Findings:
    """Return whole sentences of one voice together."""
    return _pieces(said, paragraphs_in(said.sentences))


def _word(
    said: Conversation, fields: Fields, notes: Notes, raw: Item, placed: Word | None
) -> dict[str, Any]:
    """Return one word; there are tens of thousands, so the usual types are looked at first."""
    text, confidence, channel = raw.get("text"), raw.get("confidence"), raw.get("channel")
    if type(text) is not str or not text.isascii():
        text = fields.text(raw, "text")
    if type(confidence) is not float:
        confidence = fields.number(raw, "confidence")
    if channel is not None:
        channel = fields.label(raw, "channel")
    if placed is None:
        start, end = fields.span(raw)
        speaker = fields.label(raw, "speaker")
    else:
        start, end, speaker = placed.start, placed.end, placed.speaker
        if start != raw.get("start") or end != raw.get("end"):
            fields.span(raw)  # what is odd in it is noted
        if speaker != raw.get("speaker") and fields.label(raw, "speaker") is None:
            notes.add(SPEAKER_BY_UTTERANCE, speaker is not None)
    word = {
        "text": text,
        "start": start,
        "end": end,
        "confidence": confidence,
        "speaker": speaker,
        "channel": channel,
        "utterance": said.utterance_of(start, end, speaker, channel) if said.turns else None,
    }
    return word if raw.keys() <= OF_WORD else {**word, **extras_of(raw, OF_WORD)}


def _pieces(said: Conversation, pieces: Sequence[tuple[Word, ...]]) -> Findings:
    if not pieces:
        return said.without_words()
    return Findings(items=[_piece(said, piece) for piece in pieces])


def _piece(said: Conversation, piece: tuple[Word, ...]) -> dict[str, Any]:
    start, end = piece[0].start, max(word.end for word in piece)
    channel, speaker = piece[0].voice
    return {
        "text": joined_text(piece),
        "start": start,
        "end": end,
        "confidence": confidence_of(said, piece),
        "speaker": speaker,
        "channel": channel,
        "utterance": said.utterance_of(start, end, speaker, channel),
    }


def confidence_of(said: Conversation, piece: Iterable[Word]) -> float | None:
    """Return the mean confidence of these words, of those that have one; None where none has."""
    told = [said.raw_words[word.index].get("confidence") for word in piece]
    known = [one for one in map(number_or_none, told) if one is not None]
    return round(sum(known) / len(known), CONFIDENCE_DIGITS) if known else None


def _note_beyond(said: Conversation, items: Sequence[Item], notes: Notes) -> None:
    audio_end = said.audio_end_ms
    if audio_end is not None:
        notes.add(BEYOND_AUDIO, sum((item["end"] or 0) > audio_end for item in items))
