"""Have the analyses that a result lacks made beside the event loop, within limits."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import structlog

from stenolog.bounded import BoundedMemory
from stenolog.enrichment.analysing import NOTHING, Enriched, analyse, given_up
from stenolog.enrichment.wanted import Result, asked_in, is_whole
from stenolog.side_process import SideProcess, SideProcessEnded

INLINE_BYTES_MAX = 256 << 10  # read here, to find out whether anything is missing
IDLE_MS = 60_000  # then the process ends, and gives back its models
CALL_MS_MAX = 120_000  # the start of the process and its models, and the longest transcript
MEMORY_BYTES_MAX = 4 << 30  # address space; arrays are reserved, not all touched
TRIES_MAX = 3  # of one transcription, when the process ends over it; the reconciler waits between
TRIES_REMEMBERED_MAX = 1_024

log = structlog.get_logger(__name__)


class Enricher:
    """Makes what is missing in results, one after the other; remembers only what it tried."""

    def __init__(self, side_process: SideProcess | None = None) -> None:
        """Work in this process, which `close` ends; else in one of its own."""
        self._side_process = side_process or SideProcess(
            idle_ms=IDLE_MS, call_ms_max=CALL_MS_MAX, memory_bytes_max=MEMORY_BYTES_MAX
        )
        self._tries: BoundedMemory[str, int] = BoundedMemory(TRIES_REMEMBERED_MAX)
        self._closed = False

    async def enrich(
        self, transcription_id: str, provider: str, answer: bytes, params: Mapping[str, Any]
    ) -> Enriched:
        """Return what was made of a completed answer; nothing where nothing is missing.

        Raises:
            SideProcessEnded: It could not be tried now; the result is fetched and tried again.
        """
        asked = asked_in(params)
        if not asked:
            return NOTHING
        result = Result(provider=provider, answer=answer, params=params)
        if len(answer) <= INLINE_BYTES_MAX and is_whole(result, asked):
            return NOTHING
        began = time.monotonic()
        try:
            made = await self._side_process.run(analyse, result, asked, size=len(answer))
        except Exception as exc:  # a mistake of ours, too: it must not cost the transcript
            tries = (self._tries.get(transcription_id) or 0) + 1
            self._tries.put(transcription_id, tries)
            if self._closed or tries < TRIES_MAX:
                raise SideProcessEnded(f"the analyses were not made: {exc}") from exc
            log.error(
                "enrichment.given_up",
                tries=tries,
                error=type(exc).__name__,
                advice="the transcript is completed without its analyses; see what memory is free",
            )
            made = given_up(asked)
        self._tries.pop(transcription_id)
        if made.faults:
            log.error("enrichment.failed", faults=made.faults)
        log.info(
            "enrichment.made",
            outcomes={one.analysis: one.outcome for one in made.analyses},
            took_ms=round((time.monotonic() - began) * 1000),
        )
        return made

    async def close(self) -> None:
        """End the process; what is under way is done again after the next start."""
        self._closed = True
        await self._side_process.close()
