"""Look at a provider's list once for many jobs, instead of asking for each."""

from __future__ import annotations

import asyncio

from stenolog.errors import ProviderUnavailable
from stenolog.providers.paging import pages_of
from stenolog.providers.port import JobStatus, Provider

PAGES_MAX = 100  # 20,000 running jobs
LOOK_MS_MAX = 120_000  # those who share it have slots that others wait for
GATHER_MS = 200  # questions that arrive this close together share one look
RUNNING: tuple[JobStatus, ...] = ("queued", "processing")


class Sweep:
    """Tells for many jobs, with one listing of a provider, which are still running."""

    def __init__(
        self, provider: Provider, gather_ms: int = GATHER_MS, look_ms_max: int = LOOK_MS_MAX
    ) -> None:
        self._provider = provider
        self._gather_ms = gather_ms
        self._look_ms_max = look_ms_max
        self._looking: asyncio.Task[frozenset[str]] | None = None

    async def is_running(self, job: str) -> bool:
        """Tell whether the list shows the job as queued or processing.

        False is no verdict: it is due for a question of its own.

        Raises:
            ProviderUnavailable: The list could not be read, or not within two minutes.
        """
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(_looked_at)
        return job in await asyncio.shield(self._looking)

    async def close(self) -> None:
        """End a listing that is under way; its waiting callers are cancelled."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> frozenset[str]:
        await asyncio.sleep(self._gather_ms / 1000)
        running, ignores = set[str](), False
        try:
            async with asyncio.timeout(self._look_ms_max / 1000):
                for status in RUNNING:
                    async for page in pages_of(self._provider, status=status, pages_max=PAGES_MAX):
                        running.update(job.id for job in page.jobs if job.running is not False)
                        ignores = ignores or any(job.running is False for job in page.jobs)
                    if ignores:
                        break  # a list that shows everything has shown the rest, too
        except TimeoutError as exc:
            raise ProviderUnavailable(f"the list took over {self._look_ms_max} ms") from exc
        return frozenset(running)


def _looked_at(task: asyncio.Task[frozenset[str]]) -> None:
    """Nobody may be left who waits for it; then its failure is nobody's."""
    if not task.cancelled():
        task.exception()
