"""Count how often a provider was asked for jobs that callbacks named, and did not know them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconfirmed:
    """How often, and when last, the provider was asked for a job of this submission."""

    number: int
    job: str
    asks: int = 0
    asked_at_ms: int = 0


def asked_for(known: Sequence[Unconfirmed], number: int, job: str) -> Unconfirmed:
    """Return what is known of this job; nothing was asked where nothing is."""
    of_it = (one for one in known if (one.number, one.job) == (number, job))
    return next(of_it, Unconfirmed(number=number, job=job))


def asked_once_more(
    known: Sequence[Unconfirmed], number: int, job: str, now_ms: int
) -> tuple[Unconfirmed, ...]:
    """Return what is known once this job was asked for in vain again."""
    before = asked_for(known, number, job)
    after = Unconfirmed(number=number, job=job, asks=before.asks + 1, asked_at_ms=now_ms)
    return (*(one for one in known if one != before), after)
