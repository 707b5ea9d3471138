"""List the paths of the event feed, and the ports that they need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from starlette.routing import Route

from stenolog.edge.http.cache_headers import revalidated
from stenolog.edge.http.resource import Admission, Guarded
from stenolog.edge.http.surface import route
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.feed import Feed
from stenolog.edge.native.feed_query import QUERY, FeedQueries
from stenolog.feed.news import News
from stenolog.feed.pages import PublicEvents
from stenolog.log.format import LogIdentity
from stenolog.log.store import EventStore


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPorts:
    """What the event feed needs.

    Attributes:
        public_url: Where the gateway is reached, without a slash at the end: links and sources of
            events begin with it.
    """

    log: EventStore
    events: PublicEvents
    news: News
    public_url: str


def feed_routes(
    ports: FeedPorts, identity: LogIdentity, admission: Admission, prefix: str
) -> Sequence[Route]:
    """Return the paths."""
    cursors = Cursors(identity)
    feed = Feed(
        ports.events,
        ports.news,
        FeedQueries(ports.log, identity, cursors),
        cursors,
        admission.authenticator.caller,
        ports.public_url,
    )
    at = partial(route, admission, admission.problem)
    told = partial(Guarded, scope="events:read")
    types = f"{prefix}/event-types"
    return [
        at(f"{prefix}/events", GET=told(handler=feed.get, query=QUERY, waits=True)),
        at(types, GET=told(handler=revalidated(feed.types), query=())),
        at(f"{types}/{{type}}/{{shape}}", GET=told(handler=revalidated(feed.schema), query=())),
    ]
