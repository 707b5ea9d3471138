"""Put the engine together and run it until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn

from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.engine.host.app import EngineApp
from stenolog.engine.host.jobs import Jobs
from stenolog.engine.host.redacted_audio import RedactedFiles
from stenolog.engine.host.runner import Runner
from stenolog.engine.host.scratch import Scratch
from stenolog.engine.host.webhooks import Webhooks
from stenolog.engine.settings import EngineSettings
from stenolog.errors import CannotStart

DRAIN_SECONDS = 3  # requests in flight; jobs are not waited for, they are submitted again
STOP_SECONDS_MAX = 8  # after that the process ends whatever it is doing
BACKLOG = 128
STANDARD_INPUT = 0
READ_BYTES = 4_096


async def serve(settings: EngineSettings) -> None:
    """Serve until SIGTERM, SIGINT or the end of standard input; then nothing is left running.

    Prints `{"url": ...}` on standard output once requests are answered.

    Raises:
        CannotStart: The address cannot be bound, or a setting is impossible.
    """
    listener = _bind(settings)
    url = f"http://{settings.host}:{listener.getsockname()[1]}"
    try:
        audio = Egress(AddressPolicy.of(networks=settings.allow_networks))
        origins = [settings.public_origin] if settings.public_origin else []
        callbacks = Egress(AddressPolicy.of(networks=settings.allow_networks, origins=origins))
    except ValueError as exc:
        raise CannotStart(f"engine: allow_networks or public_origin: {exc}") from exc
    scratch = Scratch(settings.scratch_dir, uploads_bytes_max=settings.uploads_bytes_max)
    jobs = Jobs()
    webhooks = Webhooks(callbacks)
    redacted = RedactedFiles(settings.scratch_dir, url)
    runner = Runner(
        settings,
        jobs=jobs,
        scratch=scratch,
        downloads=audio,
        webhooks=webhooks,
        redacted=redacted,
    )
    app = EngineApp(
        settings, base_url=url, jobs=jobs, scratch=scratch, runner=runner, redacted=redacted
    )
    server = _Server(_config(app), started=lambda: _announce(url))
    try:
        runner.start()
        _stop_on_signals_and_end_of_input(server)
        await server.serve(sockets=[listener])
    finally:
        await runner.stop()
        await audio.aclose()
        await callbacks.aclose()
        scratch.remove()


class _Server(uvicorn.Server):
    """A uvicorn server that says when it has started, and leaves signals to us."""

    def __init__(self, config: uvicorn.Config, *, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own would kill the process by the same signal before the workers are ended.
        yield


def _config(app: EngineApp) -> uvicorn.Config:
    return uvicorn.Config(
        app.asgi(),
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def _bind(settings: EngineSettings) -> socket.socket:
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it on, the body of
    # an answer waits some 40 ms for the acknowledgement of its head.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as exc:
        listener.close()
        raise CannotStart(
            f"engine: {settings.host}:{settings.port} cannot be bound: {exc.strerror}"
        ) from exc
    return listener


def _announce(url: str) -> None:
    print(json.dumps({"url": url}), flush=True)


def _stop_on_signals_and_end_of_input(server: uvicorn.Server) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)

    def watch() -> None:
        # The descriptor and not `sys.stdin`, whose lock a daemon thread must not hold at the end.
        while os.read(STANDARD_INPUT, READ_BYTES):
            pass  # nothing is said after the settings
        with contextlib.suppress(RuntimeError):  # the loop may be closed already
            loop.call_soon_threadsafe(stop)
        overdue = threading.Timer(STOP_SECONDS_MAX, lambda: os._exit(1))
        overdue.daemon = True
        overdue.start()

    threading.Thread(target=watch, daemon=True).start()
