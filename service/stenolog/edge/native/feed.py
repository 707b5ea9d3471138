"""Answer /api/v1/events: a tenant's public events, in pages, after a wait, or as a stream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.content_reads import reader_of
from stenolog.edge.http.resource import authorization_of
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.feed_query import FeedQueries, FeedRequest
from stenolog.edge.native.feed_stream import FeedStream, Source
from stenolog.edge.native.paging import page_answer
from stenolog.edge.native.told_events import STREAMED_BYTES_MAX, ToldEvents
from stenolog.errors import NotFound
from stenolog.feed.asyncapi import asyncapi
from stenolog.feed.catalogue import described, schema_of
from stenolog.feed.cloud_events import SHAPE
from stenolog.feed.consumers.batches import told_of
from stenolog.feed.news import News
from stenolog.feed.pages import FeedPage, FeedQuery, PublicEvents
from stenolog.feed.shared_pages import SharedPages

EVENT_STREAM = "text/event-stream"
LAST_EVENT_ID = "Last-Event-ID"
SCHEMA_JSON = "application/schema+json"
# An event wakes up to two thousand streams: so many take a turn before anything else is looked at.
TURNS_MAX = 16


class Feed:
    """Shows what is readable in the views already: whoever hears of an outcome can read it."""

    def __init__(
        self,
        events: PublicEvents,
        news: News,
        queries: FeedQueries,
        cursors: Cursors,
        caller_of: Callable[[str | None], Awaitable[ApiKey]],
        told: ToldEvents,
        public_url: str,
    ) -> None:
        self._told = told
        self._pages = SharedPages(events)
        self._turns = asyncio.Semaphore(TURNS_MAX)
        self._news = news
        self._queries = queries
        self._cursors = cursors
        self._caller_of = caller_of
        self._public_url = public_url

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with a page, oldest first; where nothing is there yet, after a wait."""
        streams = EVENT_STREAM in request.headers.get("Accept", "")
        last = request.headers.get(LAST_EVENT_ID) if streams else None
        asked = await self._queries.read(request.query_params, caller, self._news.readable, last)
        reader = reader_of(request, caller) if asked.payloads else None
        if streams:
            source = Source(
                tenant=caller.tenant,
                page=lambda after: self._page(caller.tenant, asked, after),
                written=partial(self._told.written, reader=reader, bytes_max=STREAMED_BYTES_MAX),
                still_allowed=lambda: self._caller_of(authorization_of(request)),
            )
            return FeedStream(source, self._news, self._turns, asked.after)
        page = await self._waited(request, caller.tenant, asked)
        following = self._cursors.of_number(page.position) if page.more else None
        written = await self._told.written(told_of(page), reader=reader)
        place = {"after": page.position, "epoch": self._queries.epoch}
        return page_answer(written, following, around=orjson.dumps(place))

    async def types(self, request: Request, caller: ApiKey) -> Response:
        """Answer with the catalogue: every type that a feed can have."""
        items = [orjson.dumps(one) for one in described(self._public_url)]
        return page_answer(items, None)

    async def schema(self, request: Request, caller: ApiKey) -> Response:
        """Answer with the JSON Schema of the data of one type."""
        found = schema_of(request.path_params["type"])
        if found is None or request.path_params["shape"] != str(SHAPE):
            raise NotFound("There is no such type of public events")
        return Response(orjson.dumps(found), media_type=SCHEMA_JSON)

    async def asyncapi(self, request: Request) -> Response:
        """Answer with the AsyncAPI document of this gateway."""
        return Response(orjson.dumps(asyncapi(self._public_url)), media_type="application/json")

    async def _waited(self, request: Request, tenant: str, asked: FeedRequest) -> FeedPage:
        loop = asyncio.get_running_loop()
        ends = loop.time() + asked.wait_ms / 1000
        after = asked.after
        while True:
            news = self._news.of(tenant)
            page = await self._page(tenant, asked, after)
            left = ends - loop.time()
            if page.events or left <= 0 or self._news.is_over:
                return page
            after = page.position
            await self._news.wait(news, left)
            await self._caller_of(authorization_of(request))  # it may have been revoked meanwhile

    async def _page(self, tenant: str, asked: FeedRequest, after: int) -> FeedPage:
        return await self._pages.public(
            FeedQuery(
                tenant=tenant,
                after=after,
                until=self._news.readable,
                types=asked.types,
                limit=asked.limit,
            )
        )
