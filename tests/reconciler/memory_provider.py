"""A provider in memory, whose jobs run for a while by the test's clock and which calls nobody."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stenolog.clock import NowMs
from stenolog.errors import ProviderUnavailable
from stenolog.providers.port import (
    AudioFile,
    CallbackTarget,
    FetchedJob,
    JobPage,
    JobStatus,
    ListedJob,
    Standing,
    UnknownJob,
)

PAGE_JOBS = 200


@dataclass(kw_only=True)
class MemoryJob:
    """One job: when it was created and will have ended, and how often it was asked for."""

    id: str
    audio_url: str
    webhook_url: str
    created_at_ms: int
    ends_at_ms: int
    asked: int = 0


class MemoryProvider:
    """Takes every job, and answers at once; how often it was asked for what is counted.

    Attributes:
        run_ms: How long a job runs that is created from now on.
        down: Nothing is answered.
        gate: Lists are answered while it is set.
        lifetime_ms: After which a job and its result are forgotten; None: never.
    """

    def __init__(self, clock: NowMs) -> None:
        self.name, self.clock = "assemblyai", clock
        self.run_ms, self.down = 0, False
        self.lifetime_ms: int | None = None
        self.jobs: dict[str, MemoryJob] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.counts: Counter[str] = Counter()

    def started_anew(self) -> None:
        """Nobody waits here."""

    def when_resumed(self, call: Callable[[], None]) -> None:
        """Nobody is held back here."""

    def standing(self) -> Standing:
        """Nobody counts."""
        return Standing()

    def fills(self, params: Mapping[str, Any]) -> bool:
        """No setting says anything here."""
        return False

    def create_body(
        self,
        params: Mapping[str, Any],
        audio_url: str,
        callback: CallbackTarget,
        *,
        plain: bool = False,
    ) -> bytes:
        """The request as JSON."""
        return json.dumps({"audio_url": audio_url, "webhook_url": callback.url}).encode()

    def withdraw(self, body: bytes) -> None:
        """Nobody waits for a turn here."""

    def unmet(self, params: Mapping[str, Any], job: FetchedJob) -> str | None:
        """Nothing sets a condition here."""
        return None

    async def submit(self, body: bytes, audio: AudioFile | None = None) -> str:
        """A job that runs for `run_ms`."""
        self._count("create")
        asked = json.loads(body)
        job = MemoryJob(
            id=f"job-{len(self.jobs) + 1}",
            audio_url=asked["audio_url"],
            webhook_url=asked["webhook_url"],
            created_at_ms=self.clock(),
            ends_at_ms=self.clock() + self.run_ms,
        )
        self.jobs[job.id] = job
        return job.id

    async def fetch(self, job: str) -> FetchedJob | UnknownJob:
        """The job as it is now."""
        self._count("fetch")
        found = self.jobs[job]
        found.asked += 1
        if self.lifetime_ms is not None and self.clock() >= found.created_at_ms + self.lifetime_ms:
            return UnknownJob()
        ended = self._ended(found)
        return FetchedJob(
            id=job,
            status="completed" if ended else "processing",
            raw=json.dumps({"id": job, "status": "completed", "text": "hello"}).encode(),
            webhook_url=found.webhook_url,
            error=None,
            audio_ms=1_000 if ended else None,
            words=1,
        )

    async def list_jobs(self, *, status: JobStatus | None, before: str | None) -> JobPage:
        """Two hundred a page, newest first; all that run are processed."""
        self._count("list")
        await self.gate.wait()
        running = [one for one in reversed(self.jobs.values()) if not self._ended(one)]
        shown = running if status == "processing" else []
        first = 0
        if before is not None:
            first = next((n + 1 for n, one in enumerate(shown) if one.id == before), len(shown))
        page = shown[first : first + PAGE_JOBS]
        return JobPage(
            jobs=[
                ListedJob(
                    id=one.id,
                    audio_url=one.audio_url,
                    created_at_ms=one.created_at_ms,
                    running=True,
                )
                for one in page
            ],
            older=page[-1].id if len(shown) > first + PAGE_JOBS else None,
            told_at_ms=self.clock(),
        )

    def _ended(self, job: MemoryJob) -> bool:
        return self.clock() >= job.ends_at_ms

    def _count(self, request: str) -> None:
        self.counts[request] += 1
        if self.down:
            raise ProviderUnavailable("it is down")
