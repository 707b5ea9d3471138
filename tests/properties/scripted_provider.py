"""A provider in memory: it keeps jobs as a provider would, and each answer is scripted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from stenolog.errors import ProviderOutcomeUnknown, ProviderRefused, ProviderUnavailable
from stenolog.providers.facts import ProviderFacts
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
from stenolog.wire.assemblyai.sentences import SERVER_ERROR

RUN_MS = 20_000
PAGE_JOBS = 2
BEHIND_MS = 60_000  # what reads are behind writes: less than a claim is left unsettled

Create = Literal[
    "accepted",
    "throttled",
    "throttled for a while",
    "not now, with a hidden job",
    "credentials",
    "invalid",
    "lost with a job",
    "lost with a hidden job",
    "lost without a job",
    "killed with a job",
    "killed without a job",
]
Ask = Literal[
    "answered",
    "unreachable",
    "refused",
    "list unreadable",
    "behind",
    "questions behind",
    "killed",
]
End = Literal["completed", "error", "server error", "never"]


class Killed(BaseException):
    """The process ends here."""


@dataclass(slots=True, kw_only=True)
class Job:
    """A job at the provider.

    Attributes:
        webhook_url: What was registered; None: somebody else's job.
        created_at_ms: By the provider's clock.
        hidden: The list never shows it.
    """

    id: str
    audio_url: str
    webhook_url: str | None
    created_at_ms: int
    ends: End = "completed"
    hidden: bool = False
    deleted: bool = False


@dataclass(slots=True, kw_only=True)
class ScriptedProvider:
    """Keeps the promises of `Provider`, with the answers that the script wants.

    Attributes:
        clock: The provider's own, in ms.
        wait: Lets so many ms pass.
        made: Every job of ours that there ever was, for the test.
        create: How it answers a create.
        ask: How it answers everything else.
        end: How jobs end that are created now.
        slow_ms: How long a create is on its way before the provider does its part.
        during: Happens while the next call is under way, after the provider has done its part.
        paid: Hears of each create before it is answered.
        facts: What it can be asked for, and how long it has a job.
        lists: When pages of the list of all jobs were read, by the provider's clock, and when the
            oldest job was created down to which such a page told all.
        told: The jobs that a create was answered with.
    """

    clock: Callable[[], int]
    wait: Callable[[int], None]
    paid: Callable[[bytes], Awaitable[None]]
    jobs: dict[str, Job] = field(default_factory=dict)
    made: dict[str, Job] = field(default_factory=dict)
    create: Create = "accepted"
    ask: Ask = "answered"
    end: End = "completed"
    slow_ms: int = 0
    during: Callable[[], Awaitable[None]] | None = None
    facts: ProviderFacts = field(default_factory=ProviderFacts)
    lists: list[tuple[int, int]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    created: int = 0
    uploads: int = 0
    strangers: int = 0
    name: str = "scripted"

    def add_strangers(self, count: int, audio_url: str) -> None:
        """As many newer jobs of somebody else, of the same audio."""
        for _ in range(count):
            self.strangers += 1
            name = f"another-{self.strangers}"
            self.jobs[name] = Job(
                id=name, audio_url=audio_url, webhook_url=None, created_at_ms=self.clock()
            )

    def started_anew(self) -> None:
        """Nothing is waited for."""

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
        return json.dumps({**params, "audio_url": audio_url, "webhook_url": callback.url}).encode()

    def withdraw(self, body: bytes) -> None:
        """Nobody waits for a turn here."""

    async def upload(self, chunks: AsyncIterator[bytes], size: int) -> str:
        """Another URL each time."""
        self._heed()
        assert sum([len(chunk) async for chunk in chunks]) == size
        self.uploads += 1
        return f"https://provider.example/upload/{self.uploads}"

    def unmet(self, params: Mapping[str, Any], job: FetchedJob) -> str | None:
        """Nothing sets a condition here."""
        return None

    async def submit(self, body: bytes, audio: AudioFile | None = None) -> str:
        """A job, or none, and an answer that tells of it, or not."""
        await self.paid(body)
        self.wait(self.slow_ms)
        job = None
        if self.create == "accepted" or self.create.endswith((" with a job", " hidden job")):
            job = self._job_of(json.loads(body))
        await self._happen()
        match self.create:
            case "accepted":
                assert job is not None
                self.told.append(job.id)
                return job.id
            case "throttled":
                raise ProviderUnavailable("too many", status=429)
            case "throttled for a while":
                raise ProviderUnavailable("too many", status=429, retry_in_ms=5_000)
            case "not now, with a hidden job":
                raise ProviderUnavailable("from in between", status=503)
            case "credentials":
                raise ProviderRefused("no such key", status=401, sentence="", final=False)
            case "invalid":
                raise ProviderRefused("bad request", status=400, sentence="Bad.", final=True)
            case "killed with a job" | "killed without a job":
                raise Killed
            case _:
                raise ProviderOutcomeUnknown("the reply was lost")

    async def fetch(self, job: str) -> FetchedJob | UnknownJob:
        """The job, if it is there and reads are not behind."""
        self._heed()
        found = self._seen(job, behind=self.ask in {"behind", "questions behind"})
        status = None if found is None else self.status_of(found)
        await self._happen()
        if found is None or status is None:
            return UnknownJob()
        error = {"error": "The audio is empty.", "server error": SERVER_ERROR}.get(found.ends)
        return FetchedJob(
            id=job,
            status=status,
            raw=json.dumps({"id": job, "status": status}).encode(),
            webhook_url=found.webhook_url,
            error=error if status == "error" else None,
            audio_ms=1_000 if status == "completed" else None,
            words=3,
            server_error="server-error" if error == SERVER_ERROR else None,
        )

    async def list_jobs(self, *, status: JobStatus | None, before: str | None) -> JobPage:
        """Two jobs a page, newest first."""
        assert self.facts.lists
        self._heed(listing=True)
        shown = [
            job
            for job in reversed(self.jobs.values())
            if not job.hidden
            and self._seen(job.id, behind=self.ask == "behind") is not None
            and status in {None, self.status_of(job)}
        ]
        first = 0
        if before is not None:
            first = next((n + 1 for n, job in enumerate(shown) if job.id == before), len(shown))
        page = shown[first : first + PAGE_JOBS]
        more = len(shown) > first + PAGE_JOBS
        if status is None:
            self.lists.append((self.clock(), page[-1].created_at_ms if more else 0))
        await self._happen()
        return JobPage(
            jobs=[
                ListedJob(id=job.id, audio_url=job.audio_url, created_at_ms=job.created_at_ms)
                for job in page
            ],
            older=page[-1].id if more else None,
            told_at_ms=self.clock(),
        )

    async def redacted_audio(self, job: str) -> str | None:
        """None is ever asked for here."""
        raise AssertionError(job)

    async def delete(self, job: str) -> UnknownJob | None:
        """Not while it runs, unless it will never end."""
        assert self.facts.deletes
        self._heed()
        found = self.jobs.get(job)
        await self._happen()
        if found is None:
            return UnknownJob()
        if not found.deleted:
            if self.status_of(found) == "processing" and found.ends != "never":
                raise ProviderRefused("it runs", status=400, sentence="It runs.", final=True)
            found.deleted = True
        return None

    def status_of(self, job: Job) -> JobStatus:
        """As the provider tells it now."""
        if job.ends == "never" or self.clock() < job.created_at_ms + RUN_MS:
            return "processing"
        return "completed" if job.ends == "completed" else "error"

    def has_forgotten(self, job: Job) -> bool:
        """Whether the job is older than it keeps any."""
        lifetime_ms = self.facts.result_lifetime_ms
        return lifetime_ms is not None and self.clock() >= job.created_at_ms + lifetime_ms

    def _job_of(self, body: Mapping[str, Any]) -> Job:
        self.created += 1
        job = Job(
            id=f"job-{self.created}",
            audio_url=body["audio_url"],
            webhook_url=body["webhook_url"],
            created_at_ms=self.clock(),
            ends=self.end,
            hidden="hidden" in self.create,
        )
        self.jobs[job.id] = self.made[job.id] = job
        return job

    def _seen(self, job: str, *, behind: bool) -> Job | None:
        """The job, unless it was deleted, or is too new for reads that are `behind`."""
        found = self.jobs.get(job)
        if found is None or found.deleted or self.has_forgotten(found):
            return None
        return None if behind and self.clock() < found.created_at_ms + BEHIND_MS else found

    def _heed(self, *, listing: bool = False) -> None:
        """Answer as the script wants.

        Raises:
            ProviderUnavailable: It wants so.
            ProviderRefused: It wants so.
            Killed: It wants so.
        """
        match self.ask:
            case "unreachable":
                raise ProviderUnavailable("unreachable")
            case "refused":
                raise ProviderRefused("no such key", status=401, sentence="", final=False)
            case "list unreadable" if listing:
                raise ProviderUnavailable("no JSON")
            case "killed":
                raise Killed
            case _:
                pass

    async def _happen(self) -> None:
        during, self.during = self.during, None
        if during is not None:
            await during()
