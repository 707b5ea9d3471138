"""Read transcripts, however long, without holding up the event loop or filling the memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeVar

from stenolog.providers.byte_budget import ByteBudget, HeldBytes
from stenolog.providers.port import FetchedJob
from stenolog.side_process import SideProcessEnded

# DECISIONS 133: together, from the answer until it is in the log. On its way each is copied several
# times.
TRANSCRIPTS_BYTES_MAX = 12 << 20
BESIDE_BYTES_MIN = 1 << 19  # some 15 minutes of speech, which take 10 ms to read

Result = TypeVar("Result")
ReadJob = Callable[[bytes, str], FetchedJob]
"""Reads the answer about a job; a function of a module, so that it can be pickled."""


class Beside(Protocol):
    """Runs a function of a module in another process; `SideProcess` keeps this promise."""

    async def run(self, call: Callable[..., Result], *args: object) -> Result:
        """Return what `call` makes of `args`.

        Raises:
            SideProcessEnded: The process ended over it.
        """
        ...


class Transcripts:
    """Reads answers about jobs; everything that reads them shares one."""

    def __init__(
        self, beside: Beside | None = None, *, bytes_max: int = TRANSCRIPTS_BYTES_MAX
    ) -> None:
        """`beside` is where long ones are read; None: here. `bytes_max` is for all together."""
        self._beside = beside
        self.budget = ByteBudget(bytes_max)

    async def read(self, body: bytes, job: str, held: HeldBytes, read_job: ReadJob) -> FetchedJob:
        """Read the answer about `job`; its bytes stay `held` for as long as what is returned.

        `read_job` is the vendor's way of reading.

        Raises:
            ProviderUnavailable: It describes none, or another one, or is not JSON.
            SideProcessEnded: The other process ended over it, or none could be started. That is our
                failure, and says nothing of the answer.
        """
        if self._beside is None or len(body) <= BESIDE_BYTES_MIN:
            return replace(read_job(body, job), held=held)
        try:
            found = await self._beside.run(partial(_without_raw, read_job), body, job)
        except (MemoryError, OSError) as exc:
            raise SideProcessEnded(str(exc)) from exc
        return replace(found, raw=body, held=held)


def _without_raw(read_job: ReadJob, body: bytes, job: str) -> FetchedJob:
    """Read the answer in another process: `raw` is empty, not sent back."""
    return replace(read_job(body, job), raw=b"")
