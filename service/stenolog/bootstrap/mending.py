"""Deal with a damaged log while no service runs on it: accept damage, write nodes anew."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from stenolog.bootstrap.master_key import known_master_key
from stenolog.bootstrap.offline import open_log, open_records
from stenolog.compliance.accepted_damage import accepted_damage, record_acceptance
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.one_record import fault_of
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart, InvalidRequest
from stenolog.log.events.logs import DamageReason
from stenolog.log.recorder import FactRecorder, NoSealer


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What was accepted.

    Attributes:
        position: Of the record.
        fault: What is wrong with it.
        before: It was accepted before; nothing was recorded now.
    """

    position: int
    fault: str
    before: bool


async def accept_damage(
    settings: Settings, positions: Collection[int], reason: DamageReason
) -> Sequence[Accepted]:
    """Record that a human has seen the damaged records at these positions, once of each.

    Nothing is recorded where one is refused.

    Raises:
        InvalidRequest: There is no such position, or nothing is wrong there.
        DataDirectoryLocked: A gateway runs on the directory.
        CannotStart: As for `open_log`.
        StoreError: It may not be recorded.
    """
    async with open_log(settings) as log:
        head = await log.head()
        if max(positions) > head:
            raise InvalidRequest(
                f"there is no position {max(positions)}: the log has {head} events"
            )
        master = _master_key(settings)
        seen = await accepted_damage(log)
        with open_records(settings) as records:
            found = [
                Accepted(
                    position=position,
                    fault=fault_of(records, position, master),
                    before=position in seen,
                )
                for position in sorted(set(positions))
            ]
        for one in found:
            if not one.fault:
                unseen = (
                    "" if master else "; its payload was not opened, the master key is not here"
                )
                raise InvalidRequest(
                    f"nothing is wrong with the record at position {one.position} by itself"
                    f"{unseen}: accept the position that `stenolog log verify` names"
                )
        facts = FactRecorder(log, NoSealer())
        for one in found:
            if not one.before:
                await record_acceptance(facts, log.identity.log_id, one.position, reason)
    return found


async def mend_nodes(settings: Settings) -> int | None:
    """Write the tree's nodes anew where they are not those of the records; count them.

    None: the records do not lead to the log's own tree, so nothing was written.

    Raises:
        DataDirectoryLocked: A gateway runs on the directory.
        CannotStart: As for `open_log`.
        StoreError: It cannot be read or written.
    """
    async with open_log(settings) as log:
        return await log.mend_nodes()


def _master_key(settings: Settings) -> MasterKey | None:
    try:
        return known_master_key(settings)
    except CannotStart:
        return None
