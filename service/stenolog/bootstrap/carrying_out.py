"""Bring copied files up to what was decided since, before they are put in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from stenolog.clock import now_us, rfc3339
from stenolog.compliance.deletions import Deletions
from stenolog.compliance.restored_log import Recorded, record_deletions, record_restore
from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.compliance.tree_heads import TreeHead, write_head
from stenolog.log.events.api_keys import API_KEY
from stenolog.log.format import LogIdentity
from stenolog.log.merkle import Frontier
from stenolog.stores.files.directory import KEYS, LOG
from stenolog.stores.sqlite.file.copying import write_epoch, write_kind
from stenolog.stores.sqlite.keys.restoring import (
    STREAMS_PER_READ,
    carry_out,
    gone_streams,
    remove_api_keys,
    streams_of_api_keys,
    tenants_of_api_keys,
)
from stenolog.stores.sqlite.keys.schema import KEYS as KEYS_SCHEMA
from stenolog.stores.sqlite.log.schema import LOG as LOG_SCHEMA
from stenolog.stores.sqlite.log.store import SqliteLog


async def bring_up(
    staging: Path,
    identity: LogIdentity,
    deletions: Deletions,
    newer_keys: Mapping[Path, bool],
    *,
    lost: int | None,
    accept_clock: bool,
    step: Callable[[str], None],
) -> Recorded:
    """Begin the epoch of `identity` in copied files, and delete in them what was deleted since.

    Args:
        staging: Where the copies are.
        identity: Of the log from now on.
        deletions: What is to be erased, revoked and released.
        newer_keys: Files of keys that say what was destroyed and revoked, too; and of each whether
            nobody else has it open.
        lost: How many events the log had behind the copy; None: it is not known.
        accept_clock: An operator says that the machine's clock is right.
        step: Told what is done, after each step.

    Raises:
        StoreError: A file cannot be read or written.
    """
    recorded, tree = Recorded(), Frontier()
    write_kind(staging / LOG, LOG_SCHEMA, copied=False)
    log = await SqliteLog.open(staging / LOG, accept_clock=accept_clock)
    try:
        await record_restore(log, identity, events_lost=lost)
        # The keys were copied behind the log: of what was erased in between they have none, and API
        # keys that were made in between nobody could revoke.
        for streams in streams_of_api_keys(staging / KEYS):
            unknown = [stream for stream in streams if not await log.version(stream)]
            if unknown:
                remove_api_keys(staging / KEYS, unknown)
        for streams in _pages(deletions, {staging / KEYS: False, **newer_keys}):
            of_keys = [stream for stream in streams if stream.startswith(API_KEY)]
            tenants = {**deletions.tenants, **tenants_of_api_keys(staging / KEYS, of_keys)}
            page = await record_deletions(log, streams, deletions.reasons, tenants)
            carry_out(staging / KEYS, page.gone, rfc3339(now_us()))
            recorded.add(page)
            step("deletions carried out")
        tree = await log.frontier()
    finally:
        await log.close()
    carry_out(staging / KEYS, (), "")  # also when there was nothing: its mark is of another log
    for name, schema in ((LOG, LOG_SCHEMA), (KEYS, KEYS_SCHEMA)):
        write_epoch(staging / name, schema, identity)
    step("epoch written")
    head = TreeHead.of(identity, size=tree.count, root=tree.root().hex(), time=rfc3339(now_us()))
    write_head(staging / TREE_HEADS, head)
    step("tree head written")
    return recorded


def _pages(deletions: Deletions, keys: Mapping[Path, bool]) -> Iterator[Sequence[str]]:
    for file, alone in keys.items():
        yield from gone_streams(file, alone=alone)
    streams = sorted(deletions.streams)
    for first in range(0, len(streams), STREAMS_PER_READ):
        yield streams[first : first + STREAMS_PER_READ]
