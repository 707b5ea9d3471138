"""One look at a list for many, within a time."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from stenolog.errors import ProviderUnavailable
from stenolog.providers.paging import pages_of
from stenolog.providers.port import JobPage, ListedJob
from stenolog.reconciler.candidates import candidates
from stenolog.reconciler.sweep import Sweep
from tests.unit.commands.stories import REQUESTED, claimed, told


class Slow:
    """A provider whose list takes so long a page, and so many pages."""

    def __init__(self, page_s: float, pages: int) -> None:
        self.page_s, self.pages, self.asked = page_s, pages, 0
        self._ids = itertools.count()

    async def list_jobs(self, *, status: str | None, before: str | None) -> JobPage:
        self.asked += 1
        await asyncio.sleep(self.page_s)
        job = ListedJob(id=f"{status}-{next(self._ids)}", audio_url="", created_at_ms=None)
        return JobPage(jobs=[job], older=job.id if self.asked % self.pages else None)


async def test_a_list_that_takes_too_long_is_left_and_looked_at_anew() -> None:
    provider: Any = Slow(page_s=0.02, pages=50)
    sweep = Sweep(provider, gather_ms=0, look_ms_max=100)
    for _ in range(2):
        with pytest.raises(ProviderUnavailable, match="took over 100 ms"):
            await sweep.is_running("any")
    assert provider.asked < 20
    provider.page_s, provider.asked, provider.pages = 0.0, 0, 2
    assert not await sweep.is_running("any")


async def test_a_claim_is_looked_for_within_a_time() -> None:
    provider: Any = Slow(page_s=0.02, pages=50)
    claim = told(REQUESTED, claimed()).submissions[0]
    with pytest.raises(ProviderUnavailable, match="took over 100 ms"):
        await candidates(
            pages_of(provider, status=None, pages_max=9),
            claim,
            None,
            claim.claimed_at_ms,
            look_ms_max=100,
        )


async def test_those_who_ask_together_share_one_look() -> None:
    provider: Any = Slow(page_s=0.0, pages=1)
    sweep = Sweep(provider, gather_ms=10)
    found = await asyncio.gather(*(sweep.is_running(f"queued-{n}") for n in range(20)))
    assert found == [True] + [False] * 19
    assert provider.asked == 2
