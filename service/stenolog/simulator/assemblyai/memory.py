"""Remember jobs, uploads, and what came in and went out."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from stenolog.bounded import BoundedMemory
from stenolog.clock import rfc3339
from stenolog.simulator.assemblyai.jobs import Job
from stenolog.wire.assemblyai.listing import ListQuery

# Of each kind, the newest: a simulator may run for weeks.
REMEMBERED_MAX = 100_000  # requests and callbacks
JOBS_MAX, UPLOADS_MAX = 20_000, 20_000
MADE_MAX = 200  # results that were made up; each is made again the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An uploaded file: its length and its SHA-256; the bytes are not kept."""

    url: str
    bytes_count: int
    sha256: str


@dataclass(slots=True, kw_only=True)
class Seen:
    """One request that came in.

    Attributes:
        headers: Lower-case names.
        body: The JSON object, when the body was one.
        status: What it was answered; 0 while it was not, -1 when the connection was dropped.
        job_id: The job that it made or asked for.
    """

    at_ms: int
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Mapping[str, object] | None = None
    status: int = 0
    job_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One attempt at a callback; `status` is None when there was no answer."""

    at_ms: int
    job_id: str
    attempt: int
    body: bytes
    status: int | None
    took_ms: int


@dataclass(slots=True, kw_only=True)
class Memory:
    """Remembers the newest; one thread writes, any thread may read the snapshots.

    Attributes:
        tell: Is given each request when it was answered, and each attempt at a callback.
        matches: Says which jobs a list shows; a test may have it ignore what was asked for.
    """

    tell: Callable[[Seen | Sent], None] = field(default=lambda one: None)

    lock: threading.Lock = field(default_factory=threading.Lock)
    jobs: BoundedMemory[str, Job] = field(default_factory=lambda: BoundedMemory(JOBS_MAX))
    uploads: BoundedMemory[str, Upload] = field(default_factory=lambda: BoundedMemory(UPLOADS_MAX))
    made: BoundedMemory[str, dict[str, object]] = field(
        default_factory=lambda: BoundedMemory(MADE_MAX)
    )
    requests: deque[Seen] = field(default_factory=lambda: deque(maxlen=REMEMBERED_MAX))
    sent: deque[Sent] = field(default_factory=lambda: deque(maxlen=REMEMBERED_MAX))

    matches: Callable[[Job, ListQuery, int], bool] = field(default_factory=lambda: is_asked_for)

    def add_job(self, job: Job) -> None:
        """Remember a job."""
        with self.lock:
            self.jobs.put(job.id, job)

    def find(self, job_id: str, now_ms: int) -> Job | None:
        """Return the job, unless it never was or has been forgotten."""
        with self.lock:
            job = self.jobs.get(job_id)
        return job if job is not None and job.is_known(now_ms) else None

    def listed(self, query: ListQuery, now_ms: int) -> tuple[list[Job], bool, bool]:
        """Return the page, newest first, and whether there are older and newer jobs than it shows.

        Raises:
            KeyError: `before_id` or `after_id` names no job.
        """
        known = {job.id: job for job in self.jobs.values()}
        fits = [
            job
            for job in sorted(known.values(), key=lambda job: -job.number)
            if job.is_known(now_ms)
            and now_ms >= job.created_ms + job.behaviour.listed_after_ms
            and self.matches(job, query, now_ms)
        ]
        chosen = fits
        if query.before_id is not None:
            before = known[query.before_id].number
            chosen = [job for job in chosen if job.number < before]
        if query.after_id is not None:
            after = known[query.after_id].number
            chosen = [job for job in chosen if job.number > after][-query.limit :]
        page = chosen[: query.limit]
        if not page:
            return [], False, False
        return page, page[-1] is not fits[-1], page[0] is not fits[0]


def is_asked_for(job: Job, query: ListQuery, now_ms: int) -> bool:
    """Tell whether a list with these filters shows the job; `throttled_only` overrides status."""
    day = rfc3339(job.created_ms * 1000)[:10]
    if query.created_on is not None and day != query.created_on.isoformat():
        return False
    if query.throttled_only:
        return job.throttled and job.status(now_ms) == "queued"
    return query.status is None or job.status(now_ms) == query.status
