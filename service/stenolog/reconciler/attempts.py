"""Note what this process has tried for one transcription. Pure.

It is kept in memory only. Losing it costs a look at the provider, never data: everything that
matters is in the transcription's stream.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from stenolog.backoff import exponential_ms, later_ms, sooner_ms
from stenolog.log.events.vocabulary import WakeReason
from stenolog.reconciler.expecting import EXPECTED_MS_MIN
from stenolog.reconciler.unconfirmed import Unconfirmed, asked_once_more

RETRY_FIRST_MS = 1_000
RETRY_MS_MAX = 60_000
SHARED_MAX = 1_024  # results of one function that are remembered
InList = Literal["unknown", "asked", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """What this process has tried for one transcription.

    Those of many transcriptions say the same, and are one object: what all of them go through is
    remembered by what it began with.

    Attributes:
        woken: Why to look at it now, whatever the deadlines; None: no reason.
        checked_at_ms: When the job was last seen unfinished; 0: not yet.
        checks: How often it was seen unfinished.
        in_list: Whether the provider's list is read for the job, again and again, and whether it
            did not show it, so that it is asked for itself.
        asks: How often in a row the job itself was asked for in vain.
        asked_at_ms: When the provider was last asked for the job itself, and it had not ended.
        denials: How often in a row the provider said, each time a sweep interval after the last
            one that counts, that it does not know the job.
        denied_at_ms: When it said so first.
        unconfirmed: Jobs that callbacks have named, and that the provider does not know.
        failures: How often in a row the provider could not be asked.
        retry_at_ms: Not to be asked again before.
        beside: What failed last was no question for the job: a callback that came since does not
            wait for it.
        last_asks: How often in a row the provider was asked in vain for a job that has to end.
        sweeps: Lists in a row that did not show the job of the open claim.
        swept_at_ms: When the last of these lists was read.
        unsure: Such lists that do not count, because a job in them could not be asked for.
        refuted: Submissions and jobs that were read, and do not belong together.
        unread: Those that were asked for in this round of lists, and could not be read.
        trouble: What was wrong with what the provider said of the job last; empty: nothing.
        erased: This process has erased what is here of an erased transcription.
        model: What was asked for, where this process has submitted it; None: it has not.
        expected_ms: How long its job is expected to take.
        spread: A chance, 0 to 1, drawn once: how much of each wait it waits, so that those that
            met the same failure do not come back together; one of `backoff.one_of_few`.
    """

    woken: WakeReason | None = None
    checked_at_ms: int = 0
    checks: int = 0
    in_list: InList = "unknown"
    asks: int = 0
    asked_at_ms: int = 0
    denials: int = 0
    denied_at_ms: int = 0
    unconfirmed: tuple[Unconfirmed, ...] = ()
    failures: int = 0
    retry_at_ms: int = 0
    beside: bool = False
    last_asks: int = 0
    sweeps: int = 0
    swept_at_ms: int = 0
    unsure: int = 0
    refuted: frozenset[tuple[int, str]] = frozenset()
    unread: frozenset[tuple[int, str]] = frozenset()
    trouble: str = ""
    erased: bool = False
    model: str | None = None
    expected_ms: int = EXPECTED_MS_MIN
    spread: float = 1.0


@lru_cache(maxsize=SHARED_MAX)
def woken_by(attempts: Attempts, reason: WakeReason) -> Attempts:
    """Look now, for this reason; a callback that was not looked into yet stays the reason."""
    if attempts.woken == "callback":
        return attempts
    in_list: InList = "missing" if attempts.in_list == "missing" else "unknown"
    if reason != "callback":
        return replace(attempts, woken=reason, in_list=in_list)
    return replace(attempts, woken=reason, in_list=in_list, asks=0, unconfirmed=())


def submitted(attempts: Attempts, model: str, expected_ms: int) -> Attempts:
    """Note what was asked for, and how long it is expected to take."""
    return replace(anew(attempts), model=model, expected_ms=expected_ms)


def anew(attempts: Attempts, woken: WakeReason | None = None) -> Attempts:
    """Start over, because the stream has moved; what was denied, erased and asked for stays."""
    return Attempts(
        woken=woken,
        unconfirmed=attempts.unconfirmed,
        refuted=attempts.refuted,
        erased=attempts.erased,
        model=attempts.model,
        expected_ms=attempts.expected_ms,
        spread=attempts.spread,
    )


def seen_running(attempts: Attempts, now_ms: int, trouble: str = "") -> Attempts:
    """Note that the job was seen, and had not ended; `trouble` is what was wrong with it."""
    return replace(
        answered(attempts),
        woken=None,
        checked_at_ms=now_ms,
        checks=attempts.checks + 1,
        in_list="unknown",
        denials=0,
        denied_at_ms=0,
        trouble=trouble,
    )


@lru_cache(maxsize=SHARED_MAX)
def seen_in_list(attempts: Attempts, now_ms: int) -> Attempts:
    """Note that the list showed the job as running; it is read for it again."""
    return replace(seen_running(attempts, now_ms), in_list="asked", asks=0)


@lru_cache(maxsize=SHARED_MAX)
def list_asked(attempts: Attempts) -> Attempts:
    """Note that the list is to be read for the job."""
    return replace(attempts, in_list="asked")


def missing_in_list(attempts: Attempts) -> Attempts:
    """Note that no list shows the job as running: it is to be asked for itself."""
    return replace(attempts, in_list="missing")


def asked_in_vain(attempts: Attempts, now_ms: int, trouble: str = "") -> Attempts:
    """Note that the job itself was asked for, and had not ended."""
    return replace(
        seen_running(attempts, now_ms, trouble),
        asks=attempts.asks + 1,
        asked_at_ms=now_ms,
    )


def denied(attempts: Attempts, now_ms: int, *, counts: bool) -> Attempts:
    """Note that the provider said that it does not know the job; the first time always `counts`."""
    first = not attempts.denials
    return replace(
        asked_in_vain(attempts, now_ms, attempts.trouble),
        denials=attempts.denials + (first or counts),
        denied_at_ms=now_ms if first else attempts.denied_at_ms,
    )


def in_trouble(attempts: Attempts, trouble: str) -> Attempts:
    """Note what is wrong with what the provider says of the job."""
    return replace(attempts, trouble=trouble)


def not_confirmed(attempts: Attempts, number: int, job: str, now_ms: int) -> Attempts:
    """Note that the provider does not know a job yet that a callback named for this submission."""
    noted = asked_once_more(attempts.unconfirmed, number, job, now_ms)
    return replace(answered(attempts), woken=None, unconfirmed=noted)


def answered(attempts: Attempts) -> Attempts:
    """Note that the provider can be asked: it answered, or was started again."""
    return replace(attempts, failures=0, retry_at_ms=0, beside=False, last_asks=0)


def refute(attempts: Attempts, number: int, jobs: Iterable[str]) -> Attempts:
    """Note that the provider answered, and denied that these are jobs of submission `number`."""
    denied = attempts.refuted.union((number, job) for job in jobs)
    return replace(answered(attempts), refuted=denied)


def unread(attempts: Attempts, number: int, jobs: Iterable[str]) -> Attempts:
    """Note that these may be jobs of submission `number`, and could not be read in this round."""
    return replace(attempts, unread=attempts.unread.union((number, job) for job in jobs))


def swept(attempts: Attempts, now_ms: int) -> Attempts:
    """Note that one more list did not show the job of the open claim."""
    return replace(
        attempts,
        sweeps=attempts.sweeps + 1,
        swept_at_ms=now_ms,
        unsure=0,
        unread=frozenset(),
    )


def looked_through(attempts: Attempts) -> Attempts:
    """Note that the list was looked through for other jobs of a submission whose job is known."""
    return replace(answered(attempts), unsure=0, unread=frozenset())


def swept_unsure(attempts: Attempts, now_ms: int) -> Attempts:
    """Note a list with jobs that may be the open claim's, and that could not be asked for."""
    return replace(attempts, swept_at_ms=now_ms, unsure=attempts.unsure + 1, unread=frozenset())


