"""Number the log's format and the shapes of its events, and bring older shapes up to date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from stenolog.errors import SchemaTooNew

LOG_FORMAT = 1
"""What a program must know to read and write a log: every type of event, every field, every table.

A release that adds or changes one of them raises it, and a program refuses a log of a greater one.
It is also the number of `log.db`'s schema, so that the file says it before an event is read.
"""

EVENT_SCHEMA = 1
"""The shape in which events are written, as `schema` in their envelope."""

FIRST_EPOCH = 1
"""The epoch of a log that was never restored; each restore makes it greater."""

Fields = Mapping[str, Any]
Upcaster = Callable[[Fields], Fields]


def _as_it_is(fields: Fields) -> Fields:
    return fields


# Each shape that was ever written, with what makes the present one of it. The stored bytes stay
# what they are: they are hashed. A shape has a golden file, `tests/golden/events-<schema>.json`.
UPCASTERS: Mapping[int, Upcaster] = {1: _as_it_is}


def upcast(fields: Fields, upcasters: Mapping[int, Upcaster] = UPCASTERS) -> Fields:
    """Return a stored event's fields in the present shape; `schema` says in which they are.

    Raises:
        SchemaTooNew: The number is not one that this version knows.
        ValueError: There is none.
    """
    number = fields.get("schema")
    if type(number) is not int:
        raise ValueError("these are not the bytes of an event")
    upcaster = upcasters.get(number)
    if upcaster is None:
        raise SchemaTooNew(f"an event has the shape {number}, which is not known here: upgrade")
    return upcaster(fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIdentity:
    """Which log it is, and since which restore; every file of a data directory has it.

    Attributes:
        log_id: The random id that `log.begun` gave to the log.
        epoch: 1, and after each restore greater than any that the restore knew of, so that there
            may be gaps; since a restore positions may mean other events.
        restore: The random id in the `log.restored` that began the epoch, by which two restores of
            one backup are told apart; empty in the first epoch.
    """

    log_id: str
    epoch: int = FIRST_EPOCH
    restore: str = ""

    @property
    def epoch_name(self) -> str:
        """The epoch as tree heads and checkpoints name it: `1`, later `<epoch>-<restore>`."""
        return f"{self.epoch}-{self.restore}" if self.restore else str(self.epoch)

    def restored(self, epoch: int, restore: str) -> LogIdentity:
        """Return which log it is after a restore."""
        return replace(self, epoch=epoch, restore=restore)


UNBOUND = LogIdentity(log_id="00000000-0000-4000-8000-000000000000")
"""The identity of files that are opened without a log beside them."""
