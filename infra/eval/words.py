"""Measure how many words are wrong, and how far off in time the right ones are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infra.bench.figures import Figure, Limit, at_most, percentile
from infra.eval.ears import ANY_NUMBER, Ears
from infra.eval.recordings import Recording
from infra.eval.scoring import matched, plain_words, word_errors
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.options import SpeechOptions
from stenolog.engine.spoken import joined

# As an AssemblyAI client would ask for it, with the filler words that the references have.
PLAIN = SpeechOptions(speakers=ANY_NUMBER)
# What the same model reached before (in percent), in a study of the methods that are used here.
WANTED = {
    "read": 5.5,
    "casual": 14.5,
    "dialogue": 13.0,
    "telephone prompts": 7.3,
    "telephone talk": 23.0,
    "synthetic calls": 3.8,
    "long": 7.3,
    "noise": 24.0,
}
START_MS_MEDIAN_MAX = 20.0
NEAR_MS = 200


def measure(recordings: Sequence[Recording], ears: Ears) -> Iterator[Figure]:
    """Yield word errors by kind of speech, then the errors of the times of words."""
    known = [recording for recording in recordings if plain_words(recording.reference)]
    for group in dict.fromkeys(recording.group for recording in known):
        yield _errors(group, [one for one in known if one.group == group], ears)
    yield _errors("all of these", known, ears)
    empty = [recording for recording in recordings if recording.group == "no speech"]
    if empty:
        invented = sum(len(plain_words(text_of(recording, ears))) for recording in empty)
        name = f"words where nobody speaks ({len(empty)} recordings)"
        yield Figure(name=name, value=invented, wanted=at_most(0))
    timed = [recording for recording in recordings if recording.words]
    if timed:
        yield from _times(timed, ears)


def _errors(group: str, recordings: Sequence[Recording], ears: Ears) -> Figure:
    wrong = said = 0
    each = {}
    for recording in recordings:
        errors, words = word_errors(recording.reference, text_of(recording, ears))
        each[recording.name] = [errors, words]
        wrong, said = wrong + errors, said + words
    wanted: Limit | None = at_most(WANTED[group]) if group in WANTED else None
    return Figure(
        name=f"wrong words, {group} ({said})",
        value=100 * wrong / said,
        unit="%",
        wanted=wanted,
        detail={"errors_and_words": each},
    )


def text_of(recording: Recording, ears: Ears) -> str:
    """Return what is heard, without marks where there is nothing to hear."""
    try:
        return joined(ears.hear(recording.path, PLAIN).words)
    except AudioRefused:
        return ""


def _times(recordings: Sequence[Recording], ears: Ears) -> Iterator[Figure]:
    starts: list[float] = []
    ends: list[float] = []
    for recording in recordings:
        heard = ears.hear(recording.path, PLAIN).words
        expected = [" ".join(plain_words(word.what)) for word in recording.words]
        got = [" ".join(plain_words(word.text)) for word in heard]
        for at, place in matched(expected, got):
            starts.append(abs(heard[place].start - recording.words[at].start_ms))
            ends.append(abs(heard[place].end - recording.words[at].end_ms))
    yield Figure(
        name=f"start of a word, median error ({len(starts)} words)",
        value=percentile(starts, 0.5),
        unit="ms",
        wanted=at_most(START_MS_MEDIAN_MAX),
    )
    near = sum(error <= NEAR_MS for error in starts)
    yield Figure(name="start, nearer than 200 ms", value=100 * near / len(starts), unit="%")
    yield Figure(name="start, mean error", value=sum(starts) / len(starts), unit="ms")
    yield Figure(name="end of a word, median error", value=percentile(ends, 0.5), unit="ms")
