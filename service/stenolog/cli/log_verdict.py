"""Say what a verification of the log found: lines for people, an object for programs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict

import click

from stenolog.cli.progress import Progress
from stenolog.cli.words import safe
from stenolog.compliance.verdict import StructureDamaged, Verdict
from stenolog.errors import EvidenceError, StoreError

QUIET_FIRST_S = 2.0  # a short log is verified before anybody asks how far it is


def lines_of(verdict: Verdict) -> Iterator[str]:
    """Yield accepted damage, what was not checked, what is worth knowing, and the verdict last."""
    for one in verdict.accepted:
        said = f"position {one.position}: {safe(one.reason)}"
        yield f"{said}; accepted by a human at {one.accepted_at}"
    yield from (f"not checked: {sentence}" for sentence in verdict.unchecked)
    yield from (f"note: {sentence}" for sentence in verdict.notes)
    yield ("verified: " if verdict.complete else "partly verified: ") + figures(verdict)


def lines_of_damage(found: StructureDamaged) -> Iterator[str]:
    """Yield what is wrong with the files around records that hold, and the verdict last."""
    yield from (f"structure: {safe(sentence)}" for sentence in found.findings)
    yield from (f"note: {sentence}" for sentence in found.verdict.notes)
    yield (
        "advice: the records hold; restore the newest backup, or keep this copy and ask before "
        "anything is written to it"
    )
    yield f"not verified, the files are damaged: {figures(found.verdict)}"


def line_of_wrong(exc: EvidenceError) -> str:
    """Return the first position that is wrong and that no human has accepted, and why."""
    return f"position {exc.position}: {safe(str(exc))}"


def figures(verdict: Verdict) -> str:
    """Return head, root and counts on one line."""
    return (
        f"head {verdict.count}, root {verdict.root}, {verdict.count} events, "
        f"{verdict.payloads} payloads, {verdict.erased} erased, {verdict.heads} tree heads"
    )


def as_object(verdict: Verdict) -> str:
    """Return the verdict as JSON."""
    said = asdict(verdict)
    return json.dumps(
        {
            "holds": not verdict.accepted,
            "complete": verdict.complete,
            "head": said.pop("count"),
            "tree_heads": said.pop("heads"),
            **said,
        }
    )


def damage_as_object(found: StructureDamaged) -> str:
    """Return what is wrong with the files as JSON."""
    verdict = found.verdict
    return json.dumps(
        {
            "holds": False,
            "head": verdict.count,
            "root": verdict.root,
            "structure": found.findings,
        }
    )


def wrong_as_object(exc: EvidenceError) -> str:
    """Return the first record that is wrong as JSON."""
    return json.dumps({"holds": False, "position": exc.position, "reason": str(exc)})


def unjudged_as_object(exc: StoreError) -> str:
    """Return why the log cannot be judged as JSON."""
    return json.dumps({"holds": None, "reason": str(exc)})


class ToldProgress:
    """Tells on standard error how far a verification is, once it has lasted a while."""

    def __init__(self, quiet_first_s: float = QUIET_FIRST_S) -> None:
        """The time begins now."""
        self._quiet_until = time.monotonic() + quiet_first_s
        self._progress = Progress()
        self._told = False

    def __call__(self, what: str, done: int, of: int) -> None:
        """Show it; on a terminal with the share that is done."""
        if time.monotonic() < self._quiet_until:
            return
        self._told = True
        self._progress.show(what, f"{done:,} of {of:,}" if of else "")

    def end(self) -> None:
        """Leave the terminal as it was."""
        if self._told:
            click.echo("\r\x1b[K" if self._progress.on_terminal else "", nl=False, err=True)
