"""The bare handler: two rows a request, in one commit for all that have gathered; nothing else.

`python -m infra.bench.baseline FILE` prints its URL and serves until its input ends.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import sys
import threading
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stenolog.bootstrap.serving import bind, server_for, url_of
from stenolog.edge.app import Application
from stenolog.edge.http.problems import as_problem
from stenolog.edge.http.refused import refusing
from stenolog.telemetry import Metrics

HOST = "127.0.0.1"
BATCH_MAX = 256
SCHEMA = """
CREATE TABLE rows (id INTEGER PRIMARY KEY, path TEXT NOT NULL);
CREATE TABLE bodies (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
"""

Waiting = tuple[str, bytes, asyncio.Future[None]]


class BareRows:
    """Two bare tables; one thread commits whatever waits."""

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: queue.SimpleQueue[Waiting] = queue.SimpleQueue()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(SCHEMA)
        threading.Thread(target=self._run, daemon=True).start()

    async def add(self, path: str, body: bytes) -> None:
        """Both rows are durable when this returns."""
        future = self._loop.create_future()
        self._waiting.put((path, body, future))
        await future

    def _run(self) -> None:
        count = 0
        while True:
            batch = [self._waiting.get()]
            while len(batch) < BATCH_MAX and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            numbered = list(enumerate(batch, start=count + 1))
            count += len(batch)
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT INTO rows VALUES (?, ?)", [(number, row[0]) for number, row in numbered]
            )
            self._connection.executemany(
                "INSERT INTO bodies VALUES (?, ?)", [(number, row[1]) for number, row in numbered]
            )
            self._connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_resolve, batch)


def _resolve(batch: list[Waiting]) -> None:
    for _, _, future in batch:
        if not future.done():
            future.set_result(None)


async def _serve(path: Path) -> None:
    rows = BareRows(path, asyncio.get_running_loop())

    async def post(request: Request) -> Response:
        await rows.add(request.url.path, await request.body())
        return Response(status_code=204)

    route = Route("/callbacks/{provider}/{token:path}", post, methods=["POST"])
    listener = bind(HOST, 0)
    print(url_of(HOST, listener.getsockname()[1]), flush=True)
    threading.Thread(target=_end_with_input, daemon=True).start()
    app = Application(routes=[route], refusing=refusing(lambda path: as_problem, Metrics()))
    await server_for(app).serve(sockets=[listener])


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
