"""Tell up to where positions of the log mean now what they meant in an earlier epoch."""

from __future__ import annotations

from stenolog.errors import RequestError
from stenolog.log.events.logs import LOG, LogRestored
from stenolog.log.format import LogIdentity
from stenolog.log.store import EVENTS_PER_READ_MAX, EventStore


class ElsewhereInTheLog(RequestError, code="other-place"):
    """The place is of another epoch, or behind the end: `go_on_from` is where to go on."""

    def __init__(self, message: str, *, go_on_from: int, epoch: str) -> None:
        super().__init__(message)
        self.beside = {"go_on_from": go_on_from, "epoch": epoch}


async def kept_of(log: EventStore, identity: LogIdentity, epoch: str) -> int:
    """Return the last position that this epoch shares with the present one; 0: none is known to be.

    A restore ends an epoch: what that had behind the backup is in no log any more, and positions
    behind it mean other events. Of an epoch that is not in this log nobody knows where it began.

    Raises:
        RecordDamaged: The events that tell it are damaged.
        StoreUnavailable: The log cannot be read now.
    """
    stream = LOG + identity.log_id
    known, version = "1", 0
    while page := await log.read_stream(stream, after=version, limit=EVENTS_PER_READ_MAX):
        for event in page:
            if event.type == LogRestored.type:
                if known == epoch:
                    return event.position - 1
                data = LogRestored.model_validate(dict(event.data))
                known = f"{data.epoch}-{data.restore}"
        version = page[-1].version
    return 0
