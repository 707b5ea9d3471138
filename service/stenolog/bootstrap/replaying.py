"""Replay a log up to a moment into a plain database, from its files, also while it is served."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stenolog.bootstrap.identity import CHECK
from stenolog.bootstrap.master_key import known_master_key
from stenolog.bootstrap.offline import master_key_mark
from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.clock import now_us
from stenolog.compliance.browsing import BrowsableRecords, Wanted
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.recorded import RecordedKeys, RecordedLog
from stenolog.compliance.records import ROWS_PER_READ
from stenolog.config.settings import Settings
from stenolog.errors import (
    CannotStart,
    NotFound,
    PayloadDamaged,
    StoreError,
    StoreUnavailable,
)
from stenolog.log.events.transcriptions import (
    TRANSCRIPTION,
    ErasureRequested,
    TranscriptionRequested,
)
from stenolog.projections.past.history import PastReader
from stenolog.projections.past.listing import stub_of
from stenolog.projections.past.moments import Moment, Moments
from stenolog.projections.past.shown import shown
from stenolog.stores.sqlite.replay.writer import ReplayFile, replay_file

VERSIONS = {name: one.version for name, one in PROJECTIONS.items()}
NOT_PROJECTED = "its events cannot be projected"

Tell = Callable[[int, int], None]
"""Told up to which position the log has been read, and up to which it will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a replay has written; `failures`: of how many transcriptions nothing can be read."""

    moment: Moment
    transcriptions: int
    failures: int


async def replay(
    settings: Settings,
    records: BrowsableRecords,
    target: Path,
    *,
    until: int | str | None,
    tell: Tell,
) -> Replayed:
    """Make the file `target` of all transcriptions up to a position or a time; None: up to the end.

    What is erased while it is made is not in it. It changes nothing in the data directory.

    Raises:
        CannotStart: The master key is not here, or the file is there already.
        NotFound, NotYetCome: The log begins later than the moment, or ends earlier.
        StoreError: The log or the file cannot be read or written.
    """
    log = RecordedLog(records)
    moment = await _moment(Moments(log, now_us), until)
    reader = PastReader(log, RecordedKeys(records, _master_key(settings)), PROJECTIONS)
    made = failed = 0
    with replay_file(target) as file:
        began = await log.head()
        for position, transcription in _streams(records, TranscriptionRequested.type, 0):
            if position > moment.position:
                break
            tell(position, moment.position)
            if await _replayed(file, reader, moment, transcription):
                made += 1
            else:
                failed += 1
        for _, transcription in _streams(records, ErasureRequested.type, began):
            with contextlib.suppress(NotFound):  # it was requested later
                await _replayed(file, reader, moment, transcription)
        file.about(_about(records, moment))
    return Replayed(moment=moment, transcriptions=made, failures=failed)


async def _moment(moments: Moments, until: int | str | None) -> Moment:
    match until:
        case None:
            return await moments.now()
        case int():
            return await moments.at_position(until)
        case str():
            return await moments.at_time(until)


async def _replayed(
    file: ReplayFile, reader: PastReader, moment: Moment, transcription: str
) -> bool:
    """Write one transcription, or why it cannot be read; return whether it could."""
    try:
        history = await reader.at(moment, transcription)
        events = await reader.opened(history, PROJECTIONS)
    except StoreUnavailable:
        raise
    except StoreError as exc:  # its key is lost, or a record is damaged
        file.fail(transcription, str(exc))
        return False
    found = shown(PROJECTIONS, events, PROJECTIONS)
    if found.row is None:
        file.fail(transcription, NOT_PROJECTED)
        return False
    row = found.row if history.erased_at is None else stub_of(found.row)
    file.put(row, history.erased_at, found, VERSIONS)
    return True


def _streams(records: BrowsableRecords, event_type: str, after: int) -> Iterator[tuple[int, str]]:
    """Yield where events of a type stand behind a position, and whose transcription they are of."""
    wanted = Wanted(event_type=event_type)
    while rows := records.rows_behind(after, ROWS_PER_READ, wanted):
        for row in rows:
            after = row.position
            yield row.position, row.stream.removeprefix(TRANSCRIPTION)


def _about(records: BrowsableRecords, moment: Moment) -> dict[str, str]:
    identity = records.identity
    return {
        "log": identity.log_id if identity else "",
        "epoch": str(identity.epoch) if identity else "",
        "position": str(moment.position),
        "time": moment.time,
        "projections": json.dumps(VERSIONS, sort_keys=True),
    }


def _master_key(settings: Settings) -> MasterKey:
    master = known_master_key(settings)
    if master is None:
        raise CannotStart("the master key is not here: without it nothing can be read")
    mark = master_key_mark(settings)
    try:
        if mark is not None:
            master.unwrap(mark, f"{CHECK} 1".encode())
    except PayloadDamaged as exc:
        raise CannotStart("the master key here is not that of this directory") from exc
    return master
