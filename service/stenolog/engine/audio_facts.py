"""Hold what is known of a recording once it is decoded, and say what a reader should know of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

MEMBER = "stenolog"
"""The member of a transcript, beside AssemblyAI's, that has `audio` and `warnings`."""

SHORT_MS_MIN = 1_000  # of difference; codecs add and drop less at both ends
SHORT_SHARE_MIN = 0.02
INSERTED_MS_MIN = 1_000
ALONE_MS_MIN = 2_000

CUT_SHORT = "cut-short"
LENGTH_MENDED = "length-mended"
SOUND_MISSING = "sound-missing"
OF_LENGTH = frozenset({CUT_SHORT, LENGTH_MENDED, SOUND_MISSING})
"""Codes of warnings that there is less, or more, than the file declares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFacts:
    """What was found in a file and what was made of it; all durations in ms.

    Attributes:
        container: FFmpeg's name of it, as `mp3`, `mov` or `matroska`; `codec` likewise.
        sample_rate: In Hz, and `channels`, of the track as the file says at its beginning.
        track: The track that was transcribed, from 1, of `tracks` with audio.
        skipped_tracks: Tracks that come first and are silent or cannot be decoded.
        parts: How many files the file is a chain of; 1 for most.
        declared_ms: How long the sound is by the file's own word; None without one.
        decoded_ms: How much sound was decoded from it.
        late_ms: Silence in front, because the audio begins later than the file's clock.
        inserted_ms: Silence in the places of missing or damaged sound.
        damaged_packets: How many could not be decoded, and were skipped.
        unread_bytes: What is behind the place where the container could not be read further.
        clock_jumps: How often its clock was set, by more than what is taken for missing sound.
        length_mended: The header's length was too small; the file was read to its end.
        channel_alone_ms: How long one channel was heard alone, because the mix had lost it.
        gain_db: By how much it was made louder; below 0, quieter.
        silent: Nothing in it is loud enough to be heard.
    """

    container: str
    codec: str
    sample_rate: int
    channels: int
    track: int = 1
    tracks: int = 1
    skipped_tracks: tuple[int, ...] = ()
    parts: int = 1
    declared_ms: int | None = None
    decoded_ms: int = 0
    late_ms: int = 0
    inserted_ms: int = 0
    damaged_packets: int = 0
    unread_bytes: int = 0
    clock_jumps: int = 0
    length_mended: bool = False
    channel_alone_ms: int = 0
    gain_db: float = 0.0
    silent: bool = False


def shown(facts: AudioFacts) -> dict[str, object]:
    """Return the value of `MEMBER`: `audio` with all facts, `warnings` with code and message."""
    warnings = [{"code": code, "message": message} for code, message in warnings_of(facts)]
    return {"audio": asdict(facts), "warnings": warnings}


def figures(facts: AudioFacts) -> dict[str, object]:
    """Return the facts that say something, for a line of the log."""
    usual = AudioFacts(container="", codec="", sample_rate=0, channels=0)
    return {name: value for name, value in asdict(facts).items() if value != getattr(usual, name)}


def warnings_of(facts: AudioFacts) -> tuple[tuple[str, str], ...]:
    """Return what makes a transcript less, or another, than a reader expects.

    Each has a code and a sentence.
    """
    return (*_of_length(facts), *_of_damage(facts), *_of_choices(facts))


def _of_length(facts: AudioFacts) -> Iterator[tuple[str, str]]:
    declared_ms, heard_ms = facts.declared_ms, facts.decoded_ms + facts.inserted_ms
    if declared_ms is None:
        return
    if facts.length_mended:
        yield (
            LENGTH_MENDED,
            f"The file's header declares {_length(declared_ms)}, and {_length(heard_ms)} are "
            "there: it was read to its end.",
        )
    elif declared_ms - heard_ms > max(SHORT_MS_MIN, SHORT_SHARE_MIN * declared_ms):
        yield (
            CUT_SHORT,
            f"Only {_length(heard_ms)} of the declared {_length(declared_ms)} could be decoded: "
            "the file is cut off or damaged.",
        )


def _of_damage(facts: AudioFacts) -> Iterator[tuple[str, str]]:
    if facts.inserted_ms >= INSERTED_MS_MIN:
        yield (
            SOUND_MISSING,
            f"{_length(facts.inserted_ms)} of sound are missing in the file; silence stands in "
            "their place.",
        )
    if facts.damaged_packets:
        yield "packets-damaged", f"Damaged packets were skipped: {facts.damaged_packets}."
    if facts.unread_bytes:
        yield "bytes-unread", f"{facts.unread_bytes} bytes of the file could not be read as audio."
    if facts.clock_jumps:
        yield (
            "clock-set",
            f"The file's clock was set (jumps: {facts.clock_jumps}): from there on, times follow "
            "the sound and not the clock.",
        )


def _of_choices(facts: AudioFacts) -> Iterator[tuple[str, str]]:
    if facts.skipped_tracks:
        numbers = ", ".join(map(str, facts.skipped_tracks))
        yield (
            "tracks-passed-over",
            f"Audio tracks that are silent or cannot be decoded were passed over: {numbers}.",
        )
    if facts.tracks > 1:
        yield (
            "one-track-of-several",
            f"Of {facts.tracks} audio tracks, only track {facts.track} was transcribed.",
        )
    if facts.channel_alone_ms >= ALONE_MS_MIN:
        yield (
            "channels-cancel",
            f"The channels cancel each other out for {_length(facts.channel_alone_ms)}: there, "
            "only the loudest was transcribed.",
        )
    if facts.silent:
        yield "silent", "The audio is silent."


def _length(ms: int) -> str:
    """Return a duration as people write it: `4.1 seconds`, `30 minutes`, `59:30 minutes`."""
    if ms < 60_000:
        return f"{ms / 1000:.1f} seconds"
    minutes, seconds = divmod(round(ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02} hours"
    return f"{minutes}:{seconds:02} minutes" if seconds else f"{minutes} minutes"
