"""Show retention classes, and what is due, under /api/v1/retention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.clock import microseconds, rfc3339
from stenolog.commands.api_keys import ApiKey
from stenolog.commands.retention import RetentionClasses
from stenolog.edge.native.cursors import NO_CURSOR, Cursors
from stenolog.edge.native.forgetting_ports import DueReport
from stenolog.edge.native.narrowing import moment_in
from stenolog.edge.native.paging import after_of, limit_of, page_answer, refuse_if
from stenolog.errors import InvalidRequest

FIRST = ("", "")
PARTS = 4  # of a cursor: the time, and the id in three pieces
PIECE = 2**48 - 1


class Retention:
    """Reports; nothing is erased by asking."""

    def __init__(self, classes: RetentionClasses, due: DueReport, cursors: Cursors) -> None:
        self._classes = classes
        self._due = due
        self._cursors = cursors

    async def classes(self, request: Request, caller: ApiKey) -> Response:
        """Answer with the classes that a request can name, and which is the default."""
        items = [
            orjson.dumps({"name": name, "days": days, "default": name == self._classes.default})
            for name, days in sorted(self._classes.days.items())
        ]
        return page_answer(items, None)

    async def due(self, request: Request, caller: ApiKey) -> Response:
        """Answer with what is due until a time, the longest due first."""
        query = request.query_params
        wrong: list[tuple[str, str]] = []
        limit = limit_of(query, wrong)
        place = after_of(query, self._behind, wrong)
        until = moment_in(query, "until", wrong)
        refuse_if(wrong)
        found = await self._due.report(
            caller.tenant, until=until, after=place or FIRST, limit=limit + 1
        )
        shown = found[:limit]
        following = None
        if len(found) > limit:
            following = self._cursors.of_numbers(_place(shown[-1]))
        return page_answer([orjson.dumps(one) for one in shown], following)

    def _behind(self, cursor: str) -> tuple[str, str]:
        at_us, *parts = self._cursors.numbers(cursor, PARTS)
        bits = parts[0] << 96 | parts[1] << 48 | parts[2]
        try:
            return rfc3339(at_us), str(UUID(int=bits))
        except (ValueError, OverflowError) as exc:  # another list's
            raise InvalidRequest(NO_CURSOR) from exc


def _place(item: Mapping[str, object]) -> Sequence[int]:
    """Return time and id of an item as the numbers of a cursor."""
    bits = UUID(str(item["transcript_id"])).int
    return (
        microseconds(str(item["erase_at"])),
        bits >> 96,
        bits >> 48 & PIECE,
        bits & PIECE,
    )
