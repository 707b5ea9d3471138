"""Pages of a tenant's public events, against the list of all that was appended."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from stenolog.feed.pages import FeedPage, FeedQuery
from stenolog.feed.types import PUBLIC_TYPES
from stenolog.log.event import Event
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.log_samples import OTHER_TENANT, PRIVATE, TENANT, new_event

TYPES = sorted(name.removeprefix("stenolog.") for name in PUBLIC_TYPES)
LATER = [name for name in TYPES if name != "transcription.requested"]
Appends = Sequence[tuple[str, str]]
Query = tuple[str, int, int, set[str] | None, int]
APPENDS = st.lists(
    st.tuples(st.sampled_from((TENANT, OTHER_TENANT)), st.sampled_from((PRIVATE, *LATER))),
    max_size=40,
)


def expected(events: Sequence[Event], query: FeedQuery) -> FeedPage:
    """The same, from the whole list."""
    wanted = [
        event
        for event in events
        if event.tenant == query.tenant
        and event.sequence
        and (query.types is None or event.type in query.types)
    ]
    behind = [one for one in wanted if query.after < one.position <= query.until]
    page = behind[: query.limit]
    before = [one.sequence for one in wanted if one.position <= query.after]
    more = len(behind) > query.limit
    return FeedPage(
        events=page,
        previous=max(before, default=0),
        position=page[-1].position if more else max(query.after, query.until),
        more=more,
    )


@settings(max_examples=15)
@given(
    appends=APPENDS,
    queries=st.lists(
        st.tuples(
            st.sampled_from((TENANT, OTHER_TENANT, "nobody")),
            st.integers(0, 50),
            st.integers(0, 50),
            st.one_of(st.none(), st.sets(st.sampled_from(TYPES), min_size=1)),
            st.integers(1, 9),
        ),
        min_size=12,
        max_size=12,
    ),
)
def test_a_page_is_what_the_list_says(appends: Appends, queries: Sequence[Query]) -> None:
    async def look() -> None:
        with TemporaryDirectory() as directory:
            log = await SqliteLog.open(Path(directory) / "log.db")
            try:
                for tenant in (TENANT, OTHER_TENANT):
                    opening = new_event("transcription.requested", tenant=tenant)
                    await log.append(f"transcription-{tenant}", [opening])
                for tenant, name in appends:
                    await log.append(f"transcription-{tenant}", [new_event(name, tenant=tenant)])
                events = await log.read()
                for tenant, after, until, types, limit in queries:
                    query = FeedQuery(
                        tenant=tenant,
                        after=after,
                        until=min(until, len(events)),
                        types=None if types is None else frozenset(types),
                        limit=limit,
                    )
                    assert await log.public_events.public(query) == expected(events, query)
            finally:
                await log.close()

    asyncio.run(look())
