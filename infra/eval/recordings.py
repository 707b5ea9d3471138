"""Recordings with references: of installed packages, of fetched ones, and of a folder.

A folder has an `index.json`: a list of objects with `file` and what is known of it: `reference`
(text), `words` (lists of start and end in seconds, and the word), `turns` (objects with `start`,
`end` in seconds and `speaker`), `speakers` (how many), `kind`, `language`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stenolog.engine.speech.weights import wheel

# Of a folder's index: the beginning of `kind`, and the group that is measured together.
KINDS = {
    "single speaker, word times": "casual",
    "single speaker": "read",
    "8 kHz telephone prompt": "telephone prompts",
    "8 kHz telephone dialogue": "telephone talk",
    "2-speaker support call": "synthetic calls",
    "2 channels: agent": "synthetic calls",
    "2-speaker dialogue": "dialogue",
    "long (over 5 min)": "long",
    "noisy speech": "noise",
    "one voice reading personal data": "personal data",
    "meeting": "far microphone",
    "3 speakers": "speakers",
    "constructed": "speakers",
    "low speech ratio": "quiet",
    "no speech": "no speech",
}
# Charles Dickens, A Tale of Two Cities (1859), what is read in the recogniser's own example.
TWO_CITIES = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the "
    "age of foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the "
    "season of Light, it was the season of Darkness, it was the spring of hope, it was the winter "
    "of despair, we had everything before us, we had nothing before us, we were all going direct "
    "to Heaven, we were all going direct the other way, in short, the period was so far like the "
    "present period, that some of its noisiest authorities insisted on its being received, for "
    "good or for evil, in the superlative degree of comparison only."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something that was said, between two times in ms: a word, or a speaker's turn."""

    start_ms: float
    end_ms: float
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One file, and what is known of it; what is not known is empty or None."""

    path: Path
    group: str
    reference: str = ""
    words: tuple[Said, ...] = ()
    turns: tuple[Said, ...] = ()
    speakers: int | None = None

    @property
    def name(self) -> str:
        """The name of its file."""
        return self.path.name


def of_installed_packages() -> Iterator[Recording]:
    """Yield what the recogniser's own package carries with a text that is known."""
    folder = wheel()
    if folder is not None:
        path = folder / "assets" / "two_cities.wav"
        yield Recording(path=path, group="read", reference=TWO_CITIES, speakers=1)


def of_folder(folder: Path) -> Iterator[Recording]:
    """Yield the English recordings of a folder that its index describes."""
    for known in json.loads((folder / "index.json").read_text()):
        group = next((KINDS[kind] for kind in KINDS if known["kind"].startswith(kind)), None)
        if group is not None and known.get("language", "en").startswith("en"):
            yield _described(folder, group, known)


def _described(folder: Path, group: str, known: Mapping[str, Any]) -> Recording:
    turns = [turn for turn in known.get("turns") or () if "start" in turn and "speaker" in turn]
    return Recording(
        path=folder / known["file"],
        group=group,
        reference=(known.get("reference") or "").strip(),
        words=tuple(_said(start, end, word) for start, end, word in known.get("words") or ()),
        turns=tuple(_said(turn["start"], turn["end"], turn["speaker"]) for turn in turns),
        speakers=known.get("speakers"),
    )


def _said(start: float, end: float, what: str) -> Said:
    return Said(start_ms=start * 1000, end_ms=end * 1000, what=what)


def words_said(recordings: Sequence[Recording]) -> int:
    """Return how many words the references have."""
    return sum(len(recording.reference.split()) for recording in recordings)
