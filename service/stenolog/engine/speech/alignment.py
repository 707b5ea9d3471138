"""Find when each word of a line was spoken, by forced alignment with pocketsphinx.

The library comes with its publisher's own English acoustic model and dictionary. Where it is not
installed, and for what it cannot place, times are estimated from energy (`word_times`).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stenolog.engine.speech.letter_sounds import phones
from stenolog.engine.speech.readings import Part, spoken_parts
from stenolog.engine.speech.word_times import VoicedFrames
from stenolog.engine.techniques import SAMPLE_RATE, Waveform, WordTimer, WordTimes

# Wide: a narrower search loses the path in noise. What it costs is bounded by the words of a line.
BEAM, WORD_BEAM = 1e-100, 1e-80
FRAME_MS = 10
ALIGNED_MARGIN_MS = 150  # 94 % of the starts of casual speech are nearer than 200 ms
# The last word of a line is not placed when the sound ends with it, so quiet noise is put around.
LEAD_SAMPLES = SAMPLE_RATE // 5
TRAIL_SAMPLES = SAMPLE_RATE * 2 // 5
NOISE_LOUDNESS = 1e-4  # -80 dBFS: digital silence is no sound that the model knows
SECONDS_MAX = 30.0  # of one line; it is cut at half of that
PIECES_MAX = 400  # dictionary words of all readings of one line
WORDS_ADDED_MAX = 2_000  # to the dictionary, which is then read anew


@dataclass(frozen=True, slots=True, kw_only=True)
class _Segment:
    """One dictionary word where it is said."""

    word: str
    start_ms: int
    end_ms: int


def best_word_timer() -> WordTimer:
    """Return one that aligns where its library can be loaded, else one that estimates."""
    try:
        return ForcedAlignment()
    except OSError:
        return VoicedFrames()


class ForcedAlignment:
    """A `WordTimer`; one call at a time.

    Raises:
        OSError: The library or its English model is missing.
    """

    def __init__(self, *, words_added_max: int = WORDS_ADDED_MAX) -> None:
        self._estimate = VoicedFrames()
        self._decoder = _open_decoder()
        self._added = 0
        self._added_max = words_added_max
        self._around = np.random.default_rng(0).normal(
            0.0, NOISE_LOUDNESS, LEAD_SAMPLES + TRAIL_SAMPLES
        )

    def times(self, audio: Waveform, words: Sequence[str]) -> WordTimes:
        """Words that cannot be placed share the time behind the last one that can be."""
        placed = self._placed(audio, words)
        if len(placed) == len(words):
            return WordTimes(times_ms=tuple(placed), margin_ms=ALIGNED_MARGIN_MS)
        from_ms = placed[-1][1] if placed else 0
        rest = self._estimate.times(audio[from_ms * SAMPLE_RATE // 1000 :], words[len(placed) :])
        later = [(from_ms + start, from_ms + end) for start, end in rest.times_ms]
        return WordTimes(times_ms=(*placed, *later), margin_ms=rest.margin_ms)

    def _placed(self, audio: Waveform, words: Sequence[str]) -> list[tuple[int, int]]:
        """Return when the first words are said: all of them, unless the search loses its way."""
        parts = [spoken_parts(word) for word in words]
        pieces = sum(len(reading) for word in parts for part in word for reading in part)
        if (
            not words
            or not all(parts)
            or pieces > PIECES_MAX
            or audio.size > SECONDS_MAX * SAMPLE_RATE
        ):
            return []
        segments = self._search(audio, parts)
        audio_ms = audio.size * 1000 // SAMPLE_RATE
        placed: list[tuple[int, int]] = []
        for first, last in _matched(parts, [segment.word for segment in segments]):
            if first == last:
                break
            start, end = segments[first].start_ms, segments[last - 1].end_ms
            placed.append((min(max(0, start), audio_ms), min(max(0, end), audio_ms)))
        return placed

    def _search(self, audio: Waveform, parts: Sequence[tuple[Part, ...]]) -> list[_Segment]:
        self._know(parts)
        decoder = self._decoder
        graph = list(_transitions(parts))
        final = max(transition[1] for transition in graph)
        sound = np.concatenate((self._around[:LEAD_SAMPLES], audio, self._around[LEAD_SAMPLES:]))
        try:
            decoder.add_fsg("line", decoder.create_fsg("line", 0, final, graph))
            decoder.activate_search("line")
            decoder.start_utt()
            decoder.process_raw(np.rint(sound * 32_767).astype("<i2").tobytes(), full_utt=True)
            decoder.end_utt()
            found = list(decoder.seg() or ())
        except (RuntimeError, ValueError):
            self._reopen()  # whatever state it is in, it is not asked again
            return []
        lead = LEAD_SAMPLES * 1000 // SAMPLE_RATE
        return [
            _Segment(
                word=segment.word.partition("(")[0],
                start_ms=segment.start_frame * FRAME_MS - lead,
                end_ms=(segment.end_frame + 1) * FRAME_MS - lead,
            )
            for segment in found
            if segment.word[0] not in "<[("
        ]

    def _know(self, parts: Sequence[tuple[Part, ...]]) -> None:
        """Add the words that the dictionary lacks."""
        if self._added > self._added_max:
            self._reopen()
        for word in {word for part in _each(parts) for reading in part for word in reading}:
            if self._decoder.lookup_word(word) is None:
                self._decoder.add_word(word, phones(word), False)
                self._added += 1

    def _reopen(self) -> None:
        self._decoder = _open_decoder()
        self._added = 0


def _open_decoder() -> Any:
    spec = importlib.util.find_spec("pocketsphinx")
    if spec is None or spec.origin is None:
        raise OSError("pocketsphinx is not installed")
    model = Path(spec.origin).parent / "model" / "en-us"
    try:
        import pocketsphinx  # noqa: PLC0415  # an engine without it has estimated times

        decoder = pocketsphinx.Decoder(
            hmm=str(model / "en-us"),
            dict=str(model / "cmudict-en-us.dict"),
            lm=None,
            samprate=float(SAMPLE_RATE),
            beam=BEAM,
            pbeam=BEAM,
            wbeam=WORD_BEAM,
            loglevel="FATAL",
        )
    except (ImportError, RuntimeError) as exc:
        raise OSError("pocketsphinx or its English model cannot be loaded") from exc
    decoder.add_word("zero(3)", "OW", False)  # as in "nineteen oh five"
    return decoder


def _each(parts: Sequence[tuple[Part, ...]]) -> Iterator[Part]:
    for word in parts:
        yield from word


def _transitions(
    parts: Sequence[tuple[Part, ...]],
) -> Iterator[tuple[int, int, float] | tuple[int, int, float, str]]:
    """Yield the edges of a graph whose every path speaks all parts in order.

    Its first state is 0, its last the highest: from state, to state, probability, word.
    """
    alternatives = list(_each(parts))
    inner = sum(max(0, len(reading) - 1) for part in alternatives for reading in part)
    # States between the words of a reading come before the ends of parts.
    state, fresh = 0, 1
    for place, part in enumerate(alternatives):
        end = 1 + inner + place
        for reading in part:
            if not reading:
                yield (state, end, 1.0)
                continue
            at = state
            for word in reading[:-1]:
                yield (at, fresh, 1.0, word)
                at, fresh = fresh, fresh + 1
            yield (at, end, 1.0, reading[-1])
        state = end


def _matched(parts: Sequence[tuple[Part, ...]], said: Sequence[str]) -> list[tuple[int, int]]:
    """Return which of the words said belong to each written word, as far as they go."""
    # For every part, the places up to which it and those before it may reach, and from where.
    reached: list[dict[int, int]] = []
    places = [0]
    for part in _each(parts):
        step: dict[int, int] = {}
        for place in places:
            for reading in part:
                end = place + len(reading)
                if tuple(said[place:end]) == reading:
                    step.setdefault(end, place)
        if not step:
            break
        reached.append(step)
        places = sorted(step, reverse=True)
    edges: list[int] = []
    if reached:
        edges = [max(reached[-1])]
        for step in reversed(reached):
            edges.append(step[edges[-1]])
        edges.reverse()
    spans: list[tuple[int, int]] = []
    at = 0
    for word in parts:
        if at + len(word) >= len(edges):
            break
        spans.append((edges[at], edges[at + len(word)]))
        at += len(word)
    return spans
