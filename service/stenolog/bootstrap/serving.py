"""Run a gateway behind a real server until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, cast

import structlog
import uvicorn

from stenolog.bootstrap.gateway import Gateway, open_gateway
from stenolog.bootstrap.http.answer_room import AnswerRoom
from stenolog.bootstrap.http.connection import Connection
from stenolog.bootstrap.http.connections import Connections
from stenolog.bootstrap.http.descriptors import connections_within, raise_limit
from stenolog.bootstrap.http.figures import Figures
from stenolog.bootstrap.http.limits import CONNECTIONS_MAX, Limits
from stenolog.bootstrap.http.server import BACKLOG, Server
from stenolog.bootstrap.listening import cannot_listen
from stenolog.bootstrap.stores import Wrapping
from stenolog.config.settings import Settings
from stenolog.edge.app import Application, has_places_kept
from stenolog.large_blocks import give_back_large_blocks
from stenolog.stores.files.directory import locked, make_directory

FILES_UMASK = 0o077  # whatever is made in the data directory is ours alone
DRAIN_SECONDS = 4  # requests in flight; loops have what is left of ten seconds
# A thread that comes back from SQLite waits this long for the interpreter, at each statement.
# CPython's own 5 ms would let a commit of a few rows wait for many turns of the event loop.
THREAD_SWITCH_SECONDS = 0.0005

log = structlog.get_logger()


async def serve(
    settings: Settings,
    started: Callable[[Gateway, str], None] = lambda gateway, address: None,
    wrapping: Wrapping | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; then requests are drained and everything is closed.

    Raises:
        BadSetting: The address is not one to listen on.
        CannotStart: Port taken, or directory not writable.
        CannotStartYet: The host's name is not known yet, or this machine lacks something.
        DataDirectoryLocked: Another gateway runs on the directory.
        SchemaTooNew: The directory was written by a newer Stenolog.
    """
    # DECISIONS 13: threads that compute must not hold up the event loop.
    sys.setswitchinterval(THREAD_SWITCH_SECONDS)
    give_back_large_blocks()
    os.umask(FILES_UMASK)
    make_directory(settings.data_dir)
    descriptors_max = raise_limit()
    with contextlib.closing(bind(settings.host, settings.port)) as listener:
        address = url_of(settings.host, listener.getsockname()[1])
        with locked(settings.data_dir, url=address):
            async with open_gateway(settings, address, wrapping) as gateway:
                limits = Limits(
                    connections_max=connections_within(descriptors_max, CONNECTIONS_MAX)
                )
                server = server_for(gateway.app, limits, gateway.answer_room)
                await _serve(gateway, server, listener, lambda: started(gateway, address))


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        BadSetting: The address is not ours, or the port is not for this user.
        CannotStart: The port is taken; `CannotStartYet`: the name server is silent.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # asyncio turns Nagle's algorithm off only where the protocol is named.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as exc:
        raise cannot_listen(host, port, exc) from exc
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as exc:
        listener.close()
        raise cannot_listen(host, port, exc) from exc
    return listener


def url_of(host: str, port: int) -> str:
    """Return the base URL of a bound address; "everywhere" is reached on loopback."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - told apart, not bound
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def server_for(
    app: Application, limits: Limits | None = None, room: AnswerRoom | None = None
) -> Server:
    """Return the server, with its limits; its own access log is off: paths carry tokens."""
    connections = Connections(
        app=app,
        refusing=app.refusing,
        is_kept_for=has_places_kept,
        limits=limits or Limits(),
        room=room or AnswerRoom(Figures()),
    )

    return Server(
        uvicorn.Config(
            app,
            http=cast("Any", Connection),  # made by `Accepting`: uvicorn's own is not loaded
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        ),
        connections,
    )


async def _serve(
    gateway: Gateway, server: Server, listener: socket.socket, started: Callable[[], None]
) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        gateway.end_streams()
        server.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    loops = asyncio.create_task(gateway.run())
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    # What the start has made lives as long as the process: a full collection, which stops every
    # request, need not walk it again (50 ms measured).
    gc.collect()
    # DECISIONS 13: a full collection took 50 ms.
    gc.freeze()
    try:
        started()
        await asyncio.wait({loops, serving}, return_when=asyncio.FIRST_COMPLETED)
        stop()
        await serving
        if loops.done():
            loops.result()  # a loop that ended is a fault: it leaves as itself
    finally:
        loops.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(loops, return_exceptions=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
