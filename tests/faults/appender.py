"""A process that appends until it is killed: `python -m tests.faults.appender DIRECTORY`.

Before each append it writes `try ID ID`, after its acknowledgement `ok ID ID`: what was tried may
be there, what was acknowledged must be.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.head_keeper import HeadKeeper
from stenolog.compliance.tree_heads import FILE_NAME
from stenolog.compliance.vault import Vault
from stenolog.heartbeat import Heartbeat
from stenolog.log.event import NewEvent
from stenolog.log.facts import IDEMPOTENCY
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.log_samples import PUBLIC, new_event, new_id

MASTER = MasterKey(b"k" * 32)
WRITERS = 8
STREAMS_PER_WRITER = 5


def request_key(first: str) -> str:
    """As a client's own key is kept: `log verify` counts no other."""
    return IDEMPOTENCY + sha256(first.encode()).hexdigest()


def pair(first: str, second: str) -> list[NewEvent]:
    """The two events of one append; the second names the first as its cause."""
    return [
        new_event(PUBLIC, id=first, dedupe_key=request_key(first)),
        new_event("submission.claimed", id=second, causation_id=first),
    ]


async def append_for_ever(log: SqliteLog, vault: Vault, writer: int) -> None:
    count = 0
    while True:
        stream = f"transcription-{os.getpid()}-{writer}-{count // 10 % STREAMS_PER_WRITER}"
        ids = new_id(), new_id()
        os.write(1, f"try {ids[0]} {ids[1]} {stream}\n".encode())
        requested, claimed = pair(*ids)
        sealed = await vault.seal(stream, requested.id, b"what was asked" * (count % 300))
        events = [replace(requested, payload=sealed), claimed]
        await log.append(stream, events)
        os.write(1, f"ok {ids[0]} {ids[1]} {stream}\n".encode())
        count += 1


async def main(directory: Path) -> None:
    log = await SqliteLog.open(directory / "log.db")
    keys = await SqliteKeys.open(directory / "keys.db", log.identity)
    vault = Vault(MASTER, keys, log.sealings)
    async with asyncio.TaskGroup() as group:
        group.create_task(HeadKeeper(log, directory / FILE_NAME, log.identity).run(Heartbeat()))
        for writer in range(WRITERS):
            group.create_task(append_for_ever(log, vault, writer))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
