"""Carry every job from its queue through download and transcription to its webhook."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from stenolog.clock import now_us
from stenolog.egress.client import Egress
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.audio_facts import AudioFacts, figures, warnings_of
from stenolog.engine.host.disk_room import DiskRoom
from stenolog.engine.host.downloads import Downloads
from stenolog.engine.host.job_time import cpu_seconds, patience_of
from stenolog.engine.host.jobs import OPEN_MAX, Job, Jobs
from stenolog.engine.host.redacted_audio import RedactedFiles
from stenolog.engine.host.scratch import Scratch
from stenolog.engine.host.webhooks import Webhooks
from stenolog.engine.host.worker_process import Worker, WorkerLost
from stenolog.engine.messages import Order
from stenolog.engine.settings import EngineSettings
from stenolog.owned_tasks import OwnedTasks
from stenolog.wire.assemblyai.webhook import callback_body, redacted_audio_body

log = structlog.get_logger()

START_PAUSE_MS = 1_000  # after a start that failed; then the next job tries again
# "Server error" is what the gateway submits again.
CRASHED = "Server error, the transcription ended unexpectedly."


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Fetched:
    """A job whose audio is here, in the order of creation; a download has no `upload_id`."""

    number: int
    job_id: str = field(compare=False)
    path: Path = field(compare=False)
    upload_id: str | None = field(compare=False)


class Runner:
    """Runs the tasks between the queue and the webhooks, until it is stopped."""

    def __init__(
        self,
        settings: EngineSettings,
        *,
        jobs: Jobs,
        scratch: Scratch,
        downloads: Egress,
        webhooks: Webhooks,
        redacted: RedactedFiles,
    ) -> None:
        self._settings = settings
        self._jobs = jobs
        self._scratch = scratch
        self._downloads = Downloads(
            downloads,
            scratch,
            self,
            bytes_max=settings.upload_bytes_max,
            room=DiskRoom(settings.download_bytes_max, scratch.free_bytes),
        )
        self._webhooks = webhooks
        self._redacted = redacted
        self._numbers = itertools.count()
        self._numbers_waiting: dict[str, int] = {}  # of the jobs that have no audio yet
        # Not bounded by itself: it holds open jobs, and as many bytes as `DiskRoom` lets in.
        self._fetched: asyncio.PriorityQueue[_Fetched] = asyncio.PriorityQueue()
        self._workers = [
            Worker(threads=settings.threads, model_dir=settings.model_dir)
            for _ in range(settings.workers)
        ]
        self._busy = 0  # workers that have a job
        self._tasks = OwnedTasks("engine.task_crashed")

    def start(self) -> None:
        """Jobs are taken from now on; the workers load their models in the background."""
        for worker in self._workers:
            self._tasks.start(self._work_for_ever(worker))

    @property
    def is_full(self) -> bool:
        """Whether `OPEN_MAX` jobs wait or run: no other may be submitted now."""
        return self._jobs.open_count() >= OPEN_MAX

    def submit(self, job: Job, upload_id: str | None) -> None:
        """Queue the job; `upload_id` is held, and is released when the job has finished.

        A job whose audio is here waits for a worker only, never for a download.
        """
        assert not self.is_full, "the caller asks first"
        self._jobs.put(job)
        number = next(self._numbers)
        if upload_id is None:
            self._numbers_waiting[job.id] = number
            self._downloads.ask(job.id, job.audio_url)
        else:
            path = self._scratch.upload_path(upload_id)
            self._fetched.put_nowait(
                _Fetched(number=number, job_id=job.id, path=path, upload_id=upload_id)
            )

    async def stop(self) -> None:
        """End all tasks and workers."""
        await self._downloads.close()
        await self._tasks.close()
        for worker in self._workers:
            await worker.end()

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how much there is to do, and what is under way; by kind, for gauges."""
        return {
            "jobs": {"open": self._jobs.open_count(), "waiting": self._fetched.qsize()},
            "downloads": self._downloads.counts(),
            "workers": {"all": len(self._workers), "busy": self._busy},
        }

    def download_began(self, job_id: str) -> None:
        """Show that something is done for the job."""
        self._update(job_id, status="processing")

    def download_ended(self, job_id: str, path: Path) -> None:
        """Let the job wait for a worker, in the order of creation."""
        number = self._numbers_waiting.pop(job_id)
        self._fetched.put_nowait(_Fetched(number=number, job_id=job_id, path=path, upload_id=None))

    def download_failed(self, job_id: str, error: str) -> None:
        """End the job."""
        del self._numbers_waiting[job_id]
        self._finish(job_id, status="error", error=error)

    async def _work_for_ever(self, worker: Worker) -> None:
        while True:
            try:
                await worker.start()
            except Exception as exc:
                # The next job tries again, and tells its owner when that fails too: whatever it
                # is, the worker has its turns.
                log.error("engine.worker_failed", kind=type(exc).__name__, reason=str(exc))
                await asyncio.sleep(START_PAUSE_MS / 1000)
            fetched = await self._fetched.get()
            self._busy += 1
            try:
                await self._transcribe(worker, fetched)
            except Exception:
                # Whatever it is, it ends this job and not the worker's turn for all others.
                log.exception("engine.job_crashed", job_id=fetched.job_id)
                self._finish(fetched.job_id, status="error", error=CRASHED)
            finally:
                self._busy -= 1
                self._remove(fetched)

    def _remove(self, fetched: _Fetched) -> None:
        try:
            if fetched.upload_id is not None:
                self._scratch.release(fetched.upload_id)
            else:
                fetched.path.unlink(missing_ok=True)
        except OSError as exc:  # the folder goes when the engine stops
            log.error("engine.file_kept", job_id=fetched.job_id, reason=exc.strerror)
        if fetched.upload_id is None:
            self._downloads.release(fetched.job_id)

    async def _transcribe(self, worker: Worker, fetched: _Fetched) -> None:
        job = self._update(fetched.job_id, status="processing", began_us=now_us())
        order = Order(
            path=str(fetched.path),
            options=job.options,
            audio_ms_max=self._settings.audio_ms_max,
            cpu_seconds=cpu_seconds(self._settings),
        )
        audio = job.options.text.redact_pii_audio
        try:
            if audio is not None:
                self._redacted.begin(job.id, audio.quality)
            done = await worker.run(
                order,
                patience_of(self._settings),
                partial(self._note, job.id),
                partial(self._redacted.write, job.id),
            )
        except (AudioRefused, WorkerLost) as exc:
            self._finish(job.id, status="error", error=str(exc))
        else:
            self._finish(
                job.id,
                status="completed",
                words=done.words,
                findings=done.findings,
                unredacted=done.unredacted,
                model=worker.model,
            )

    def _note(self, job_id: str, audio_ms: int, facts: AudioFacts) -> None:
        self._update(job_id, audio_ms=audio_ms, audio=facts)
        warnings = warnings_of(facts)
        if warnings:
            codes = [code for code, _ in warnings]
            log.warning(
                "engine.audio_doubtful",
                job_id=job_id,
                warnings=codes,
                **figures(facts),
                advice="the transcript says it to its customer; a whole file may give more",
            )

    def _finish(self, job_id: str, **changes: Any) -> None:
        finished = self._update(job_id, completed_us=now_us(), **changes)
        log.info(
            "engine.job_finished",
            job_id=finished.id,
            status=finished.status,
            audio_ms=finished.audio_ms,
            took_ms=((finished.completed_us or 0) - finished.created_us) // 1_000,
        )
        if finished.status == "error":
            self._redacted.drop([job_id])
        self._redacted.drop(self._jobs.forget(now_us()))
        if finished.params.get("webhook_url"):
            self._tasks.start(self._tell(finished))

    async def _tell(self, job: Job) -> None:
        status = await self._webhooks.deliver(job, callback_body(job.id, job.status))
        # Our own gateway's callback: a customer's webhook is `delivery.attempted`.
        told = log.debug if status is not None and status < 300 else log.info
        told("engine.gateway_called_back", job_id=job.id, status=status)
        if self._jobs.get(job.id) is not None:
            self._update(job.id, webhook_status=status)
        url = self._redacted.url(job.id)
        if url is not None:
            await self._webhooks.deliver(job, redacted_audio_body(url))

    def _update(self, job_id: str, **changes: Any) -> Job:
        known = self._jobs.get(job_id)
        assert known is not None, "an open job is never forgotten"
        job = replace(known, **changes)
        self._jobs.put(job)
        return job
