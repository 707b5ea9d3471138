"""Tell up to where positions of the log mean now what they meant in an earlier epoch."""

from __future__ import annotations

from stenolog.errors import RequestError
from stenolog.log.events.logs import LOG, LogRestored
from stenolog.log.format import LogIdentity
from stenolog.log.store import EVENTS_PER_READ_MAX, EventStore

EPOCH_CHARS_MAX = 64


class ElsewhereInTheLog(RequestError, code="other-place"):
    """The place is of another epoch, or behind the end: `go_on_from` is where to go on."""

    def __init__(self, message: str, *, go_on_from: int, epoch: str) -> None:
        super().__init__(message)
        self.go_on_from = go_on_from
        self.beside = {"go_on_from": go_on_from, "epoch": epoch}


async def check_place(log: EventStore, identity: LogIdentity, after: int, epoch: str) -> None:
    """Return when the position `after` of this epoch is one of the log in its present epoch.

    Raises:
        ElsewhereInTheLog: It is not.
        RecordDamaged: The events that tell where an epoch ended are damaged.
        StoreUnavailable: The log cannot be read now.
    """
    ours, head = identity.epoch_name, await log.head()
    if epoch != ours:
        kept = await kept_of(log, identity, epoch[:EPOCH_CHARS_MAX])
        said = f"This log is in epoch {ours}: it was restored since, or is another log"
    elif after > head:
        kept, said = head, f"The log ends at position {head}"
    else:
        return
    go_on_from = min(after, kept)
    raise ElsewhereInTheLog(
        f"{said}. Go on with after={go_on_from}&epoch={ours}; what you know of later "
        "positions is not in this log",
        go_on_from=go_on_from,
        epoch=ours,
    )


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
