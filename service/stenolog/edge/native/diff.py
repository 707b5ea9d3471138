"""Answer /api/v1/transcripts/{id}/diff: what changed between two moments, view by view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.content_reads import shows_content
from stenolog.edge.native.as_of import ERASED_AT, HELD, Past
from stenolog.edge.native.paging import limit_of, refuse_if
from stenolog.edge.native.status import detail_of
from stenolog.edge.transcriptions.reading import Reading
from stenolog.errors import InvalidRequest, KeyMissing, PayloadDamaged
from stenolog.projections.of.lists import ITEM_VIEWS
from stenolog.projections.pages import ITEMS_PER_PAGE_MAX
from stenolog.projections.past.differences import ViewDifference, difference, members_changed
from stenolog.projections.past.listing import stub_of
from stenolog.projections.past.moments import Moment
from stenolog.projections.past.shown import OF_THE_WHOLE, Shown, ShownView, shown
from stenolog.projections.projection import Projection
from stenolog.projections.run.registry import OpenedEvent
from stenolog.projections.views import ViewReader

QUERY = ("from", "to", "view", "limit")
SHOWN_BYTES_MAX = 32 << 20  # of the items that the views hold now; more are compared view by view
TOO_LONG = "must name one view: all of them together are too long to be compared at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two things that are compared: what is shown now, or events to be projected.

    Attributes:
        told: What the answer says of it.
        versions: Of the projections that made it, by name.
    """

    told: Mapping[str, object]
    versions: Mapping[str, int | None]
    events: Sequence[OpenedEvent] = ()
    now: Shown | None = None


class Differences:
    """Compares two moments; without `from`, what the views show now with what they would be made.

    So a mapping of today can be tried on a stored answer, and no provider is asked.
    """

    def __init__(self, reading: Reading, views: ViewReader, past: Past) -> None:
        self._reading = reading
        self._views = views
        self._past = past

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with what changed; views that are the same are left out."""
        query, transcription_id = request.query_params, request.path_params["id"]
        wrong: list[tuple[str, str]] = []
        limit = limit_of(query, wrong)
        view = query.get("view") or None
        if view is not None and view not in ITEM_VIEWS:
            wrong.append(("view", f"must be one of: {', '.join(ITEM_VIEWS)}"))
        refuse_if(wrong)
        await self._reading.require(caller.tenant, transcription_id)
        names = ITEM_VIEWS if view is None else (view,)
        since = await self._past.moment(query, "from")
        until = await self._past.moment(query, "to") or await self._past.now()
        body = await self._compared(caller.tenant, transcription_id, names, since, until, limit)
        shows_content(request, "diff", transcription_id)
        return Response(body, media_type="application/json")

    async def _compared(
        self,
        tenant: str,
        transcription_id: str,
        views: Sequence[str],
        since: Moment | None,
        until: Moment,
        limit: int,
    ) -> bytes:
        names = (*OF_THE_WHOLE, *views)
        moments = [until] if since is None else [since, until]
        async with self._past.opened(tenant, transcription_id, names, moments) as opened:
            sides = [
                Side(
                    told={"position": moment.position, "time": moment.time},
                    versions=self._past.versions,
                    events=[one for one in opened.events if one.event.position <= moment.position],
                )
                for moment in moments
            ]
            size = opened.size
            if since is None:
                before = await self._shown_now(transcription_id, names)
                size += sum(map(_bytes_of, before.now.views.values() if before.now else ()))
                sides = [before, *sides]
            return await self._past.renders.run(
                tenant,
                size * len(sides),
                compared,
                sides,
                names,
                self._past.projections,
                opened.erased_at,
                limit,
            )

    async def _shown_now(self, transcription_id: str, names: Sequence[str]) -> Side:
        row = await self._reading.found(transcription_id)
        views: dict[str, ShownView] = {}
        left = SHOWN_BYTES_MAX
        try:
            for name in names[len(OF_THE_WHOLE) :]:
                views[name] = await self._whole(transcription_id, name, left)
                left -= _bytes_of(views[name])
        except KeyMissing:  # erased meanwhile
            views = {name: ShownView(reason="erased") for name in names[len(OF_THE_WHOLE) :]}
        versions = {one.name: one.version for one in await self._views.projections()}
        return Side(
            told={"position": row.position, "time": None},
            versions=versions,
            now=Shown(
                row=row, transcript=await self._views.transcript(transcription_id), views=views
            ),
        )

    async def _whole(self, transcription_id: str, name: str, bytes_max: int) -> ShownView:
        lines: list[bytes] = []
        after: int | None = 0
        while after is not None:
            page = await self._views.items(
                transcription_id, name, after=after, limit=ITEMS_PER_PAGE_MAX
            )
            lines += page.items
            bytes_max -= sum(map(len, page.items))
            if bytes_max < 0:
                raise InvalidRequest(f"view {TOO_LONG}", [("view", TOO_LONG)])
            after = page.next
        return ShownView(lines=tuple(lines), reason=page.reason, around=page.around)


def compared(
    sides: Sequence[Side],
    names: Sequence[str],
    projections: Mapping[str, Projection],
    erased_at: str | None,
    limit: int,
) -> bytes:
    """Return the answer of two sides, as JSON; pure.

    Raises:
        PayloadDamaged: The events of one cannot be projected.
    """
    before, after = (
        _erased(side.now or shown(names, side.events, projections), erased_at) for side in sides
    )
    if before.row is None or after.row is None:
        raise PayloadDamaged(HELD)
    status = members_changed(
        detail_of(before.row, before.transcript, None), detail_of(after.row, after.transcript, None)
    )
    views = {name: difference(before.views[name], view) for name, view in after.views.items()}
    return orjson.dumps(
        {
            "from": sides[0].told,
            "to": sides[1].told,
            ERASED_AT: erased_at,
            "changed": [{"member": name, "from": was, "to": now} for name, was, now in status],
            "views": [
                {
                    "view": name,
                    "versions": {
                        "from": sides[0].versions.get(name),
                        "to": sides[1].versions.get(name),
                    },
                    **_told(one, limit),
                }
                for name, one in views.items()
                if one.any
            ],
        }
    )


def _erased(found: Shown, erased_at: str | None) -> Shown:
    if erased_at is None or found.row is None:
        return found
    views = {name: ShownView(reason="erased") for name in found.views}
    return Shown(row=stub_of(found.row), transcript=None, views=views)


def _told(one: ViewDifference, limit: int) -> dict[str, object]:
    told: dict[str, object] = {
        "reason": {"from": one.before.reason, "to": one.after.reason},
        "counts": {
            "added": len(one.added),
            "removed": len(one.removed),
            "changed": len(one.changed),
        },
        "added": [orjson.Fragment(line) for line in one.added[:limit]],
        "removed": [orjson.Fragment(line) for line in one.removed[:limit]],
        "changed": [
            {"from": orjson.Fragment(was), "to": orjson.Fragment(now)}
            for was, now in one.changed[:limit]
        ],
    }
    if one.before.around != one.after.around:
        told["around"] = {
            "from": orjson.Fragment(one.before.around or b"null"),
            "to": orjson.Fragment(one.after.around or b"null"),
        }
    return told


def _bytes_of(view: ShownView) -> int:
    return sum(map(len, view.lines))