def erased_here(attempts: Attempts) -> Attempts:
    """Note that key, views and upload are gone."""
    return replace(answered(attempts), erased=True)


def put_off(
    attempts: Attempts,
    now_ms: int,
    retry_in_ms: int | None = None,
    *,
    beside: bool = False,
    last_ask: bool = False,
    trouble: str = "",
    ceiling_ms: int = RETRY_MS_MAX,
) -> Attempts:
    """Note a failure; wait longer after each one, and never less than the provider asked for.

    `trouble` is what was wrong with the answer, if there was one.
    """
    failures = attempts.failures + 1
    wait_ms = retry_wait_ms(attempts, failures, ceiling_ms)
    asked_ms = later_ms(retry_in_ms or 0, attempts.spread)
    return replace(
        attempts,
        failures=failures,
        retry_at_ms=now_ms + max(wait_ms, asked_ms),
        beside=beside,
        last_asks=attempts.last_asks + last_ask,
        trouble=trouble or attempts.trouble,
    )


def retry_wait_ms(attempts: Attempts, times: int, ceiling_ms: int = RETRY_MS_MAX) -> int:
    """Return how long to wait after something has failed so many times in a row."""
    wait_ms = exponential_ms(times, first_ms=RETRY_FIRST_MS, ceiling_ms=ceiling_ms)
    return sooner_ms(wait_ms, attempts.spread)
