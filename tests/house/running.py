"""Serve a gateway's parts on a real server; the test says which loops run, and when."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import httpx

from stenolog.bootstrap.edge import edge_app
from stenolog.bootstrap.edge_parts import EdgeParts
from stenolog.bootstrap.parts import Parts, open_parts
from stenolog.bootstrap.serving import bind, server_for, url_of
from stenolog.bootstrap.stores import Wrapping
from stenolog.commands.api_keys import DEFAULT_TENANT, SCOPES
from stenolog.config.settings import Settings
from stenolog.edge.app import Application
from stenolog.log.actors import OPERATOR
from stenolog.log.event import Event
from stenolog.log.events.api_keys import API_KEY
from stenolog.log.events.logs import LOG
from stenolog.stores.files.directory import UPLOADS, locked, make_directory, read_api_key
from tests.house.waiting import DEADLINE_S

HOST = "127.0.0.1"
CONNECTIONS_MAX = 120


class Running:
    """A service that answers, and what a test needs to look behind it."""

    def __init__(
        self,
        settings: Settings,
        parts: Parts,
        edge: EdgeParts,
        app: Application,
        client: httpx.AsyncClient,
    ) -> None:
        """`edge` is what `app` was made of; `client` has the first API key.

        `started_at` is the log's head when the service began to answer.
        """
        self.settings, self.parts, self.edge, self.client = settings, parts, edge, client
        self.url, self.key = str(client.base_url).rstrip("/"), client.headers["Authorization"]
        self.stores, self.deliveries = parts.stores, parts.deliveries
        self.events, self.keys, self.views = self.stores.events, self.stores.keys, self.stores.views
        self.vault, self.uploads = self.stores.vault, self.stores.uploads
        self.handler, self.facts, self.signing = edge.handler, edge.facts, edge.signing
        self.projector, self.metrics = parts.projector, parts.metrics
        self.indexer, self.search = parts.indexer, self.stores.search
        self.turns = parts.reconciling.reconciler.turns
        self.eraser = parts.erasing.eraser
        self.lifetime = parts.erasing.uploads
        self.uploads_directory = settings.data_dir / UPLOADS
        self.routes: list[Any] = list(app.routes)
        self.started_at = 0
        self._following: asyncio.Task[None] | None = None

    async def follow(self) -> None:
        """Run the projector and the search index, and what tells readers of the feed."""
        self._following = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self.projector.run())
            loops.create_task(self.indexer.run())
            loops.create_task(self.edge.news.run())

    async def stand_still(self) -> None:
        """Stop the projector."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
            self._following = None

    async def projected(self) -> None:
        """Return once the views hold everything that the log has."""
        if self._following is None:
            await self.projector.catch_up()
        else:
            async with asyncio.timeout(DEADLINE_S):
                await self.projector.wait_projected(await self.events.head())

    async def indexed(self) -> None:
        """Return once the search index holds everything that the log has."""
        await self.indexer.catch_up()

    async def new_key(self, tenant: str = DEFAULT_TENANT, *scopes: str) -> str:
        """Make another API key, with every scope when none is named."""
        secret, _ = await self.edge.ring.create(
            actor=OPERATOR, tenant=tenant, name="test", scopes=scopes or SCOPES
        )
        return secret

    async def recorded(self) -> list[Event]:
        """Return the events that are not about the log itself, and not about API keys."""
        events = await self.events.read()
        return [event for event in events if not event.stream.startswith((LOG, API_KEY))]

    async def stream(self, transcription_id: str) -> list[Event]:
        """Return the events of a transcription, in order."""
        return await self.handler.events(transcription_id)

    def counted(self, name: str) -> dict[str, float]:
        """Return a counter's samples, by their labels as they are written."""
        lines = self.metrics.exposition()[0].decode().splitlines()
        found = [line.rpartition(" ") for line in lines if line.startswith(name + "{")]
        return {labels[len(name) :]: float(value) for labels, _, value in found}


Service = TypeVar("Service", bound=Running)


@contextlib.asynccontextmanager
async def running(
    settings: Settings,
    wrapping: Wrapping,
    service: Callable[[Settings, Parts, EdgeParts, Application, httpx.AsyncClient], Service],
    edge: Callable[[EdgeParts], EdgeParts] = lambda parts: parts,
) -> AsyncIterator[Service]:
    """Serve on a free port, and yield what `service` makes of what `Running` is given.

    `edge` may put something else before the application.
    """
    make_directory(settings.data_dir)
    async with contextlib.AsyncExitStack() as stack:
        listener = stack.enter_context(contextlib.closing(bind(HOST, 0)))
        url = url_of(HOST, listener.getsockname()[1])
        stack.enter_context(locked(settings.data_dir, url=url))
        parts = await open_parts(stack, settings, url, wrapping)
        before = edge(parts.edge)
        app = await edge_app(settings, parts.stores, before)
        server = server_for(app)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        client = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=url,
                headers={"Authorization": read_api_key(settings.data_dir)},
                timeout=DEADLINE_S,
                trust_env=False,
                limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
            )
        )
        made = service(settings, parts, before, app, client)
        made.started_at = await parts.stores.events.head()
        try:
            yield made
        finally:
            await made.stand_still()
            before.news.stop()
            server.stop()
            await serving
