"""Memory and latency under hostile clients, beside a healthy one that asks for `/healthz`.

Each attack meets a gateway that has just been started. The healthy client opens a connection for
every request. It has two promises: an answer within a second, and one that takes at most 100 ms
longer than the longest that it had to wait for before the attack began. The attacker and the
healthy client have the same processors as the gateway: how much the gateway's event loop computed
while an answer was waited for does not depend on them.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from infra.bench.attack import ATTACKS
from infra.bench.children import child
from infra.bench.customer import customer, ended
from infra.bench.figures import Figure, at_most
from infra.bench.gateway import RunningGateway, gateway
from infra.bench.transcripts import EVERY_FEATURE

SECONDS_OF_AUDIO = 36_000
RUN_MS = 100
WATCHED_SECONDS = 6.0
ASKED_EVERY_SECONDS = 0.05
ABOVE_IDLE_MB_MAX = 64
HEALTHZ_MS_MAX = 1_000
WORSE_MS_MAX = 100  # than before the attack
BASE_SECONDS_MAX = 3.0
MEGABYTE = 1_000_000
UNREAD = "unread-30"
POLLS = "polls-250"  # of transcriptions that stay open, each of a large request
OPEN = 14
REQUEST_BYTES = 950_000
NAMES = 9_000
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Endured:
    """What an attack cost: memory above idle, and the healthy client's longest wait.

    Attributes:
        base_ms: Its longest wait before the attack.
        computed_ms: The most that the event loop computed while it waited for an answer.
    """

    above_idle_bytes: int
    longest_ms: float
    computed_ms: float
    idle_bytes: int
    base_ms: float

    @property
    def worse_ms(self) -> float:
        """How much longer the longest wait was."""
        return self.longest_ms - self.base_ms


async def measure(place: Path) -> Sequence[Figure]:
    """Memory and latency under each attack."""
    figures: list[Figure] = []
    for name in ATTACKS:
        directory = place / name
        directory.mkdir()
        endured = await under(name, directory)
        figures += [
            Figure(
                name=f"memory above idle, {name}",
                value=endured.above_idle_bytes / MEGABYTE,
                unit="MB",
                wanted=at_most(ABOVE_IDLE_MB_MAX),
                detail={"idle_mb": endured.idle_bytes / MEGABYTE},
            ),
            Figure(name="  longest /healthz before", value=endured.base_ms, unit="ms"),
            Figure(
                name="  longest /healthz meanwhile",
                value=endured.longest_ms,
                unit="ms",
                wanted=at_most(HEALTHZ_MS_MAX),
            ),
            Figure(
                name="  how much longer",
                value=endured.worse_ms,
                unit="ms",
                wanted=at_most(WORSE_MS_MAX),
            ),
            Figure(
                name="  computed meanwhile by the event loop",
                value=endured.computed_ms,
                unit="ms",
                wanted=at_most(WORSE_MS_MAX),
            ),
        ]
    return figures


async def under(name: str, place: Path, seconds: float = WATCHED_SECONDS) -> Endured:
    """Attack a gateway of its own, in `place`, and watch it for so long.

    Raises:
        RuntimeError: A child process failed.
    """
    errors = place / "children.log"
    seconds_of_audio = SECONDS_OF_AUDIO if name == UNREAD else 60
    run_ms = HOUR_MS if name == POLLS else RUN_MS
    async with (
        child("infra.bench.provider", str(run_ms), str(seconds_of_audio), "1", errors=errors) as p,
        gateway(place / "data", provider_url=p.first_line) as ours,
    ):
        path = await _paths(name, ours)
        await asyncio.sleep(1)  # what the start or the transcription left behind is collected
        base_ms = await _base(ours, min(BASE_SECONDS_MAX, seconds / 4))
        idle = ours.child.rss_bytes()
        watching = asyncio.create_task(_watched(ours))
        url = urlsplit(ours.url)
        given = (name, str(url.hostname), str(url.port), path, ours.api_key)
        async with child("infra.bench.attack", *given, errors=errors):
            await asyncio.sleep(seconds)
            watching.cancel()
            seen = await watching
    return Endured(
        above_idle_bytes=seen.most_bytes - idle,
        longest_ms=seen.longest_ms,
        computed_ms=seen.computed_ms,
        idle_bytes=idle,
        base_ms=base_ms,
    )


async def _base(ours: RunningGateway, seconds: float) -> float:
    """The longest wait while nobody attacks."""
    watching = asyncio.create_task(_watched(ours))
    await asyncio.sleep(seconds)
    watching.cancel()
    return (await watching).longest_ms


async def _paths(name: str, ours: RunningGateway) -> str:
    if name == UNREAD:
        return await _transcript(ours)
    return await _open(ours) if name == POLLS else "/"


async def _open(ours: RunningGateway) -> str:
    """More large requests than are remembered; what is made of each takes a while."""
    name_chars = REQUEST_BYTES // NAMES - len('"":0,')
    echoed = dict.fromkeys((f"{number:0{name_chars}d}" for number in range(NAMES)), 0)
    body = {**EVERY_FEATURE, "speaker_options": echoed}
    async with customer(ours) as http:
        made = [await http.post("/v2/transcript", json=body) for _ in range(OPEN)]
    return ",".join(f"/v2/transcript/{one.raise_for_status().json()['id']}" for one in made)


async def _transcript(ours: RunningGateway) -> str:
    async with customer(ours) as http:
        made = await http.post("/v2/transcript", json=dict(EVERY_FEATURE))
        transcription_id = made.raise_for_status().json()["id"]
        await ended(http, transcription_id)
    return f"/v2/transcript/{transcription_id}"


@dataclass(slots=True)
class Seen:
    """The most memory, the longest wait, and the most that was computed during one."""

    most_bytes: int = 0
    longest_ms: float = 0.0
    computed_ms: float = 0.0


async def _watched(ours: RunningGateway) -> Seen:
    """Ask again and again, until cancelled."""
    seen, url = Seen(), urlsplit(ours.url)
    began, computed_ms, asks = 0.0, 0.0, False

    def note() -> None:
        seen.longest_ms = max(seen.longest_ms, (time.perf_counter() - began) * 1000)
        seen.computed_ms = max(seen.computed_ms, ours.child.loop_ms() - computed_ms)
        seen.most_bytes = max(seen.most_bytes, ours.child.rss_bytes())

    try:
        while True:
            began, computed_ms, asks = time.perf_counter(), ours.child.loop_ms(), True
            try:
                await _asked(str(url.hostname), int(url.port or 0))
            except (OSError, TimeoutError) as exc:
                print(f"the healthy client was not answered: {exc!r}", file=sys.stderr)
                seen.longest_ms = float("inf")
            note()
            asks = False
            await asyncio.sleep(ASKED_EVERY_SECONDS)
    except asyncio.CancelledError:
        if asks:
            note()
        return seen


async def _asked(host: str, port: int) -> None:
    async with asyncio.timeout(HEALTHZ_MS_MAX * 10 / 1000):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            said = await reader.read()
        finally:
            writer.close()
        await writer.wait_closed()
        if not said.startswith(b"HTTP/1.1 200 "):
            raise OSError("refused")
