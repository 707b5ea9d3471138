"""Note what this process has tried for one transcription. Pure.

It is kept in memory only. Losing it costs a look at the provider, never data: everything that
matters is in the transcription's stream.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from stenolog.backoff import exponential_ms, later_ms, sooner_ms
from stenolog.log.events.vocabulary import WakeReason

RETRY_FIRST_MS = 1_000
RETRY_MS_MAX = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """What this process has tried for one transcription.

    Attributes:
        woken: Why to look at it now, whatever the deadlines; None: no reason.
        checked_at_ms: When the job was last seen unfinished; 0: not yet.
        checks: How often it was seen unfinished.
        asks: How often in a row the job itself was asked for in vain.
        asked_at_ms: When the provider was last asked for the job itself, and it had not ended.
        missing: The provider did not know the job then, and is not believed yet.
        failures: How often in a row the provider could not be asked.
        retry_at_ms: Not to be asked again before.
        beside: What failed last was no question for the job: a callback that came since does not
            wait for it.
        last_asks: How often in a row the provider was asked in vain for a job that has to end.
        sweeps: Lists in a row that did not show the job of the open claim.
        swept_at_ms: When the last of these lists was read.
        refuted: Submissions and jobs that the provider denied to belong together.
        erased: This process has erased what is here of an erased transcription.
        spread: A chance, 0 to 1, drawn once: how much of each wait it waits, so that those that
            met the same failure do not come back together.
    """

    woken: WakeReason | None = None
    checked_at_ms: int = 0
    checks: int = 0
    asks: int = 0
    asked_at_ms: int = 0
    missing: bool = False
    failures: int = 0
    retry_at_ms: int = 0
    beside: bool = False
    last_asks: int = 0
    sweeps: int = 0
    swept_at_ms: int = 0
    refuted: frozenset[tuple[int, str]] = frozenset()
    erased: bool = False
    spread: float = 1.0


def woken_by(attempts: Attempts, reason: WakeReason) -> Attempts:
    """Look now, for this reason; a callback that was not looked into yet stays the reason."""
    if attempts.woken == "callback":
        return attempts
    return replace(attempts, woken=reason, asks=0 if reason == "callback" else attempts.asks)


def anew(attempts: Attempts, woken: WakeReason | None = None) -> Attempts:
    """Start over, because the stream has moved; what was denied and what was erased stays."""
    return Attempts(
        woken=woken,
        refuted=attempts.refuted,
        erased=attempts.erased,
        spread=attempts.spread,
    )


def seen_running(attempts: Attempts, now_ms: int) -> Attempts:
    """Note that the job was seen, and had not ended."""
    return replace(
        answered(attempts),
        woken=None,
        checked_at_ms=now_ms,
        checks=attempts.checks + 1,
        missing=False,
    )


def asked_in_vain(attempts: Attempts, now_ms: int, *, missing: bool) -> Attempts:
    """Note that the job itself was asked for: it had not ended, or is `missing` for now."""
    return replace(
        seen_running(attempts, now_ms),
        asks=attempts.asks + 1,
        asked_at_ms=now_ms,
        missing=missing,
    )


def answered(attempts: Attempts) -> Attempts:
    """Note that the provider can be asked: it answered, or was started again."""
    return replace(attempts, failures=0, retry_at_ms=0, beside=False, last_asks=0)


def refute(attempts: Attempts, number: int, jobs: Iterable[str]) -> Attempts:
    """Note that the provider answered, and denied that these are jobs of submission `number`."""
    denied = attempts.refuted.union((number, job) for job in jobs)
    return replace(answered(attempts), refuted=denied)


def swept(attempts: Attempts, now_ms: int) -> Attempts:
    """Note that one more list did not show the job of the open claim."""
    return replace(attempts, sweeps=attempts.sweeps + 1, swept_at_ms=now_ms)


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
) -> Attempts:
    """Note a failure; wait longer after each one, and never less than the provider asked for."""
    failures = attempts.failures + 1
    wait_ms = retry_wait_ms(attempts, failures)
    asked_ms = later_ms(retry_in_ms or 0, attempts.spread)
    return replace(
        attempts,
        failures=failures,
        retry_at_ms=now_ms + max(wait_ms, asked_ms),
        beside=beside,
        last_asks=attempts.last_asks + last_ask,
    )


def retry_wait_ms(attempts: Attempts, times: int) -> int:
    """Return how long to wait after something has failed so many times in a row."""
    wait_ms = exponential_ms(times, first_ms=RETRY_FIRST_MS, ceiling_ms=RETRY_MS_MAX)
    return sooner_ms(wait_ms, attempts.spread)


def clock_set_back(attempts: Attempts) -> Attempts:
    """Forget when to ask again: the clock that said so was set back."""
    return replace(attempts, retry_at_ms=0)


def not_in_future(attempts: Attempts, now_ms: int) -> Attempts:
    """Move what was tried later than now to now: the clock that said so was set back."""
    if max(attempts.checked_at_ms, attempts.asked_at_ms, attempts.swept_at_ms) <= now_ms:
        return attempts
    return replace(
        attempts,
        checked_at_ms=min(attempts.checked_at_ms, now_ms),
        asked_at_ms=min(attempts.asked_at_ms, now_ms),
        swept_at_ms=min(attempts.swept_at_ms, now_ms),
    )
