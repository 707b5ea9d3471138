"""Tell where each open job stands in the queue, and when it will be done. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from stenolog.engine.host.jobs import Job

RECENT_MAX = 20  # finished jobs that tell the pace
US_PER_MS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in the queue.

    Attributes:
        position: 0 while it is transcribed, 1 when it is the next.
        expected_ms: Until it is done; None before any job has told how long one takes.
    """

    position: int
    expected_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pace:
    """How recent jobs went: ms of work for one, and for one ms of audio."""

    job_ms: float
    share: float


def places(jobs: Sequence[Job], workers: int, now_us: int) -> Mapping[str, Place]:
    """Return the place of every open job; `jobs` are all, in the order of their creation.

    How long a waiting job's audio is, nobody knows yet: it is taken for as long as recent ones.
    """
    pace = _pace(jobs)
    found: dict[str, Place] = {}
    ahead_ms = 0.0
    for job in jobs:
        if job.is_open and job.began_us is not None:
            spent_ms = (now_us - job.began_us) / US_PER_MS
            left_ms = max(0.0, _work_ms(job, pace) - spent_ms)
            found[job.id] = _place(0, left_ms, pace)
            ahead_ms += left_ms
    waiting = (job for job in jobs if job.is_open and job.began_us is None)
    for position, job in enumerate(waiting, start=1):
        own_ms = _work_ms(job, pace)
        found[job.id] = _place(position, ahead_ms / workers + own_ms, pace)
        ahead_ms += own_ms
    return found


def _place(position: int, expected_ms: float, pace: _Pace | None) -> Place:
    return Place(position=position, expected_ms=None if pace is None else round(expected_ms))


def _work_ms(job: Job, pace: _Pace | None) -> float:
    if pace is None:
        return 0.0
    return pace.job_ms if job.audio_ms is None else pace.share * job.audio_ms


def _pace(jobs: Sequence[Job]) -> _Pace | None:
    """Return the pace of the latest jobs that were transcribed; None before the first."""
    recent = list(islice(_worked(jobs), RECENT_MAX))
    if not recent:
        return None
    worked_ms = sum(took_ms for took_ms, _ in recent)
    heard_ms = sum(audio_ms for _, audio_ms in recent)
    return _Pace(job_ms=worked_ms / len(recent), share=worked_ms / max(1, heard_ms))


def _worked(jobs: Sequence[Job]) -> Iterator[tuple[float, int]]:
    """Yield how long each took and how long its audio is, in ms, the latest first."""
    for job in reversed(jobs):
        if job.status == "completed" and job.began_us and job.completed_us and job.audio_ms:
            yield (job.completed_us - job.began_us) / US_PER_MS, job.audio_ms
