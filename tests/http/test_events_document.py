"""The programs in docs/EVENTS.md do what the text around them says."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path

from tests.house.composed import Composed
from tests.house.waiting import DEADLINE_S

TEXT = (Path(__file__).parents[2] / "docs" / "EVENTS.md").read_text()
PULL = TEXT[: TEXT.index("## Push")]  # the rest runs in tests/delivery/test_endpoints.py
BLOCK = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HERE = "http://127.0.0.1:8080"


async def printed(service: Composed, *command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "STENOLOG_API_KEY": service.key},
    )
    out, said = await asyncio.wait_for(process.communicate(), DEADLINE_S)
    assert process.returncode == 0, said
    return out.decode()


async def test_the_programs_of_the_document_run(service: Composed) -> None:
    made = await service.submit()
    await service.projected()
    blocks = [(kind, text.replace(HERE, service.url)) for kind, text in BLOCK.findall(PULL)]
    said = [
        await printed(
            service, *((sys.executable, "-c") if kind == "python" else ("sh", "-c")), text
        )
        for kind, text in blocks
    ]
    assert [kind for kind, _ in blocks] == ["", "", "python"]
    page, consumer = json.loads(said[0]), json.loads(said[1])
    assert [one["subject"] for one in page["items"]] == [made]
    assert (consumer["name"], consumer["lag_events"]) == ("billing", 1)
    assert said[2] == f"stenolog.transcription.requested {made} 1\n"
