"""Read a provider's list once, and tell which jobs it does not show as running."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog

from stenolog.errors import ProviderError, ProviderUnavailable
from stenolog.providers.paging import pages_of
from stenolog.providers.port import JobPage, JobStatus, Provider

PAGES_MAX = 1_000  # of each status: 200,000 jobs
LOOK_MS_MAX = 600_000
KEPT_MAX = 10  # sweeps that are remembered
log = structlog.get_logger()

RUNNING: tuple[JobStatus, ...] = ("queued", "processing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a list has shown of the jobs that were looked for.

    Attributes:
        missing: Those that it did not show as running; that is no verdict on them.
        pages: How many were read.
        whole: Whether the list was read to its end; if not, a missing job may be on a later page.
    """

    missing: frozenset[str]
    pages: int
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One comparison.

    Attributes:
        compared: How many jobs of ours it was for.
        missing: Those that the list did not show as running, and that are therefore asked for.
        pages: How many it read; 0 where there is no list.
        error: Why the list could not be read; empty: it could.
    """

    began_ms: int
    took_ms: int
    compared: int
    missing: int = 0
    pages: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepStanding:
    """What is known of the jobs at one place, and how its list was read since the start.

    Attributes:
        watched: How many jobs are known to run.
        next_ms: When the list is read next; None: not before something changes.
        kept: The last sweeps, the newest last.
        read: How many lists were read to their end.
        failed: How many were not.
        missing: How many jobs they did not show, in all.
    """

    watched: int
    next_ms: int | None
    kept: Sequence[Sweep]
    read: int
    failed: int
    missing: int


class SweepHistory:
    """Remembers the last sweeps, and counts all of them.

    Attributes:
        kept: The last ones, the newest last.
        read, failed, missing: As in `SweepStanding`.
    """

    def __init__(self) -> None:
        self.kept: deque[Sweep] = deque(maxlen=KEPT_MAX)
        self.read = self.failed = self.missing = 0

    def keep(self, done: Sweep) -> None:
        """Add one."""
        self.kept.append(done)
        self.read += not done.error
        self.failed += bool(done.error)
        self.missing += done.missing

    def standing(self, watched: int, next_ms: int | None) -> SweepStanding:
        """Return it with how many jobs are known, and when the list is read next."""
        return SweepStanding(
            watched=watched,
            next_ms=next_ms,
            kept=tuple(self.kept),
            read=self.read,
            failed=self.failed,
            missing=self.missing,
        )


async def look_for(
    provider: Provider,
    jobs: Iterable[str],
    *,
    look_ms_max: int = LOOK_MS_MAX,
    pages_max: int = PAGES_MAX,
) -> Look:
    """Read the list of what is queued, then of what is processed, and look for these jobs in it.

    Other jobs of the list are not kept.

    Raises:
        ProviderError: A page could not be read, or the list took over `look_ms_max`.
    """
    missing, pages, whole = set(jobs), 0, True
    try:
        async with asyncio.timeout(look_ms_max / 1000):
            for status in RUNNING:
                page, ignores = None, False
                async for page in pages_of(provider, status=status, pages_max=pages_max):
                    pages += 1
                    missing.difference_update(
                        one.id for one in page.jobs if one.running is not False
                    )
                    ignores = ignores or any(one.running is False for one in page.jobs)
                whole = whole and not _has_older(page)
                if ignores:
                    break  # a list that shows everything has shown the rest, too
    except TimeoutError as exc:
        raise ProviderUnavailable(f"the list took over {look_ms_max} ms") from exc
    except ProviderError:
        raise
    except Exception as exc:  # a fault of ours must not end the loops of all
        log.exception("reconciler.sweep_failed")
        raise ProviderUnavailable("a fault of ours: see the log") from exc
    return Look(missing=frozenset(missing), pages=pages, whole=whole)


def _has_older(page: JobPage | None) -> bool:
    return page is not None and page.older is not None
