"""What views may say of open transcriptions, true or not."""

from __future__ import annotations

from dataclasses import dataclass, field

from stenolog.log.checkpoint import Checkpoint
from stenolog.projections.pages import OpenPage


@dataclass(slots=True)
class OpenOnes:
    """What a view would say is open, as of a place in the log; no `event_id`: of this one."""

    position: int
    ids: list[str] = field(default_factory=list)
    event_id: str = ""
    urgent: frozenset[str] = frozenset()

    async def open_transcriptions(self, *, after: str, limit: int) -> OpenPage:
        """In order of id."""
        ids = tuple(one for one in sorted(self.ids) if one > after)[:limit]
        return OpenPage(
            ids=ids,
            checkpoint=Checkpoint(position=self.position, event_id=self.event_id),
            urgent=self.urgent,
        )
