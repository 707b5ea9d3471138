"""Analyse what was recognised, and write it as the request wants it. Pure.

Analyses read words with their punctuation and capitals, however they are shown; what they quote is
written afterwards as the words are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from pydantic import JsonValue, TypeAdapter

from stenolog.engine.options import SpeechOptions, TextOptions
from stenolog.engine.speech import wording
from stenolog.engine.spoken import SpokenWord
from stenolog.engine.techniques import Heartbeat
from stenolog.engine.worker.heard_lines import HeardLines
from stenolog.intelligence import themes
from stenolog.intelligence.disfluencies import without_fillers
from stenolog.intelligence.entities import entities, spans_of
from stenolog.intelligence.pii_tokens import Span
from stenolog.intelligence.profanity import masked
from stenolog.intelligence.redaction import SHOWN_FOR_HIDDEN, Redaction, redaction_of
from stenolog.intelligence.sentiment import sentiments
from stenolog.intelligence.speech import Speech
from stenolog.intelligence.spelling import respelled
from stenolog.intelligence.theme_options import ThemeOptions
from stenolog.intelligence.words import Word

ROUND_FIGURES = 4  # digits; more is noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What an analysis reads.

    Attributes:
        said: The words as they were recognised. What is only counted or judged is read here.
        shown: The same words as others may see them. Whatever is quoted comes from here.
        named: What personal data and other entities are in `said`, the surest first.
    """

    said: Speech
    shown: Speech
    named: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysed:
    """The words as they are shown, and the findings as members of the transcript.

    `unredacted` are the words before anything was hidden, where they were asked for; `hidden_ms`
    is when hidden words are said, in order and without overlap.
    """

    words: tuple[SpokenWord, ...]
    findings: dict[str, JsonValue]
    unredacted: tuple[SpokenWord, ...] | None = None
    hidden_ms: tuple[tuple[int, int], ...] = ()


Analysis = Callable[[Heard, TextOptions], object]
"""Returns a member of the transcript, as dataclasses or JSON; None when it is not asked for."""


def _sentiments(heard: Heard, options: TextOptions) -> object:
    if not options.sentiment_analysis:
        return None
    return [asdict(one) for one in sentiments(heard.said, heard.shown)]


def _entities(heard: Heard, options: TextOptions) -> object:
    if not options.entity_detection:
        return None
    return [asdict(one) for one in entities(heard.said, heard.shown, heard.named)]


def _on(found: Callable[[Speech, Speech, ThemeOptions], object]) -> Analysis:
    return lambda heard, options: found(heard.said, heard.shown, options.themes)


# Each is one member of the transcript, and the function that makes it.
ANALYSES: Mapping[str, Analysis] = {
    "auto_highlights_result": _on(themes.highlights_found),
    "chapters": _on(themes.chapters_found),
    "content_safety_labels": _on(themes.safety_found),
    "entities": _entities,
    "iab_categories_result": _on(themes.topics_found),
    "sentiment_analysis_results": _sentiments,
    "summary": _on(themes.summary_found),
}

# Members that quote what was said, wherever they stand.
QUOTING = frozenset({"gist", "headline", "summary", "text"})
_WORD = re.compile(r"\S+")
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


def analysed(
    words: Sequence[SpokenWord],
    options: SpeechOptions,
    lines: HeardLines,
    alive: Heartbeat,
    analyses: Mapping[str, Analysis] = ANALYSES,
) -> Analysed:
    """Return the words as the request wants them written, and every finding that it asks for.

    `lines` say how exact the times of the words are: what is hidden is hidden that much wider.
    """
    asked = options.text
    read = [_read(word) for word in words]
    fluent = read if asked.disfluencies else without_fillers(read)
    said = Speech.of(respelled(fluent, asked.custom_spelling))
    named = spans_of(said) if asked.entity_detection or asked.redaction else ()
    redaction = redaction_of(said, named, asked.redaction) if asked.redaction else None
    shown = redaction.speech(said) if redaction else said
    heard = Heard(said=said, shown=shown, named=named)
    alive()
    write = partial(_write, options=options)
    findings: dict[str, JsonValue] = {}
    for member, analysis in analyses.items():
        found = analysis(heard, asked)
        if found is not None:
            findings[member] = _JSON.validate_python(_written(found, write, redaction))
        alive()
    keeps = redaction is not None and asked.redact_pii_return_unredacted
    return Analysed(
        words=_spoken(shown, write),
        findings=findings,
        unredacted=_spoken(said, write) if keeps else None,
        hidden_ms=redaction.hidden_ms(said, lines.at) if redaction else (),
    )


def _write(text: str, *, options: SpeechOptions) -> str:
    """Return a word as it is shown; what stands for something hidden stays as it is."""
    tag = SHOWN_FOR_HIDDEN.search(text)
    if tag is not None:
        around = (text[: tag.start()], text[tag.end() :])
        return tag[0].join(around) if options.punctuate else tag[0]
    plain = wording.plain(text, punctuate=options.punctuate, format_text=options.format_text)
    return masked(plain) if options.text.filter_profanity else plain


def _read(word: SpokenWord) -> Word:
    return Word(
        text=word.text,
        start=word.start,
        end=word.end,
        confidence=word.confidence,
        speaker=word.speaker,
        channel=word.channel,
        index=0,
        joined=False,
    )


def _spoken(speech: Speech, write: Callable[[str], str]) -> tuple[SpokenWord, ...]:
    return tuple(
        SpokenWord(
            text=write(word.text),
            start=word.start,
            end=word.end,
            confidence=word.confidence,
            speaker=word.speaker,
            channel=word.channel,
        )
        for word in speech.words
    )


def _written(
    value: object,
    write: Callable[[str], str],
    redaction: Redaction | None,
    *,
    quoted: bool = False,
) -> object:
    """Return a finding with what it quotes written as the words are, and its figures rounded."""
    match value:
        case dict():
            return {
                name: _written(inner, write, redaction, quoted=name in QUOTING)
                for name, inner in value.items()
            }
        case list() | tuple():
            return [_written(inner, write, redaction, quoted=quoted) for inner in value]
        case str() if quoted:
            hidden = redaction.quoted(value) if redaction else value
            return _WORD.sub(lambda found: write(found[0]), hidden)
        case float():
            return round(value, ROUND_FIGURES)
        case _:
            return value
