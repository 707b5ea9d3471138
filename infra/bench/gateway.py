"""The gateway as its users run it: `stenolog serve`, in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from infra.bench.children import Child, child
from stenolog.stores.files.directory import API_KEY, LOG, VIEWS

PROVIDER_KEY = "bench-provider-key"
NO_PROVIDER = "http://127.0.0.1:9"  # the discard port: nothing is asked of the provider there
FOLLOWED_SECONDS_MAX = 240
LOOK_SECONDS = 0.05
MODULE = "stenolog.cli.main"
SAID = "listens on "
WHOLE = "SELECT position FROM checkpoint WHERE filled >= filled_until"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningGateway:
    """A gateway that answers at `url`."""

    child: Child
    url: str
    directory: Path

    @property
    def api_key(self) -> str:
        """The first key, with every scope."""
        return (self.directory / API_KEY).read_text().strip()

    async def followed(self, seconds_max: float = FOLLOWED_SECONDS_MAX) -> None:
        """Return once the views have followed the log to its head, and hold all that is before.

        Raises:
            TimeoutError: They did not within `seconds_max`.
        """
        async with asyncio.timeout(seconds_max):
            while not self._level():  # noqa: ASYNC110 - another process cannot set our event
                await asyncio.sleep(LOOK_SECONDS)

    def _level(self) -> bool:
        try:
            head = one_value(self.directory / LOG, "SELECT count FROM tree")
            return one_value(self.directory / VIEWS, WHOLE) == head
        except sqlite3.OperationalError:
            return False  # the file is being made


@contextlib.asynccontextmanager
async def gateway(
    directory: Path, *, provider_url: str = NO_PROVIDER
) -> AsyncIterator[RunningGateway]:
    """`stenolog serve` on `directory`, on a free port, until the block ends.

    Its log lines go to `DATA_DIR/../gateway.log`, as a service's would to its supervisor.
    """
    settings = {
        "PROVIDER": "assemblyai",
        "ASSEMBLYAI_API_KEY": PROVIDER_KEY,
        "ASSEMBLYAI_BASE_URL": provider_url,
    }
    arguments = ("serve", "--port", "0", "--data-dir", str(directory))
    errors = directory.parent / "gateway.log"
    async with child(MODULE, *arguments, errors=errors, settings=settings) as started:
        url = started.first_line.partition(SAID)[2]
        yield RunningGateway(child=started, url=url, directory=directory)


def one_value(file: Path, statement: str, *values: object) -> object:
    """One value out of a database that the gateway has open, read as any reader would.

    Raises:
        sqlite3.OperationalError: The file or the table is not there yet.
    """
    uri = f"{file.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        row = connection.execute(statement, values).fetchone()
    return row[0] if row else None
