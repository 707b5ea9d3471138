"""`python -m infra.eval [PART...] [--audio FOLDER]`: a table, and JSON in `build/`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.bench.figures import Figure, NotMeasured, table
from infra.bench.machine import REPOSITORY, machine
from infra.eval import (
    level,
    private,
    recordings,
    sentiment,
    sources,
    speakers,
    speed,
    themes,
    words,
)
from infra.eval.ears import Ears
from infra.eval.recordings import Recording
from infra.eval.scoring import plain_words
from stenolog.engine.availability import engine_unavailable

FETCHED = REPOSITORY / "build" / "eval"
REPORT = REPOSITORY / "build" / "eval.json"
FOLDER_VARIABLE = "STENOLOG_EVAL_AUDIO"


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What is measured with.

    Attributes:
        recordings: Of installed packages, of fetched ones and of the folder, as far as they exist.
        fetched: Where sentences are; None when nothing could be fetched.
        place: A directory for temporary files.
    """

    recordings: Sequence[Recording]
    fetched: Path | None
    place: Path
    ears: Ears


def _sentiment(material: Material) -> Iterator[Figure]:
    if material.fetched is not None:
        yield from sentiment.measure(sources.judged_sentences(material.fetched))


def _themes(material: Material) -> Iterator[Figure]:
    fetched = material.fetched
    sentences = sources.article_sentences(fetched) if fetched is not None else iter(())
    yield from themes.measure(sentences, material.recordings, material.ears)


PARTS: Mapping[str, Callable[[Material], Iterator[Figure]]] = {
    "speed": lambda material: speed.measure(material.place),
    "words": lambda material: words.measure(material.recordings, material.ears),
    "level": lambda material: level.measure(material.ears),
    "speakers": lambda material: speakers.measure(material.recordings, material.ears),
    "private": lambda material: private.measure(material.recordings, material.ears),
    "sentiment": _sentiment,
    "themes": _themes,
}


def main() -> int:
    """Measure and report; 0 whatever the figures are, 1 when a part could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m infra.eval", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[[], *PARTS], help="default: all")
    parser.add_argument(
        "--audio",
        type=Path,
        default=os.environ.get(FOLDER_VARIABLE),
        help=f"a folder of more recordings, with an index.json; default: ${FOLDER_VARIABLE}",
    )
    asked = parser.parse_args()
    if (reason := engine_unavailable()) is not None:
        print(reason, file=sys.stderr)
        return 1
    lines: list[Figure | NotMeasured] = []
    REPORT.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="eval-", dir=REPORT.parent) as place:
        about = machine(Path(place))
        material = _material(asked.audio, Path(place), lines)
        for name in asked.part or PARTS:
            print(f"measuring {name}", file=sys.stderr, flush=True)
            try:
                lines += PARTS[name](material)
            except Exception as exc:  # the other parts are measured all the same
                traceback.print_exc()
                lines.append(NotMeasured(part=name, reason=f"{type(exc).__name__}: {exc}"))
    print(f"\n{table(lines)}\n")
    report = {"machine": about, "figures": [line.as_json() for line in lines]}
    REPORT.write_text(json.dumps(report, indent=1) + "\n")
    print(REPORT)
    return 1 if any(isinstance(line, NotMeasured) for line in lines) else 0


def _material(folder: Path | None, place: Path, lines: list[Figure | NotMeasured]) -> Material:
    found = list(recordings.of_installed_packages())
    fetched: Path | None = None
    try:
        fetched = sources.fetched(FETCHED)
        found += sources.recordings(fetched)
    except OSError as exc:
        lines.append(NotMeasured(part="fetched recordings", reason=str(exc)))
    if folder is not None:
        known = {tuple(plain_words(recording.reference)) for recording in found}
        found += (
            recording
            for recording in recordings.of_folder(folder)
            if tuple(plain_words(recording.reference)) not in known or not recording.reference
        )
    cores = len(os.sched_getaffinity(0))
    return Material(recordings=found, fetched=fetched, place=place, ears=Ears.open(cores))


if __name__ == "__main__":
    sys.exit(main())
