"""Downloads begin early, end in any case, and hold up nobody when they end badly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.engine.host.disk_room import DiskRoom
from stenolog.engine.host.download_queue import DOWNLOADS_MAX, DOWNLOADS_PER_HOST_MAX
from stenolog.engine.host.downloads import FAILED, Downloads
from stenolog.engine.host.scratch import Scratch
from tests.egress.scripted import always, answer, serving, until
from tests.engine import sounds
from tests.engine.conftest import ALLOWED_HOST
from tests.engine.engine_process import EngineProcess
from tests.engine.engine_process import until as seen
from tests.engine.servers import Site

pytestmark = pytest.mark.xdist_group("engine")

OPENING = sounds.wav(sounds.speech("two_cities", 0, 4.8))
SILENCE = sounds.wav(sounds.silence(1))
LONG = sounds.wav(np.tile(sounds.speech("two_cities", 0, 20), 3))
SIZE = 1_000
PLENTY = 1 << 60


class Told:
    """What downloads tell, in order."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.paths: dict[str, Path] = {}
        self.errors: dict[str, str] = {}

    def download_began(self, job_id: str) -> None:
        self.began.append(job_id)

    def download_ended(self, job_id: str, path: Path) -> None:
        self.paths[job_id] = path

    def download_failed(self, job_id: str, error: str) -> None:
        self.errors[job_id] = error


class Mistaken(DiskRoom):
    """Room in which the jobs called `dying` meet a mistake of ours."""

    def expect(self, job_id: str, size: int) -> None:
        if job_id.startswith("dying"):
            raise RuntimeError("not an error that a disk raises")
        super().expect(job_id, size)


def loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


@asynccontextmanager
async def downloading(
    folder: Path,
    told: Told,
    *,
    room_bytes: int = PLENTY,
    free_bytes: Callable[[], int] = lambda: PLENTY,
    room_type: type[DiskRoom] = DiskRoom,
) -> AsyncIterator[Downloads]:
    egress = Egress(AddressPolicy.of(networks=["127.0.0.0/8"]), resolve=loopback)
    downloads = Downloads(
        egress,
        Scratch(folder / "s"),
        told,
        bytes_max=10 * SIZE,
        room=room_type(room_bytes, free_bytes),
    )
    yield downloads
    await downloads.close()
    await egress.aclose()


async def test_a_download_that_dies_ends_its_job_and_gives_its_turn_back(tmp_path: Path) -> None:
    """More of them than there are turns, of as many hosts as it takes."""
    told = Told()
    async with (
        downloading(tmp_path, told, room_type=Mistaken) as downloads,
        serving(always(answer(body=bytes(SIZE)))) as server,
    ):
        dying = [f"dying-{number}" for number in range(2 * DOWNLOADS_MAX)]
        for number, job_id in enumerate(dying):
            downloads.ask(job_id, f"http://broken-{number}.example:{server.port}/")
        downloads.ask("good", f"http://good.example:{server.port}/")
        with capture_logs() as lines:
            await until(lambda: "good" in told.paths)
        assert {line["event"] for line in lines} == {"engine.download_crashed"}
        assert told.errors == dict.fromkeys(dying, FAILED)
        assert downloads.counts()["under_way"] == downloads.counts()["waiting"] == 0


async def test_as_much_is_downloaded_as_the_disk_may_hold_and_the_rest_when_there_is_room(
    tmp_path: Path,
) -> None:
    """One host, and nobody takes the files: more of them than that host has turns."""
    told, files = Told(), 5 * DOWNLOADS_PER_HOST_MAX
    room = (files - 10) * SIZE
    body = bytes(SIZE)
    async with (
        downloading(tmp_path, told, room_bytes=room) as downloads,
        serving(always(answer(body=body))) as server,
    ):
        for number in range(files):
            downloads.ask(f"{number:02}", f"{server.url}/{number}")
        await until(lambda: len(told.paths) >= files - 10)
        await until(lambda: downloads.counts()["under_way"] == 0)
        assert downloads.counts() | {"waiting": 10, "held_bytes": room} == downloads.counts()
        for released in range(files):
            await until(lambda: len(told.paths) > released)  # noqa: B023 - waited for here
            assert downloads.counts()["held_bytes"] <= room
            downloads.release(list(told.paths)[released])
        assert told.errors == {}
        assert len(server.requests) <= files + 2 * DOWNLOADS_PER_HOST_MAX, "few are asked twice"


async def test_a_disk_that_is_full_lets_every_job_be_done_one_after_another(tmp_path: Path) -> None:
    told = Told()
    async with (
        downloading(tmp_path, told, free_bytes=lambda: 0) as downloads,
        serving(always(answer(body=bytes(SIZE)))) as server,
    ):
        for job_id in "abc":
            downloads.ask(job_id, server.url)
        for number, job_id in enumerate("abc"):
            await until(lambda: len(told.paths) > number)  # noqa: B023 - waited for here
            assert len(told.began) == number + 1
            downloads.release(job_id)


def test_redirects_to_malformed_hosts_hold_up_nobody(engine: EngineProcess, files: Site) -> None:
    """32 of them once held every turn for ever."""
    files.pages["/odd"] = (302, {"location": "http://xn--a.x/k.wav"}, b"")
    files.pages["/good.wav"] = (200, {}, OPENING)
    odd = [engine.create(audio_url=f"{files.url}/odd")["id"] for _ in range(DOWNLOADS_MAX)]
    ended = {engine.finished(job_id)["error"] for job_id in odd}
    assert ended == {
        f"Download error, unable to download {files.url}/odd: a redirect cannot be followed: the "
        "URL is not valid: the host has a part that begins with xn-- and is not Punycode."
    }
    assert engine.transcribe_url(f"{files.url}/good.wav")["status"] == "completed"
    assert ALLOWED_HOST in files.url


def test_a_malformed_host_is_refused_when_it_is_asked_for(engine: EngineProcess) -> None:
    answered = engine.http.post("/v2/transcript", json={"audio_url": "http://xn--a.x/k.wav"})
    assert answered.status_code == 400
    assert answered.json()["error"].startswith("audio_url must have a valid host: ")


def test_presigned_urls_are_asked_at_once_however_busy_the_worker_is(
    engine: EngineProcess, files: Site
) -> None:
    batch = DOWNLOADS_PER_HOST_MAX + 4
    files.pages |= {f"/{number}.wav": (200, {}, SILENCE) for number in range(batch)}
    busy = engine.create(audio_url=engine.upload(LONG))["id"]
    seen(lambda: engine.get(busy)["status"] == "processing" or None, 10)
    ids = [engine.create(audio_url=f"{files.url}/{number}.wav")["id"] for number in range(batch)]
    assert len(files.wait_for(batch, seconds=5)) == batch
    assert engine.get(busy)["status"] == "processing", "all were asked while the worker was busy"
    counts = engine.http.get("/counts").json()
    assert counts["jobs"]["open"] >= batch
    assert counts["workers"] == {"all": 1, "busy": 1}
    assert {engine.finished(job_id)["status"] for job_id in (busy, *ids)} == {"completed"}
