"""Run the embedded engine as a child process: start it, watch it, start it again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from stenolog.backoff import exponential_ms
from stenolog.config.settings import PREFIX
from stenolog.providers.connection import ServiceAddress

KEY_BYTES = 32
FOLDER_BYTES = 8
START_MS_MAX = 30_000
RESTART_FIRST_MS, RESTART_MS_MAX = 200, 10_000
STABLE_MS = 30_000  # an engine that lived this long is started again at once
STOP_MS_MAX = 5_000

log = structlog.get_logger()


class EngineChild:
    """Keeps one engine running from when it is first wanted; it ends when this process does.

    Port and key are new at every start, and the jobs of the old engine are lost: `on_start` is
    called so that they are submitted again.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        scratch: Path,
        on_start: Callable[[], None] = lambda: None,
        *,
        at_once: bool = True,
    ) -> None:
        """`scratch` is a directory of ours alone, in which each engine gets one of its own.

        `at_once`: it is wanted from the start; else once its place is asked for.
        """
        self._scratch = scratch
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self._wanted = asyncio.Event()
        if at_once:
            self._wanted.set()
        self.on_start = on_start
        self.address: ServiceAddress | None = None

    @property
    def pid(self) -> int | None:
        """The engine's process id, while it runs."""
        return self._process.pid if self._process else None

    @property
    def wanted(self) -> bool:
        """Whether it is to run; it was not needed before."""
        return self._wanted.is_set()

    def want(self) -> ServiceAddress | None:
        """Return where it is now, and have it started if it never was; None: not there yet."""
        self._wanted.set()
        return self.address

    async def run(self) -> None:
        """Start the engine once it is wanted, and again whenever it ends, until cancelled."""
        await self._wanted.wait()
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            began = loop.time()
            try:
                process = await self._start()
                log.info("engine.started", pid=process.pid)
                self.on_start()
                status = await process.wait()
            except (OSError, ValueError, LookupError, TypeError, TimeoutError) as exc:
                status = None
                log.error("engine.not_started", error=f"{type(exc).__name__}: {exc}")
            finally:
                self.address = None
                await self._end()
            failures = 1 if (loop.time() - began) * 1000 > STABLE_MS else failures + 1
            wait_ms = exponential_ms(failures, first_ms=RESTART_FIRST_MS, ceiling_ms=RESTART_MS_MAX)
            log.warning("engine.ended", status=status, retry_in_ms=wait_ms)
            await asyncio.sleep(wait_ms / 1000)

    async def _start(self) -> asyncio.subprocess.Process:
        key = secrets.token_urlsafe(KEY_BYTES)
        own = await asyncio.to_thread(_own_folder, self._scratch)
        settings = {**self._settings, "scratch_dir": str(own), "api_key": key}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "stenolog.engine",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # Our keys are no business of what downloads whatever it is told to.
            env={k: v for k, v in os.environ.items() if not k.upper().startswith(PREFIX)},
            start_new_session=True,  # Ctrl-C is for the gateway, which ends its engine itself
        )
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(settings).encode() + b"\n")
        line = await asyncio.wait_for(process.stdout.readline(), START_MS_MAX / 1000)
        url = json.loads(line)["url"] if line else None
        if not isinstance(url, str):
            raise ValueError("the engine did not say where it listens")
        self.address = ServiceAddress(base_url=url, api_key=key)
        return process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_MS_MAX / 1000)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _own_folder(scratch: Path) -> Path:
    """Return a name in `scratch` that no engine has had; what earlier ones left there is gone.

    An engine empties its folder when it starts and when it ends, and one whose gateway was killed
    may end after its successor has started.
    """
    if scratch.is_dir():
        for left in scratch.iterdir():
            shutil.rmtree(left, ignore_errors=True)
    return scratch / secrets.token_hex(FOLDER_BYTES)
