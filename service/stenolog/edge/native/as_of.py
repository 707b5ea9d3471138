"""Read `as_of`, and answer what was known then of one transcription."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import orjson
from starlette.datastructures import QueryParams
from starlette.responses import Response

from stenolog.edge.derived.workers import RenderWorkers
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.narrowing import Wrong, moment_in
from stenolog.edge.native.of_metadata import fitting_of
from stenolog.edge.native.paging import PageQuery, page_answer, refuse_if
from stenolog.edge.native.status import detail_of, status_of
from stenolog.edge.native.view_query import AS_OF
from stenolog.edge.transcriptions.large_turns import LargeTurns
from stenolog.errors import NotFound, PayloadDamaged
from stenolog.projections.pages import ItemsPage
from stenolog.projections.past.history import NOT_YET_THERE, PastReader
from stenolog.projections.past.listing import PastList, stub_of
from stenolog.projections.past.moments import Moment, Moments
from stenolog.projections.past.shown import OF_THE_WHOLE, shown, shown_page
from stenolog.projections.projection import Projection
from stenolog.projections.rows import Status
from stenolog.projections.run.registry import OpenedEvent
from stenolog.projections.search.index import SEARCH, SEARCH_VERSION, Narrowed
from stenolog.projections.shaped.filters import Wanted
from stenolog.projections.views import TRANSCRIPTIONS_VIEW

HEADER = "Stenolog-As-Of"  # a dictionary (RFC 9651) of the position and the projection's version
ERASED_AT = "erased_at"
POSITION = re.compile(r"[0-9]{1,16}")
WRONG = (
    "must be a position of the log from 1, or a time as in RFC 3339, such as "
    "2026-11-30T08:00:00Z; `+` is written %2B in a URL"
)
HELD = "its outcome cannot be projected: see `stenolog projections list` and `log verify`"


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPorts:
    """What reads the log as it was.

    Attributes:
        projections: Today's, by name.
    """

    moments: Moments
    reader: PastReader
    lists: PastList
    projections: Mapping[str, Projection]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The events of a transcription, with their payloads; `erased_at` as in `History`."""

    events: Sequence[OpenedEvent]
    erased_at: str | None

    @property
    def size(self) -> int:
        """Bytes of plaintext in them."""
        return sum(one.size for one in self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastQuery:
    """What is asked of the list; `members` as in `members_asked`, `among` has ids."""

    page: PageQuery
    status: Status | None
    members: Sequence[str]
    among: Collection[str] | None


class Past:
    """Answers from a transcription's own stream, folded up to a moment; no view is asked."""

    def __init__(self, ports: PastPorts, turns: LargeTurns, renders: RenderWorkers) -> None:
        self._moments = ports.moments
        self._reader = ports.reader
        self._lists = ports.lists
        self._turns = turns
        self.projections = ports.projections
        self.renders = renders

    @property
    def versions(self) -> Mapping[str, int]:
        """The versions of the projections, by name."""
        return {name: one.version for name, one in self.projections.items()}

    async def now(self) -> Moment:
        """Return the end of the log."""
        return await self._moments.now()

    async def moment(self, query: QueryParams, name: str = AS_OF) -> Moment | None:
        """Return the moment that the query names; None: it names none.

        Raises:
            InvalidRequest: It is neither a position nor a time.
            NotFound: The log begins later.
            NotYetCome: It lies behind the end of the log, or in the future.
        """
        given = query.get(name) or None
        if given is None:
            return None
        if POSITION.fullmatch(given) and int(given):
            return await self._moments.at_position(int(given))
        wrong: Wrong = []
        time = moment_in(query, name, wrong, WRONG)
        refuse_if(wrong)
        assert time is not None
        return await self._moments.at_time(time)

    @contextlib.asynccontextmanager
    async def opened(
        self, tenant: str, transcription_id: str, names: Collection[str], moments: Sequence[Moment]
    ) -> AsyncIterator[Opened]:
        """Hold what the log had up to the last of these moments, opened for these projections.

        Large ones wait for each other, and are few in memory at once.

        Raises:
            NotFound: It was requested later than one of the moments.
            KeyLost, RecordDamaged: It is there, and cannot be read.
            StoreUnavailable: It cannot be read now.
        """
        in_order = sorted(moments, key=lambda one: one.position)
        history = await self._reader.at(in_order[-1], transcription_id)
        if history.events[0].position > in_order[0].position:
            raise NotFound(NOT_YET_THERE)
        async with self._turns.turn(tenant, history.bytes_about):
            events = await self._reader.opened(history, names)
            yield Opened(events=events, erased_at=history.erased_at)

    async def detail(self, tenant: str, transcription_id: str, moment: Moment) -> bytes:
        """Return what `GET /api/v1/transcripts/{id}` would have answered, as JSON.

        Raises:
            NotFound: It was requested later.
            KeyLost, PayloadDamaged, RecordDamaged: It is there, and cannot be read.
            StoreUnavailable: It cannot be read now.
        """
        async with self.opened(tenant, transcription_id, OF_THE_WHOLE, [moment]) as opened:
            found = await self.renders.run(
                tenant, opened.size, shown, OF_THE_WHOLE, opened.events, self.projections
            )
        if found.row is None:
            raise PayloadDamaged(HELD)
        row = found.row if opened.erased_at is None else stub_of(found.row)
        return orjson.dumps(
            {
                **detail_of(row, found.transcript, None),
                ERASED_AT: opened.erased_at,
                AS_OF: self.told(moment, TRANSCRIPTIONS_VIEW),
            }
        )

    async def page(
        self,
        tenant: str,
        transcription_id: str,
        moment: Moment,
        view: str,
        wanted: Wanted | None,
        after: int,
        limit: int,
    ) -> ItemsPage:
        """Return a page of a view as it would have been; raises as `detail`."""
        async with self.opened(tenant, transcription_id, (view,), [moment]) as opened:
            if opened.erased_at is not None:
                return ItemsPage(items=(), next=None, reason="erased", around=None)
            return await self.renders.run(
                tenant,
                opened.size,
                shown_page,
                view,
                opened.events,
                self.projections,
                after,
                limit,
                wanted,
            )

    async def listed(
        self, tenant: str, moment: Moment, asked: PastQuery, cursors: Cursors
    ) -> Response:
        """Answer with a page of the list.

        A page looks at as many transcriptions as its limit says, and shows those that are wanted;
        raises as `PastList.rows`.
        """
        page = asked.page
        found, last = await self._lists.rows(
            tenant, moment, before=page.after, limit=page.limit, among=asked.among
        )
        wanted = [one for one in found if asked.status in (None, one.row.status)]
        if asked.members:
            fitting = await fitting_of([one.row for one in wanted], frozenset(asked.members))
            ids = {row.id for row in fitting}
            wanted = [one for one in wanted if one.row.id in ids]
        items = [orjson.dumps({**status_of(one.row), ERASED_AT: one.erased_at}) for one in wanted]
        told = orjson.dumps({AS_OF: self.told(moment, TRANSCRIPTIONS_VIEW)})
        following = None if last is None else cursors.of_number(last)
        return page_answer(items, following, around=told)

    async def narrowed(self, query: QueryParams, among: Narrowed) -> tuple[Narrowed, bytes | None]:
        """Return it narrowed to results that were there at the moment, and what is told of that.

        Without a moment it is as before, and nothing is told; raises as `moment`.
        """
        moment = await self.moment(query)
        if moment is None:
            return among, None
        told = self.told(moment, SEARCH, SEARCH_VERSION)
        return replace(among, known_until=moment.position), orjson.dumps({AS_OF: told})

    def told(
        self, moment: Moment, projection: str, version: int | None = None
    ) -> dict[str, object]:
        """Return what an answer says of its moment, and of the projection that read it."""
        return {
            "position": moment.position,
            "time": moment.time,
            "projection": projection,
            "version": version or self.projections[projection].version,
        }

    def headers(self, moment: Moment, projection: str) -> dict[str, str]:
        """Return the same as a header, for formats that have no place for it."""
        told = self.told(moment, projection)
        return {HEADER: f"position={told['position']}, version={told['version']}"}
