"""A service in a process of its own, whose files can be kept from growing by one more byte.

It says where it is and what to call, then does as it is told, a line each: `full`, `free`.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from pathlib import Path

from tests.house.composed import composed

WRITES_MAX = {"full": 1, "free": resource.RLIM_INFINITY}


async def main(directory: Path) -> None:
    async with composed(directory) as service:
        transcription_id, registration = await service.submitted()
        await service.projected()
        target = {
            "url": service.url,
            "key": service.key,
            "id": transcription_id,
            "token": registration.token,
            "header": registration.header,
        }
        say(json.dumps(target))
        while line := await asyncio.to_thread(sys.stdin.readline):
            hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            resource.setrlimit(resource.RLIMIT_FSIZE, (WRITES_MAX[line.strip()], hard))
            say("done")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
