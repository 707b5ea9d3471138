"""Measure what is hidden of what must be, in text and in sound, and what is hidden besides."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from infra.bench.figures import Figure, at_least, at_most
from infra.eval.ears import ANY_NUMBER, Ears
from infra.eval.recordings import Recording
from infra.eval.scoring import plain_words
from infra.eval.speakers import wav
from stenolog.engine.audio.bleeping import bleep
from stenolog.engine.options import SpeechOptions, TextOptions
from stenolog.engine.speech.readings import TEENS, TENS, UNITS
from stenolog.engine.worker.analyses import analysed
from stenolog.engine.worker.transcribe import Transcribed
from stenolog.intelligence.policies import RedactionOptions
from stenolog.intelligence.redaction import SHOWN_FOR_HIDDEN

LABELS = Path(__file__).with_name("private.json")  # names and dates that are said, by file
GROUPS = frozenset({"synthetic calls", "personal data"})
POLICIES = (
    "person_name",
    "email_address",
    "phone_number",
    "us_social_security_number",
    "credit_card_number",
    "account_number",
    "number_sequence",
    "date_of_birth",
)
HIDDEN_PERCENT_MIN = 92.0
OTHERS_PERCENT_MAX = 15.0
NUMBER_WORDS_MIN = 4
CARD_WORDS = 6  # before a number that is a card's
_NUMBER_WORDS = frozenset({*UNITS, *TEENS, *TENS, "oh", "double"}) - {"-"}
_EMAIL = re.compile(
    r"[\w.]+@[\w.]+\w|\w+(?: dot \w+)* at \w+ dot (?:com|edu|net|org)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something private: words `first` up to before `last` of what was said."""

    kind: str
    first: int
    last: int


def measure(recordings: Sequence[Recording], ears: Ears) -> Iterator[Figure]:
    """Yield, by kind, the share of private things of which nothing is shown or heard."""
    labels = json.loads(LABELS.read_text())
    said, shown, heard = Counter[str](), Counter[str](), Counter[str]()
    others = others_hidden = others_lost = 0
    for recording in recordings:
        if recording.group not in GROUPS:
            continue
        words = plain_words(recording.reference)
        items = list(items_of(recording.reference, labels.get(recording.name, {})))
        private = {place for item in items for place in range(item.first, item.last)}
        transcribed = ears.hear(recording.path, SpeechOptions(speakers=ANY_NUMBER))
        texts, hidden_ms = _redacted(transcribed)
        places = _aligned(words, texts)
        for item in items:
            known = [text for at in range(item.first, item.last) for text in places.get(at, ())]
            if known:
                said[item.kind] += 1
                shown[item.kind] += any(not SHOWN_FOR_HIDDEN.search(text) for text in known)
        besides = [text for at, found in places.items() if at not in private for text in found]
        others += len(besides)
        others_hidden += sum(bool(SHOWN_FOR_HIDDEN.search(text)) for text in besides)
        before = _still_heard(words, [word.text for word in transcribed.words])
        after = _still_heard(words, _heard_again(transcribed, hidden_ms, ears))
        for item in items:
            heard[item.kind] += any(at in after for at in range(item.first, item.last))
        others_lost += len({at for at in before - after if at not in private})
    for kind, count in sorted(said.items()):
        yield Figure(
            name=f"hidden in text, {kind} ({count} said)",
            value=100 * (1 - shown[kind] / count),
            unit="%",
            wanted=at_least(HIDDEN_PERCENT_MIN),
        )
        yield Figure(
            name=f"not heard in redacted audio, {kind}",
            value=100 * (1 - heard[kind] / count),
            unit="%",
            wanted=at_least(HIDDEN_PERCENT_MIN),
        )
    if others:
        wanted = at_most(OTHERS_PERCENT_MAX)
        name = f"other words hidden in text, of {others}"
        yield Figure(name=name, value=100 * others_hidden / others, unit="%", wanted=wanted)
        name = "other words lost in redacted audio"
        yield Figure(name=name, value=100 * others_lost / others, unit="%", wanted=wanted)


def items_of(reference: str, labels: Mapping[str, Sequence[str]]) -> Iterator[Item]:
    """Yield what is private in a text: labelled phrases, numbers in a row, e-mail addresses."""
    words = plain_words(reference)
    phrases = [(kind, plain_words(text)) for kind, texts in labels.items() for text in texts]
    phrases += [("email", plain_words(found)) for found in _EMAIL.findall(reference)]
    taken: set[int] = set()
    for kind, phrase in sorted(phrases, key=lambda one: -len(one[1])):
        for at in range(len(words) - len(phrase) + 1):
            places = set(range(at, at + len(phrase)))
            if words[at : at + len(phrase)] == phrase and not places & taken:
                taken |= places
                yield Item(kind=kind, first=at, last=at + len(phrase))
    for is_number, group in itertools.groupby(
        range(len(words)), key=lambda at: words[at] in _NUMBER_WORDS and at not in taken
    ):
        run = list(group)
        if is_number and len(run) >= NUMBER_WORDS_MIN:
            card = "card" in words[max(0, run[0] - CARD_WORDS) : run[0]]
            yield Item(kind="card" if card else "number", first=run[0], last=run[-1] + 1)


def _redacted(
    transcribed: Transcribed,
) -> tuple[list[tuple[str, str]], tuple[tuple[int, int], ...]]:
    """Return each word as it was recognised and as it is shown, and when something is hidden."""
    redaction = RedactionOptions(policies=POLICIES, static={}, substitution="entity_name")
    options = SpeechOptions(text=TextOptions(redaction=redaction, disfluencies=True))
    made = analysed(transcribed.words, options, transcribed.lines, lambda: None)
    pairs = zip(transcribed.words, made.words, strict=True)
    return [(word.text, shown.text) for word, shown in pairs], made.hidden_ms


def _aligned(words: Sequence[str], texts: Sequence[tuple[str, str]]) -> dict[int, list[str]]:
    """Return, for each word that was said and recognised, what is shown in its place."""
    pieces = [(plain, shown) for text, shown in texts for plain in plain_words(text)]
    matcher = SequenceMatcher(None, words, [plain for plain, _ in pieces], autojunk=False)
    found: dict[int, list[str]] = {}
    for tag, begin, end, first, last in matcher.get_opcodes():
        if tag in {"equal", "replace"}:
            for step in range(max(end - begin, last - first)):
                at = begin + min(step, end - begin - 1)
                found.setdefault(at, []).append(pieces[first + min(step, last - first - 1)][1])
    return found


def _heard_again(
    transcribed: Transcribed, hidden_ms: Sequence[tuple[int, int]], ears: Ears
) -> list[str]:
    audio = transcribed.audio.copy()
    bleep(audio, hidden_ms, silent=True)
    words = ears.hear_file(io.BytesIO(wav(audio)), SpeechOptions()).words
    return [word.text for word in words]


def _still_heard(words: Sequence[str], texts: Sequence[str]) -> set[int]:
    got = [plain for text in texts for plain in plain_words(text)]
    matcher = SequenceMatcher(None, words, got, autojunk=False)
    return {block.a + step for block in matcher.get_matching_blocks() for step in range(block.size)}
