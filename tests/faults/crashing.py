"""The whole gateway, which kills itself between two of its own changes.

A composition root for tests: `stenolog.bootstrap` with every port wrapped. Each call that changes
something (append, key, view commit, file, POST or DELETE at the provider) counts when it is done,
and after the n-th this process gets SIGKILL: before its caller knows, before anything else is done.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from stenolog.bootstrap.serving import serve
from stenolog.bootstrap.stores import Wrapping
from stenolog.config.settings import Settings
from stenolog.simulator.aimlapi.provider import API_KEY as AIMLAPI_KEY
from stenolog.simulator.assemblyai.provider import API_KEY
from stenolog.telemetry import configure_logging

LOG_CHANGES = frozenset({"append_all"})
KEY_CHANGES = frozenset(
    {
        "add_data_key",
        "destroy_data_key",
        "add_secret",
        "add_api_key",
        "tenant",
        "hold_subject",
        "release_subject",
        "replace_boxes",
        "scrub",
    }
)
VIEW_CHANGES = frozenset({"advance", "build", "begin", "reset", "drop", "erase"})
# Taking a lease is none: it is taken whenever something stirs, and is not held beyond a death.
WORK_CHANGES = frozenset({"begin", "add", "recover", "record", "put_off", "remove"})
PROVIDER_CHANGES = frozenset({"submit", "upload", "delete"})
SEARCH_CHANGES = frozenset({"erase"})  # what else it writes is made again from the log
UPLOAD_CHANGES = frozenset({"store", "discard"})
POINTS = "points"
NOBODY = "http://127.0.0.1:9"
DELIVERY_SPACING_MS = 100


@dataclass(slots=True, kw_only=True)
class Points:
    """Counts what was done, writes it to a file, and ends the process after `limit`."""

    file: Path
    limit: int | None
    count: int = 0
    descriptor: int = field(default=-1, init=False)

    def passed(self, what: str) -> None:
        """One more change is done."""
        if self.descriptor < 0:
            self.descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.count += 1
        os.write(self.descriptor, f"{what}\n".encode())
        if self.count == self.limit:
            os.kill(os.getpid(), signal.SIGKILL)


class Counted:
    """A port whose changing calls are counted when they end, however they end."""

    def __init__(self, inner: object, room: str, changes: frozenset[str], points: Points) -> None:
        self._inner = inner
        self._room = room
        self._changes = changes
        self._points = points

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name not in self._changes:
            return method

        async def counted(*args: object, **named: object) -> object:
            try:
                return await method(*args, **named)
            finally:
                self._points.passed(f"{self._room}.{name}")

        return counted


def wrapping(points: Points) -> Wrapping:
    """Every port of the gateway, counted."""

    def counted(room: str, changes: frozenset[str]) -> Callable[[Any], Any]:
        return lambda port: Counted(port, room, changes, points)

    return Wrapping(
        log=counted("log", LOG_CHANGES),
        keys=counted("keys", KEY_CHANGES),
        views=counted("views", VIEW_CHANGES),
        work=counted("work", WORK_CHANGES),
        search=counted("search", SEARCH_CHANGES),
        provider=counted("provider", PROVIDER_CHANGES),
        delivery=lambda timing: replace(timing, spacing_ms=DELIVERY_SPACING_MS),
        uploads=counted("uploads", UPLOAD_CHANGES),
    )


def settings_for(
    directory: Path,
    port: int,
    provider: str | None,
    upload_retention_ms: int | None = None,
    beside: str | None = None,
) -> Settings:
    """Short waits; `provider` is the simulator's base URL, None: the embedded engine.

    `beside` is that of an AIMLAPI.
    """
    return Settings(
        assemblyai_api_key=SecretStr(API_KEY) if provider else None,
        assemblyai_base_url=provider,
        allow_networks=(ip_network("127.0.0.1/32"),),
        data_dir=directory,
        port=port,
        settle_ms=200,
        sweep_interval_ms=100,
        http_timeout_ms=2_000,
        upload_retention_ms=upload_retention_ms,
        provider="assemblyai" if provider else "local",
        aimlapi_api_key=SecretStr(AIMLAPI_KEY) if beside else None,
        aimlapi_base_url=beside or NOBODY,
        access_log="off",  # what a test looks at is no step of the work that it kills
    )


def run(
    directory: Path,
    port: int,
    provider: str | None,
    limit: int | None,
    upload_retention_ms: int | None = None,
    beside: str | None = None,
) -> None:
    """Serve until SIGTERM, or until the `limit`-th change; what it says is in `output`."""
    directory.mkdir(parents=True, exist_ok=True)
    said = os.open(directory.parent / "output", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(said, descriptor)
    configure_logging()
    points = Points(file=directory.parent / POINTS, limit=limit)
    settings = settings_for(directory, port, provider, upload_retention_ms, beside)
    asyncio.run(serve(settings, wrapping=wrapping(points)))


def main() -> None:
    """`python -m tests.faults.crashing DATA_DIR PORT [--provider URL] [--limit N]`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--provider")
    parser.add_argument("--limit", type=int)
    given = parser.parse_args()
    run(given.directory, given.port, given.provider, given.limit)


if __name__ == "__main__":
    main()
