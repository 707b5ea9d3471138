"""Carry every job from its queue through download and transcription to its webhook."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import structlog

from stenolog.clock import now_us
from stenolog.egress.client import Egress
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.host.download_queue import DownloadQueue
from stenolog.engine.host.fetching import fetch
from stenolog.engine.host.jobs import OPEN_MAX, Job, Jobs
from stenolog.engine.host.scratch import Scratch
from stenolog.engine.host.webhooks import Webhooks
from stenolog.engine.host.worker_process import Patience, Worker, WorkerLost
from stenolog.engine.messages import Order
from stenolog.engine.settings import EngineSettings

log = structlog.get_logger()

JOB_MS_MIN = 60_000  # a job may take this long however short its audio
DECODED_PER_MS = 20  # ms of audio in a ms at the least; decoders were measured at 460 and more


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
    ) -> None:
        self._settings = settings
        self._jobs = jobs
        self._scratch = scratch
        self._downloads = downloads
        self._webhooks = webhooks
        self._numbers = itertools.count()
        self._download_queue = DownloadQueue()
        self._waiting: dict[str, int] = {}  # numbers of the jobs that have no audio yet
        # Not bounded by itself: it holds open jobs, and downloads of as many as there are turns.
        self._fetched: asyncio.PriorityQueue[_Fetched] = asyncio.PriorityQueue()
        self._workers = [Worker(threads=settings.threads) for _ in range(settings.workers)]
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Jobs are taken from now on; the workers load their models in the background."""
        for worker in self._workers:
            self._spawn(self._work_for_ever(worker))

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
            self._waiting[job.id] = number
            self._download_queue.ask(job.id, job.audio_url)
            self._begin_downloads()
        else:
            path = self._scratch.upload_path(upload_id)
            self._fetched.put_nowait(
                _Fetched(number=number, job_id=job.id, path=path, upload_id=upload_id)
            )

    async def stop(self) -> None:
        """End all tasks and workers."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worker in self._workers:
            await worker.end()

    def _begin_downloads(self) -> None:
        while (job_id := self._download_queue.following()) is not None:
            self._spawn(self._download(job_id, self._waiting.pop(job_id)))

    def _end_download(self, job_id: str) -> None:
        self._download_queue.give_back(job_id)
        self._begin_downloads()

    async def _download(self, job_id: str, number: int) -> None:
        """Get the job's audio or fail the job; its turn lasts until a worker takes the file.

        So no more than `DOWNLOADS_MAX` files wait on the disk, however busy the workers are.
        """
        job = self._update(job_id, status="processing")
        try:
            path = await fetch(
                job.audio_url,
                egress=self._downloads,
                scratch=self._scratch,
                bytes_max=self._settings.upload_bytes_max,
            )
        except AudioRefused as exc:
            self._finish(job, status="error", error=str(exc))
        except OSError as exc:  # a full disk fails this job and no other
            log.error("engine.download_failed", job_id=job_id, kind=type(exc).__name__)
            self._finish(job, status="error", error="Download error: no space to store it.")
        else:
            self._fetched.put_nowait(
                _Fetched(number=number, job_id=job_id, path=path, upload_id=None)
            )
            return
        self._end_download(job_id)

    async def _work_for_ever(self, worker: Worker) -> None:
        while True:
            try:
                await worker.start()
            except WorkerLost as exc:
                # The next job tries again, and tells its owner when that fails too.
                log.error("engine.worker_failed", reason=str(exc))
            fetched = await self._fetched.get()
            self._end_download(fetched.job_id)
            try:
                await self._transcribe(worker, fetched)
            finally:
                if fetched.upload_id is None:
                    fetched.path.unlink(missing_ok=True)
                else:
                    self._scratch.release(fetched.upload_id)

    async def _transcribe(self, worker: Worker, fetched: _Fetched) -> None:
        job = self._update(fetched.job_id, status="processing")
        order = Order(
            path=str(fetched.path),
            options=job.options,
            audio_ms_max=self._settings.audio_ms_max,
            cpu_seconds=self._cpu_seconds(),
        )
        patience = Patience(decoding_ms=self._decoding_ms(), whole_ms=self._whole_ms)
        try:
            words = await worker.run(order, patience, lambda audio_ms: self._note(job.id, audio_ms))
        except (AudioRefused, WorkerLost) as exc:
            self._finish(job, status="error", error=str(exc))
        else:
            self._finish(job, status="completed", words=words, model=worker.model)

    def _note(self, job_id: str, audio_ms: int) -> None:
        self._update(job_id, audio_ms=audio_ms)

    def _finish(self, job: Job, **changes: Any) -> None:
        finished = self._update(job.id, completed_us=now_us(), **changes)
        log.info(
            "engine.job_finished",
            job_id=finished.id,
            status=finished.status,
            audio_ms=finished.audio_ms,
            took_ms=((finished.completed_us or 0) - finished.created_us) // 1_000,
        )
        self._jobs.forget(now_us())
        if finished.params.get("webhook_url"):
            self._spawn(self._tell(finished))

    async def _tell(self, job: Job) -> None:
        status = await self._webhooks.deliver(job)
        log.info("engine.webhook_attempted", job_id=job.id, status=status)
        if self._jobs.get(job.id) is not None:
            self._update(job.id, webhook_status=status)

    def _update(self, job_id: str, **changes: Any) -> Job:
        known = self._jobs.get(job_id)
        assert known is not None, "an open job is never forgotten"
        job = replace(known, **changes)
        self._jobs.put(job)
        return job

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _whole_ms(self, audio_ms: int) -> int:
        limit = self._settings.job_seconds_max
        return limit * 1000 if limit is not None else max(JOB_MS_MIN, audio_ms)

    def _decoding_ms(self) -> int:
        limit = self._settings.job_seconds_max
        if limit is not None:
            return limit * 1000
        return max(JOB_MS_MIN, self._settings.audio_ms_max // DECODED_PER_MS)

    def _cpu_seconds(self) -> int:
        """Return all cores for as long as the longest audio may take."""
        return self._settings.threads * self._whole_ms(self._settings.audio_ms_max) // 1000 + 1
