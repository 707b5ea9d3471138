"""Servers that drip hold up nobody whose audio is here or comes from elsewhere."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from stenolog.engine.host.download_queue import DOWNLOADS_MAX, DOWNLOADS_PER_HOST_MAX
from tests.engine import sounds
from tests.engine.conftest import ALLOWED_HOST
from tests.engine.drips import Drip, dripping
from tests.engine.engine_process import EngineProcess, until
from tests.engine.servers import site

pytestmark = pytest.mark.xdist_group("engine")

OPENING = sounds.wav(sounds.speech("two_cities", 0, 4.8))
LONG = sounds.wav(np.tile(sounds.speech("two_cities", 0, 20), 5))
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n"
HOSTS = [f"127.0.0.{2 + number}" for number in range(DOWNLOADS_MAX // DOWNLOADS_PER_HOST_MAX)]


def test_downloads_that_drip_hold_up_nobody_else(tmp_path: Path) -> None:
    """All turns are taken, by servers just fast enough to be waited for."""
    with ExitStack() as opened:
        engine = EngineProcess(tmp_path, allow_networks=["127.0.0.0/24"])
        opened.callback(engine.stop)
        slow = [
            opened.enter_context(dripping(Drip(head=HEAD, piece=b"a" * 100), host))
            for host in HOSTS
        ]
        elsewhere = opened.enter_context(site("127.0.0.100"))
        elsewhere.pages["/speech.wav"] = (200, {}, OPENING)

        stuck = [
            engine.create(audio_url=slow[0].url)["id"] for _ in range(DOWNLOADS_PER_HOST_MAX + 1)
        ]
        slow[0].wait_for(DOWNLOADS_PER_HOST_MAX)
        assert engine.get(stuck[-1])["status"] == "queued"
        assert engine.transcribe_url(f"{elsewhere.url}/speech.wav")["status"] == "completed"

        for drip in slow[1:]:
            stuck += [
                engine.create(audio_url=drip.url)["id"] for _ in range(DOWNLOADS_PER_HOST_MAX)
            ]
            drip.wait_for(DOWNLOADS_PER_HOST_MAX)
        assert engine.transcribe(OPENING)["status"] == "completed"
        assert {engine.get(each)["status"] for each in stuck} <= {"queued", "processing"}


def test_who_came_first_is_transcribed_first_however_the_audio_came(engine: EngineProcess) -> None:
    """The download ends after the later jobs' uploads are there, while the worker is busy."""
    speech = Drip(
        head=b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(OPENING),
        piece=OPENING,
        pause_seconds=0.3,
        pieces=1,
    )
    long, *uploads = (engine.upload(each) for each in (LONG, OPENING, OPENING))
    with dripping(speech, ALLOWED_HOST) as drip:
        busy = engine.create(audio_url=long)["id"]
        until(lambda: engine.get(busy)["status"] == "processing" or None, 5)
        ids = [engine.create(audio_url=url)["id"] for url in (drip.url, *uploads)]
        assert {engine.finished(each)["status"] for each in ids} == {"completed"}
    listed = engine.http.get("/v2/transcript", params={"limit": 10}).json()["transcripts"]
    completed = {item["id"]: item["completed"] for item in listed}
    assert sorted(ids, key=lambda job_id: completed[job_id]) == ids
