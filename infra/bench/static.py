"""A static file on the gateway's own server: `python -m infra.bench.static FILE` prints its URL."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path

from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from stenolog.bootstrap.serving import bind, server_for, url_of
from stenolog.edge.app import Application
from stenolog.edge.http.problems import as_problem
from stenolog.edge.http.refused import refusing
from stenolog.telemetry import Metrics

HOST = "127.0.0.1"


async def _serve(file: Path) -> None:
    app = Application(
        routes=[Mount("/", StaticFiles(directory=file.parent))],
        refusing=refusing(lambda path: as_problem, Metrics()),
    )
    listener = bind(HOST, 0)
    print(f"{url_of(HOST, listener.getsockname()[1])}/{file.name}", flush=True)
    threading.Thread(target=_end_with_input, daemon=True).start()
    await server_for(app).serve(sockets=[listener])


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
