"""How long a customer of `/v2` waits for any answer at the load that the service is made for.

Ten transcriptions a second are asked for and completed. Meanwhile one tenant, who has 20,000
transcripts and one of ten hours, lists them with every filter, reads them, makes every view of
their words, searches in them and deletes some, a steady number of requests a second.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from infra.bench.children import child
from infra.bench.completions import COMPLETIONS_A_SECOND
from infra.bench.customer import customer
from infra.bench.figures import Figure, at_most
from infra.bench.gateway import RunningGateway, gateway, one_value
from infra.bench.seeding import seed
from infra.bench.transcripts import EVERY_FEATURE
from stenolog.stores.files.directory import KEYS

TRANSCRIPTS = 20_000
LONG_SECONDS = 36_000.0
RUN_MS = 1_500
SECONDS = 20
READS_A_SECOND = 20
ANSWER_MS_MAX = 5_000.0  # issue 4
PATH = "/v2/transcript"
LISTS = (
    "limit=200",
    "limit=200&before_id={old}",
    "limit=200&after_id={old}",
    "limit=200&status=error",
    "limit=200&created_on=2020-01-01",
    "limit=200&throttled_only=true",
)
VIEWS = ("", "/sentences", "/paragraphs", "/srt", "/vtt", "/word-search?words=the,of+the")


async def measure(place: Path) -> Sequence[Figure]:
    """The slowest answer of all, and of each kind.

    Raises:
        RuntimeError: An answer was not 200.
    """
    directory, errors = place / "data", place / "children.log"
    async with gateway(directory):
        pass  # makes the tenant that asks
    tenant = str(one_value(directory / KEYS, "SELECT tenant FROM api_keys"))
    seeded = await seed(directory, TRANSCRIPTS, tenant=tenant)
    [long] = await seed(directory, 1, tenant=tenant, seconds=LONG_SECONDS)
    async with (
        child("infra.bench.provider", str(RUN_MS), errors=errors) as provider,
        gateway(directory, provider_url=provider.first_line) as ours,
    ):
        await ours.followed()
        ids = [one.transcription_id for one in seeded]
        slowest = await _slowest_ms(ours, ids, long.transcription_id)
    kind = max(slowest, key=lambda one: slowest[one])
    return [
        Figure(
            name="slowest answer of /v2, 20,000 transcripts",
            value=slowest[kind],
            unit="ms",
            wanted=at_most(ANSWER_MS_MAX),
            detail={"slowest_ms": slowest},
        ),
        *(
            Figure(name=f"  {name}", value=slowest[name], unit="ms")
            for name in ("create", "list", "read", "delete", "read 10 h")
        ),
    ]


async def _slowest_ms(ours: RunningGateway, ids: list[str], long: str) -> dict[str, float]:
    """By kind of request."""
    slowest: dict[str, float] = defaultdict(float)
    loop = asyncio.get_running_loop()
    reads = _reads(ids, long)
    async with customer(ours) as http, asyncio.TaskGroup() as group:
        began = loop.time()
        for number in range(READS_A_SECOND * SECONDS):
            await asyncio.sleep(max(0.0, began + number / READS_A_SECOND - loop.time()))
            kind, method, path = next(reads)
            group.create_task(_ask(http, slowest, kind, method, path))
            if number % (READS_A_SECOND // COMPLETIONS_A_SECOND) == 0:
                group.create_task(_ask(http, slowest, "create", "POST", PATH))
    return dict(slowest)


def _reads(ids: list[str], long: str) -> Iterator[tuple[str, str, str]]:
    """Kind, method and path, without end; whatever is deleted is asked for no more."""
    for number in itertools.count():
        old = ids[number % 100]
        yield "list", "GET", f"{PATH}?{LISTS[number % len(LISTS)].format(old=old)}"
        view = VIEWS[number % len(VIEWS)]
        yield "read", "GET", f"{PATH}/{old}{view}"
        yield "read 10 h", "GET", f"{PATH}/{long}{view}"
        yield "delete", "DELETE", f"{PATH}/{ids.pop()}"


async def _ask(
    http: httpx.AsyncClient, slowest: dict[str, float], kind: str, method: str, path: str
) -> None:
    began = time.monotonic()
    body = dict(EVERY_FEATURE) if method == "POST" else None
    answer = await http.request(method, path, json=body)
    slowest[kind] = max(slowest[kind], (time.monotonic() - began) * 1000)
    if answer.status_code != 200:
        raise RuntimeError(f"{kind} was answered {answer.status_code}")
