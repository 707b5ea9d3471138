"""Run a worker: start it when needed, watch it, end it when it misbehaves."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping

import structlog

from stenolog.engine import audio_errors, messages
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.audio_facts import AudioFacts
from stenolog.engine.host.job_time import Patience
from stenolog.engine.host.spawning import spawn, worker_environment
from stenolog.engine.messages import (
    Alive,
    Decoded,
    Done,
    Failed,
    Message,
    Order,
    Ready,
    Refused,
    Sound,
    Unusable,
)

log = structlog.get_logger()

PROGRAM = "stenolog.engine.worker.process"
READY_MS_MAX = 60_000  # loading takes a second; a machine short of memory may take longer
SILENCE_MS_MAX = 60_000  # the longest single piece of work, clustering 2,000 units, takes ten
JOBS_PER_WORKER_MAX = 20  # then a fresh one: nothing that leaks can grow for long
END_MS_MAX = 5_000  # a killed process is gone by then
DEATHS_MAX = 2  # of fresh workers over the same audio; then it is the audio that kills them
# What a library in native code ends a process with. SIGKILL is ours, or a machine's without memory.
CRASHES: Mapping[int, str] = {
    -number: number.name
    for number in (
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGSEGV,
    )
}
# "Server error" is what AssemblyAI's customers submit again, and so does the gateway. Audio that
# takes too long would do so again.
NOT_STARTED = "Server error, a worker could not be started."
ENDED = "Server error, the worker ended unexpectedly."
SILENT = "Server error, the worker stopped responding."
NONSENSE = "Server error, the worker answered nonsense."
SEE = "see `stenolog doctor`"
TOO_SLOW = "The audio took longer to transcribe than it may."


class WorkerLost(Exception):
    """The worker ended, hung or failed; the message is the transcript's `error`."""


class _WorkerCrashed(WorkerLost):
    """A library of the worker has ended it."""


class Worker:
    """Runs at most one process with one job at a time; not for concurrent use.

    Attributes:
        model: The recogniser that the last process loaded, None before the first.
    """

    def __init__(self, *, threads: int, model_dir: os.PathLike[str] | None = None) -> None:
        self._threads = threads
        self._more = () if model_dir is None else (os.fspath(model_dir),)
        self._process: Process | None = None
        self._jobs = 0
        self.model: str | None = None

    @property
    def pid(self) -> int | None:
        """The running process, None between two."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Start a process and have its models loaded; does nothing when there is one already.

        Raises:
            WorkerLost: It could not be started.
        """
        if self._process is not None and self._process.returncode is None:
            return
        await self.end()
        self._jobs = 0
        try:
            self._process = await spawn(
                [sys.executable, "-m", PROGRAM, str(os.getpid()), str(self._threads), *self._more],
                worker_environment(os.environ, self._threads),
                messages.LINE_BYTES_MAX,
            )
        except (OSError, RuntimeError) as exc:  # no process, thread or memory: perhaps soon
            log.error("engine.worker_refused", kind=type(exc).__name__, reason=str(exc))
            raise WorkerLost(NOT_STARTED) from exc
        match await self._next(READY_MS_MAX, NOT_STARTED):
            case Ready(model=model, network_kept=network_kept):
                if network_kept and self.model is None:  # once: the next one will not do better
                    log.warning("engine.network_kept", advice="docs/DEPLOY.md says what protects")
                self.model = model
            case other:
                await self.end()
                if isinstance(other, Unusable):
                    log.error("engine.model_refused", reason=other.reason, advice=SEE)
                raise WorkerLost(NOT_STARTED)

    async def run(
        self,
        order: Order,
        patience: Patience,
        decoded: Callable[[int, AudioFacts], None],
        sound: Callable[[bytes], None],
    ) -> Done:
        """Transcribe the ordered file, and return its words; the worker then waits, or is gone.

        `sound` is called with each piece of the redacted audio, where that is asked for.

        A crash is tried again in a fresh worker, until two of those have died over the audio. When
        they died says nothing: what a decoder has spoilt may end the process much later.

        Raises:
            AudioRefused: The audio cannot be transcribed, or kills whoever tries.
            WorkerLost: The worker died, hung or failed; the next `start` makes a fresh one.
        """
        deaths = 0
        while True:
            await self.start()
            fresh = not self._jobs
            try:
                done = await self._converse(order, patience, decoded, sound)
            except AudioRefused:
                await self._count()
                raise
            except _WorkerCrashed:
                deaths += fresh  # what an earlier recording left behind says nothing of this one
                if deaths >= DEATHS_MAX:
                    raise audio_errors.undecodable() from None
            except BaseException:
                await self.end()
                raise
            else:
                await self._count()
                return done

    async def end(self) -> None:
        """End the process, whatever it was doing."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), END_MS_MAX / 1000)

    async def _count(self) -> None:
        self._jobs += 1
        if self._jobs >= JOBS_PER_WORKER_MAX:
            await self.end()

    async def _converse(
        self,
        order: Order,
        patience: Patience,
        decoded: Callable[[int, AudioFacts], None],
        sound: Callable[[bytes], None],
    ) -> Done:
        await self._send(messages.ORDER.dump_json(order) + b"\n")
        clock = asyncio.get_running_loop().time
        begun = clock()
        allowed_ms = patience.decoding_ms
        while True:
            left_ms = allowed_ms - round((clock() - begun) * 1000)
            late = left_ms < SILENCE_MS_MAX
            wait_ms = max(1, min(left_ms, SILENCE_MS_MAX))
            message = await self._next(wait_ms, TOO_SLOW if late else SILENT)
            match message:
                case Decoded(audio_ms=audio_ms, facts=facts):
                    heard = facts.channels if order.options.multichannel else 1
                    allowed_ms = patience.whole_ms(audio_ms * heard)
                    decoded(audio_ms, facts)
                case Sound(data=data):
                    sound(base64.b64decode(data))
                case Done() as done:
                    return done
                case Refused(error=error):
                    raise AudioRefused(error)
                case Failed(kind="MemoryError"):
                    raise WorkerLost(str(audio_errors.out_of_memory()))
                case Failed(kind=kind):
                    raise WorkerLost(f"Server error in the worker ({kind}).")
                case Alive() | Ready() | Unusable():
                    pass

    async def _send(self, line: bytes) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line)
            await self._process.stdin.drain()
        except OSError as exc:
            raise WorkerLost(ENDED) from exc

    async def _next(self, wait_ms: int, otherwise: str) -> Message:
        """Return the next message; a worker that says nothing, or nonsense, is ended.

        Raises:
            WorkerLost: With `otherwise` when nothing came in time.
        """
        process = self._process
        assert process is not None
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), wait_ms / 1000)
            if line:
                return messages.decode(line)
        except TimeoutError:
            await self.end()
            raise WorkerLost(otherwise) from None
        except ValueError:
            await self.end()
            raise WorkerLost(NONSENSE) from None
        # To kill one that has ended would take its status away from who waits for it.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), END_MS_MAX / 1000)
        await self.end()
        crash = CRASHES.get(process.returncode or 0)
        if crash is None:
            raise WorkerLost(ENDED)
        log.warning(
            "engine.worker_crashed",
            signal=crash,
            advice="none is needed: it is tried again, and the audio refused after two fresh ones",
        )
        raise _WorkerCrashed(ENDED)
