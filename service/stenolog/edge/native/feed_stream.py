"""Stream public events as they come: Server-Sent Events (HTML Living Standard, 9.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import orjson
import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from stenolog.errors import RecordDamaged, StenologError, Unauthenticated
from stenolog.feed.consumers.batches import Told, told_of
from stenolog.feed.news import News
from stenolog.feed.pages import FeedPage
from stenolog.feed.types import PREFIX
from stenolog.log.batch_state import ADVICE

BEAT_SECONDS = 15.0  # proxies end what is silent for a minute
AGAIN_MS = 2_000  # after which a client comes back
BEAT = b": beat\n\n"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is streamed to one reader.

    Attributes:
        page: Reads what is behind a position.
        written: Makes CloudEvents, as JSON.
        still_allowed: Raises once the reader's key is revoked.
    """

    tenant: str
    page: Callable[[int], Awaitable[FeedPage]]
    written: Callable[[Sequence[Told]], Awaitable[Sequence[bytes]]]
    still_allowed: Callable[[], Awaitable[object]]


class FeedStream(Response):
    """Sends what there is, a page at a time, and waits for more.

    A page is read once the reader has taken the one before: nothing piles up for a slow one, and
    one that takes nothing at all is broken off like the reader of any answer (`answer_unread`).
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        source: Source,
        news: News,
        turns: asyncio.Semaphore,
        after: int,
        *,
        beat_seconds: float = BEAT_SECONDS,
    ) -> None:
        """`turns` bounds how many streams make something at once; nobody sends in a turn."""
        super().__init__(headers={"X-Accel-Buffering": "no"})  # nginx would hold it back
        del self.headers["content-length"]
        self._source = source
        self._news = news
        self._turns = turns
        self._after = after
        self._beat_seconds = beat_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the reader leaves, its key is revoked, or the service stops."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        await _send(send, b"retry: %d\n\n" % AGAIN_MS)
        streaming = asyncio.ensure_future(self._stream(send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({streaming, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (streaming, leaving):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(streaming, leaving, return_exceptions=True)
        why = {"reason": "left"} if streaming.cancelled() else streaming.result()
        await send({"type": "http.response.body", "body": _frame("end", why)})

    async def _stream(self, send: Send) -> Mapping[str, object]:
        """Stream; return why it ends."""
        try:
            while not self._news.is_over:
                await self._source.still_allowed()
                news = self._news.of(self._source.tenant)
                async with self._turns:
                    page = await self._source.page(self._after)
                    frames = await self._frames(page)
                if frames:
                    await _send(send, frames)
                if not page.more:
                    await self._news.wait(news, self._beat_seconds)
                    if not news.is_set():
                        await _send(send, BEAT)
        except Unauthenticated:
            return {"reason": "key_revoked"}
        except RecordDamaged as exc:
            log.warning("feed.stream_ended", error=exc.code, reason=str(exc), advice=ADVICE)
            return {"reason": "damaged", **(exc.beside or {})}
        except StenologError as exc:
            log.info("feed.stream_ended", error=exc.code, reason=str(exc))
            return {"reason": "unavailable"}
        return {"reason": "stopping"}

    async def _frames(self, page: FeedPage) -> bytes:
        """Return the page as frames; a place without an event moves the reader's place alone."""
        told = told_of(page)
        written = await self._source.written(told)
        frames = [_event(one, data) for one, data in zip(told, written, strict=True)]
        last = page.events[-1].position if page.events else self._after
        if page.position > last and frames:
            frames.append(b"id: %d\n\n" % page.position)
        self._after = page.position
        return b"".join(frames)


def _event(told: Told, data: bytes) -> bytes:
    name = f"{PREFIX}{told.event.type}".encode()
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (told.event.position, name, data)


def _frame(name: str, data: Mapping[str, object]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps(data))


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
