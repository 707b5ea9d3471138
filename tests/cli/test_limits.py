"""A service that goes on for ever does not keep a command for ever."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from stenolog.cli.answers import Utterance
from stenolog.cli.client import ServiceClient
from stenolog.cli.following import Sent
from stenolog.cli.transcribe import transcribe
from stenolog.config.settings import Settings
from stenolog.errors import EgressFailed
from tests.cli.other_service import other_service

PAGES = 3
WAIT_S_MAX = 0.36


def test_a_view_without_an_end_is_read_for_so_many_pages(tmp_path: Path) -> None:
    async def every_item(url: str) -> None:
        async with ServiceClient(Settings(data_dir=tmp_path, url=url)) as client:
            await client.items("t", "words", Utterance, pages_max=PAGES)

    with other_service(json.dumps({"items": [], "next": "more"}).encode()) as other:
        with pytest.raises(EgressFailed, match=f"words has no end after {PAGES} pages"):
            asyncio.run(every_item(other.url))
        assert len(other.received) == PAGES


def test_a_transcript_that_never_ends_is_waited_for_so_long(tmp_path: Path) -> None:
    with other_service(json.dumps({"id": "t", "status": "processing"}).encode()) as other:
        settings = Settings(data_dir=tmp_path, url=other.url)
        sent = [Sent(audio="https://audio.example/a")]
        waiting = transcribe(settings, sent, {}, wait_s_max=WAIT_S_MAX)
        with pytest.raises(EgressFailed, match=r"t is processing after 0\.0001 hours: look"):
            asyncio.run(waiting)
        assert len(other.received) > 1
