"""Say in sentences how far tree heads reach, and what is worth knowing besides."""

from __future__ import annotations

from collections.abc import Iterator

from stenolog.compliance.compared_heads import ComparedHeads
from stenolog.compliance.head_keeper import EVENTS_PER_HEAD
from stenolog.compliance.rows import VerifiedSoFar

# A service covers what it appends within a minute, and after a thousand events. Twice as much is
# uncovered only where none runs, or where heads were taken away.
UNCOVERED_EVENTS_MAX = 2 * EVENTS_PER_HEAD
UNCOVERED_US_MAX = 120_000_000


def uncovered(count: int, last_us: int, compared: ComparedHeads, now_us: int) -> Iterator[str]:
    """Yield why a rewrite could not be seen; nothing when heads reach as far as they can.

    Args:
        count: Of the log's events.
        last_us: The time of the last one, in microseconds.
        compared: The heads.
        now_us: The time, in microseconds.
    """
    if not compared.count:
        yield (
            "there are no tree heads: neither a truncation at the end nor a rewrite of the past "
            "can be seen"
        )
        return
    if compared.covered >= count:
        return
    events = f"events {compared.covered + 1} to {count} are covered by no tree head"
    ahead_us = last_us - now_us
    if ahead_us > UNCOVERED_US_MAX and ahead_us > compared.jumped_ms_max * 1_000 + UNCOVERED_US_MAX:
        yield f"{events}, and the clock here is behind them: nobody can tell since when"
    elif (
        count - compared.covered > UNCOVERED_EVENTS_MAX
        or compared.uncovered_us < max(now_us, last_us) - UNCOVERED_US_MAX
    ):
        yield (
            f"{events}, though a service covers its own within a minute: heads were lost, or none "
            "has run since, or the machine's clock has just been set"
        )


def unread(verified: VerifiedSoFar, compared: ComparedHeads, damaged: int) -> Iterator[str]:
    """Yield what accepted damage leaves unknown; nothing without any.

    `damaged` is how many records were passed over.
    """
    if damaged:
        yield f"what stood in {damaged} damaged records, which a human has accepted"
    if verified.doubted:
        yield (
            f"what is owed to {len(verified.doubted)} streams with such a record, and whether an "
            "erasure destroyed their keys"
        )
    if verified.hole_until:
        yield (
            f"the tree behind event {verified.frontier.count}: the hash of a damaged record is "
            "lost, and no node stands for it"
        )
    if compared.incomparable:
        yield f"{compared.incomparable} tree heads over events of which one has lost its hash"


def notes(verified: VerifiedSoFar, compared: ComparedHeads) -> Iterator[str]:
    """Yield what is worth knowing, last how far heads reach."""
    if compared.unreadable:
        yield f"{compared.unreadable} lines of the tree heads are not readable"
    if verified.released_keys:
        yield (
            f"{verified.released_keys} uploads were released and have their key still: the next "
            "sweep of the service destroys it"
        )
    if compared.explained:
        yield (
            f"{compared.explained} tree heads are of events that are gone since the log was "
            f"restored from a backup (epoch {verified.epoch}, event {verified.restored})"
        )
    yield from _coverage(verified.count, compared)


def _coverage(count: int, compared: ComparedHeads) -> Iterator[str]:
    if not compared.covered:
        yield f"tree heads cover no event: a rewrite of any of the {count} cannot be seen"
    elif compared.covered < count:
        yield (
            f"tree heads cover events 1 to {compared.covered}; {compared.covered + 1} to {count} "
            "are covered by none: a rewrite or truncation there cannot be seen"
        )
    else:
        yield f"tree heads cover events 1 to {count}"
    if compared.covered_elsewhere:
        yield f"heads that were kept elsewhere cover events 1 to {compared.covered_elsewhere}"
    else:
        yield (
            "who can write the log can write the heads beside it: compare with heads that were "
            "kept elsewhere (--against FILE)"
        )
