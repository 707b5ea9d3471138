"""Read a provider's list once for several claims that are settled at about the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from stenolog.clock import NowMs
from stenolog.errors import ProviderUnavailable
from stenolog.providers.paging import pages_of
from stenolog.providers.port import JobPage, Provider

PAGES_MAX = 500  # 100,000 jobs
SHARED_MS_MAX = 15_000  # after its beginning, others go by a look that is recent enough for them
SHARED_PAGES_MAX = 50  # 10,000 jobs, some 3 MB; a look that reads further is shared no more


@dataclass(slots=True, kw_only=True)
class _Look:
    began_ms: int
    source: AsyncIterator[JobPage]
    read: list[JobPage] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    ended: bool = False
    broken: bool = False


class SharedList:
    """The list of all jobs at one place; each page is asked for once in a look."""

    def __init__(self, provider: Provider, now_ms: NowMs) -> None:
        self._provider = provider
        self._now_ms = now_ms
        self._look: _Look | None = None

    async def pages(self, *, not_before_ms: int) -> AsyncIterator[JobPage]:
        """Yield the pages, newest first, of a look that began at `not_before_ms` or later.

        Raises:
            ProviderUnavailable: A page could not be read.
        """
        look, index = self._look_since(not_before_ms), 0
        while True:
            async with look.turn:
                if index == len(look.read) and not look.ended:
                    await self._read_on(look)
            if index >= len(look.read):
                return
            yield look.read[index]
            index += 1

    def _look_since(self, not_before_ms: int) -> _Look:
        look, now_ms = self._look, self._now_ms()
        if (
            look is not None
            and not look.broken
            and look.began_ms >= not_before_ms
            and 0 <= now_ms - look.began_ms < SHARED_MS_MAX
        ):
            return look
        source = pages_of(self._provider, status=None, pages_max=PAGES_MAX)
        self._look = _Look(began_ms=now_ms, source=source)
        return self._look

    async def _read_on(self, look: _Look) -> None:
        if look.broken:
            raise ProviderUnavailable("the list was broken off")
        try:
            look.read.append(await anext(look.source))
        except StopAsyncIteration:
            look.ended = True
        except BaseException:  # what raised once reads no more
            look.broken = True
            raise
        if self._look is look and len(look.read) > SHARED_PAGES_MAX:
            self._look = None
