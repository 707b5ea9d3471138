"""Read what a consumer asks of the event feed: from which place on, and what of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.paging import PAGE, limit_of, refuse_if
from stenolog.edge.native.told_events import INCLUDE, include_of
from stenolog.errors import InvalidRequest
from stenolog.feed.epochs import check_place
from stenolog.feed.types import read_types
from stenolog.log.format import LogIdentity
from stenolog.log.store import EventStore

QUERY = (*PAGE, "types", "wait_ms", "epoch", INCLUDE)
WAIT_MS_MAX = 30_000
POSITION = re.compile(r"[0-9]{1,16}")
NUMBER = re.compile(r"[0-9]{1,6}")
LATEST = "latest"  # a place: behind all that may be told now


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRequest:
    """What is asked for.

    Attributes:
        after: A position of the log, in its present epoch.
        types: The log's names; None: all.
        wait_ms: How long an answer without events may be waited for.
        payloads: What was said is told as well.
    """

    after: int
    limit: int
    types: frozenset[str] | None
    wait_ms: int
    payloads: bool


class FeedQueries:
    """Reads queries for one log in its present epoch."""

    def __init__(self, log: EventStore, identity: LogIdentity, cursors: Cursors) -> None:
        self._log = log
        self._identity = identity
        self._cursors = cursors

    @property
    def epoch(self) -> str:
        """The present epoch's name."""
        return self._identity.epoch_name

    async def read(
        self, query: QueryParams, caller: ApiKey, readable: int, last_event_id: str | None = None
    ) -> FeedRequest:
        """Read a query; up to `readable` events may be told.

        `last_event_id` is the place in a header, which comes before `after`.

        Raises:
            InvalidRequest: A value is not one; all of them are named.
            Forbidden: The key may not read payloads.
            ElsewhereInTheLog: The place means nothing in this log.
            StoreUnavailable: The log cannot be read now.
        """
        wrong: list[tuple[str, str]] = []
        limit = limit_of(query, wrong)
        types = _types(query, wrong)
        wait_ms = wait_ms_of(query, wrong)
        payloads = include_of(query, caller, wrong)
        given = last_event_id or query.get("after") or "0"
        after = readable if given == LATEST else self._after(given, wrong)
        refuse_if(wrong)
        await check_place(self._log, self._identity, after, query.get("epoch") or self.epoch)
        return FeedRequest(
            after=after, limit=limit, types=types, wait_ms=wait_ms, payloads=payloads
        )

    def _after(self, given: str, wrong: list[tuple[str, str]]) -> int:
        if POSITION.fullmatch(given):
            return int(given)
        try:
            return self._cursors.number(given)
        except InvalidRequest as exc:
            wrong.append(
                ("after", f"must be a position, {LATEST}, or {str(exc).removeprefix('must be ')}")
            )
            return 0


def _types(query: QueryParams, wrong: list[tuple[str, str]]) -> frozenset[str] | None:
    try:
        return read_types(query.get("types") or "")
    except InvalidRequest as exc:
        wrong.append(("types", str(exc)))
        return None


def wait_ms_of(query: QueryParams, wrong: list[tuple[str, str]]) -> int:
    """Read how long to wait; describe in `wrong` what is wrong with it."""
    given = query.get("wait_ms") or "0"
    if NUMBER.fullmatch(given) and int(given) <= WAIT_MS_MAX:
        return int(given)
    wrong.append(("wait_ms", f"must be an integer from 0 to {WAIT_MS_MAX}"))
    return 0
