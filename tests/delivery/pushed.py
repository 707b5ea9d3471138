"""A service that pushes to endpoints, and receivers on one server: a path for each."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from stenolog.clock import NowMs, now_ms
from stenolog.delivery.schedule import Schedule
from stenolog.simulator.receiver import Delivery, Receiver, Reply
from tests.delivery.house import SOON_AGAIN
from tests.house.composed import WRAPPING, Composed, composed
from tests.house.waiting import until
from tests.http.spoken import answer_of

ENDPOINTS = "/api/v1/endpoints"
Answer = Callable[[Delivery], Reply]


class Pushed:
    """What a test of endpoints needs; `answers` are by path, 200 without one."""

    def __init__(self, service: Composed, receiver: Receiver, url: str) -> None:
        self.service, self.receiver, self.url = service, receiver, url
        self.answers: dict[str, Answer] = {}
        receiver.answer = self._answer

    def _answer(self, delivery: Delivery) -> Reply:
        answer = self.answers.get(delivery.path)
        return Reply() if answer is None else answer(delivery)

    async def endpoint(self, path: str = "/a", **given: Any) -> dict[str, Any]:
        """Make an endpoint at this path; return it with its secret."""
        answer = await self.service.client.post(ENDPOINTS, json={"url": self.url + path, **given})
        assert answer.status_code == 201, answer.text
        body = answer.json()
        assert isinstance(body, dict)
        return body

    async def shown(self, endpoint: Mapping[str, Any]) -> dict[str, Any]:
        """The endpoint as it is now."""
        body = (await self.service.client.get(f"{ENDPOINTS}/{endpoint['id']}")).json()
        assert isinstance(body, dict)
        return body

    async def asked(self, endpoint: Mapping[str, Any], what: str, **body: Any) -> Any:
        """POST to what belongs to the endpoint."""
        answer = await self.service.client.post(f"{ENDPOINTS}/{endpoint['id']}/{what}", json=body)
        assert answer.status_code in (200, 202), answer.text
        return answer.json()

    async def done(self) -> str:
        """A transcription that completed: some public events."""
        transcription_id, _ = await self.service.submitted()
        await self.service.complete(transcription_id, answer_of())
        return transcription_id

    async def feed(self, **query: Any) -> list[dict[str, Any]]:
        """What the event feed shows."""
        await self.service.projected()
        answer = await self.service.client.get(
            "/api/v1/events", params={"after": 0, "limit": 200, **query}
        )
        items = answer.json()["items"]
        assert isinstance(items, list)
        return items

    def got(self, path: str = "/a") -> list[Delivery]:
        """What came in there, in order."""
        return [one for one in self.receiver.deliveries if one.path == path]

    def events(self, path: str = "/a") -> list[dict[str, Any]]:
        """The events that came in there, in order."""
        return [json.loads(one.body) for one in self.got(path)]

    def accepted(self, path: str = "/a") -> dict[str, list[str]]:
        """By transcription, the ids of messages in the order in which they came last."""
        found: dict[str, list[str]] = defaultdict(list)
        for event in self.events(path):
            ids = found[event["subject"]]
            if event["id"] in ids:
                ids.remove(event["id"])
            ids.append(event["id"])
        return found

    async def come(self, count: int, path: str = "/a") -> list[dict[str, Any]]:
        """The events, once so many have come."""
        await until(lambda: len(self.got(path)) >= count, f"only {len(self.got(path))} came")
        return self.events(path)


@contextlib.asynccontextmanager
async def pushed(
    directory: Path, *, schedule: Schedule = SOON_AGAIN, clock: NowMs = now_ms, **given: Any
) -> AsyncIterator[Pushed]:
    """Serve with deliveries running, on a schedule of some milliseconds."""
    receiver = Receiver()
    wrapping = replace(WRAPPING, schedule=lambda _: schedule, clock=clock)
    async with (
        receiver.serve() as url,
        composed(directory, wrapping=wrapping, **given) as service,
    ):
        running = asyncio.create_task(service.deliveries.run())
        try:
            yield Pushed(service, receiver, url)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled(), running
