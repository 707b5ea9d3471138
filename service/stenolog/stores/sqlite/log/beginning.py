"""Begin a log: its tables, its identity and its first event, in one transaction."""

from __future__ import annotations

import sqlite3
import uuid

from stenolog.clock import NowUs
from stenolog.log.actors import SYSTEM, SYSTEM_TENANT
from stenolog.log.appends import checked
from stenolog.log.batch import sequence_batch
from stenolog.log.batch_state import BatchState
from stenolog.log.event import NewEvent
from stenolog.log.events.logs import LOG, LogBegun
from stenolog.log.format import LOG_FORMAT, LogIdentity
from stenolog.log.merkle import Frontier
from stenolog.log.recorder import id_at, new_id
from stenolog.log.store import Append
from stenolog.stores.sqlite.file.schema import run_script, write_identity
from stenolog.stores.sqlite.log.inserting import insert


def begin_log(connection: sqlite3.Connection, tables: str, clock: NowUs) -> None:
    """Make the tables of a new log, and append `log.begun` with a random id at position 1.

    A log without this event cannot exist: whoever sees the tables sees the event.
    """
    run_script(connection, tables)
    identity = LogIdentity(log_id=str(uuid.uuid4()))
    write_identity(connection, identity)
    at_us = clock()
    first = Append(stream=LOG + identity.log_id, events=[begun(identity.log_id, at_us)], expected=0)
    state = BatchState(frontier=Frontier(), time_us=0)
    sequenced = sequence_batch([checked([first])], state, at_us)
    assert len(sequenced.rows) == 1, sequenced.outcomes
    insert(connection, sequenced)


def begun(log_id: str, at_us: int) -> NewEvent:
    """Return the first event of a log with this id."""
    return NewEvent(
        id=id_at(at_us // 1_000),
        type=LogBegun.type,
        tenant=SYSTEM_TENANT,
        actor=SYSTEM,
        correlation_id=new_id(),
        causation_id=None,
        data=LogBegun(log=log_id, format=LOG_FORMAT).model_dump(),
    )
