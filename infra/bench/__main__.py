"""`python -m infra.bench [NAME...]`: every part, or some; a table, and JSON in `build/`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from infra.bench import (
    answers,
    appends,
    as_of,
    callbacks,
    completions,
    engine,
    events,
    hostile,
    lost_views,
    memory,
    pollers,
    proofs,
    reading,
    search,
    uploads,
    views,
)
from infra.bench.figures import Figure, NotMeasured, table
from infra.bench.machine import REPOSITORY, machine

Measure = Callable[[Path], Awaitable[Sequence[Figure]]]
PARTS: Mapping[str, Measure] = {
    "appends": appends.measure,
    "proofs": proofs.measure,
    "as_of": as_of.measure,
    "views": views.measure,
    "callbacks": callbacks.measure,
    "completions": completions.measure,
    "reading": reading.measure,
    "search": search.measure,
    "pollers": pollers.measure,
    "events": events.measure,
    "uploads": uploads.measure,
    "memory": memory.measure,
    "hostile": hostile.measure,
    "lost_views": lost_views.measure,
    "engine": engine.measure,
    "answers": answers.measure,
}
PART_SECONDS_MAX = 240
ALL_SECONDS_MAX = 570  # of the ten minutes that all may take
REPORT = REPOSITORY / "build" / "bench.json"


def main() -> int:
    """Measure and report; 0 whatever the figures are, 1 when a part could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m infra.bench", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[[], *PARTS], help="default: all")
    chosen = parser.parse_args().part or list(PARTS)
    REPORT.parent.mkdir(exist_ok=True)
    # Beside the repository's own files: the fsync of a /tmp in memory says nothing.
    with tempfile.TemporaryDirectory(prefix="bench-", dir=REPORT.parent) as place:
        about = machine(Path(place))
        print("\n".join(f"{name:<13} {value}" for name, value in about.items()), flush=True)
        lines = _measured(chosen, Path(place))
    print(f"\n{table(lines)}\n")
    report = {"machine": about, "figures": [line.as_json() for line in lines]}
    REPORT.write_text(json.dumps(report, indent=1) + "\n")
    print(REPORT)
    return 1 if any(isinstance(line, NotMeasured) for line in lines) else 0


def _measured(chosen: Sequence[str], place: Path) -> list[Figure | NotMeasured]:
    lines: list[Figure | NotMeasured] = []
    deadline = time.monotonic() + ALL_SECONDS_MAX
    for name in chosen:
        print(f"measuring {name}", file=sys.stderr, flush=True)
        within = max(0.0, min(PART_SECONDS_MAX, deadline - time.monotonic()))
        inside = place / name
        inside.mkdir()
        try:
            lines += asyncio.run(_bounded(PARTS[name], inside, within))
        except TimeoutError:
            lines.append(NotMeasured(part=name, reason=f"it took more than {within:.0f} s"))
        except Exception as exc:  # the other parts are measured all the same
            traceback.print_exc()
            lines.append(NotMeasured(part=name, reason=f"{type(exc).__name__}: {exc}"))
    return lines


async def _bounded(measure: Measure, place: Path, seconds: float) -> Sequence[Figure]:
    async with asyncio.timeout(seconds):
        return await measure(place)


if __name__ == "__main__":
    sys.exit(main())
