"""List the paths of the event feed, and the ports that they need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from starlette.routing import Route

from stenolog.clock import NowMs
from stenolog.edge.http.cache_headers import revalidated
from stenolog.edge.http.resource import Admission, Guarded, Open
from stenolog.edge.http.surface import route
from stenolog.edge.native.consumers import LIST_QUERY, UNREAD_QUERY, NamedConsumers
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.feed import Feed
from stenolog.edge.native.feed_query import QUERY, FeedQueries
from stenolog.edge.native.told_events import INCLUDE, ToldEvents
from stenolog.edge.transcriptions.reading import Reading
from stenolog.feed.consumers.books import ConsumerBooks
from stenolog.feed.consumers.consuming import Consuming
from stenolog.feed.consumers.lagging import Lags
from stenolog.feed.consumers.standing import Standing
from stenolog.feed.news import News
from stenolog.feed.pages import PublicEvents
from stenolog.log.format import LogIdentity
from stenolog.log.store import EventStore
from stenolog.projections.views import ViewReader


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPorts:
    """What the event feed needs.

    Attributes:
        public_url: Where the gateway is reached, without a slash at the end: links and sources of
            events begin with it.
    """

    log: EventStore
    events: PublicEvents
    books: ConsumerBooks
    views: ViewReader
    news: News
    public_url: str
    now_ms: NowMs


def feed_routes(
    ports: FeedPorts, reading: Reading, identity: LogIdentity, admission: Admission, prefix: str
) -> Sequence[Route]:
    """Return the paths."""
    told = ToldEvents(reading, ports.views, admission.reads, ports.public_url)
    cursors = Cursors(identity)
    feed = Feed(
        ports.events,
        ports.news,
        FeedQueries(ports.log, identity, cursors),
        cursors,
        admission.authenticator.caller,
        told,
        ports.public_url,
    )
    at = partial(route, admission, admission.problem)
    telling = partial(Guarded, scope="events:read")
    types = f"{prefix}/event-types"
    return [
        at(f"{prefix}/events", GET=telling(handler=feed.get, query=QUERY, waits=True)),
        at(types, GET=telling(handler=revalidated(feed.types), query=())),
        at(f"{types}/{{type}}/{{shape}}", GET=telling(handler=revalidated(feed.schema), query=())),
        at("/asyncapi.json", GET=Open(handler=feed.asyncapi)),
        *_consumers(ports, told, identity, admission, f"{prefix}/consumers"),
    ]


def _consumers(
    ports: FeedPorts, told: ToldEvents, identity: LogIdentity, admission: Admission, path: str
) -> Sequence[Route]:
    """Named consumers; whoever may read events keeps places in them."""
    standing = Standing(ports.log, identity, ports.books, ports.news)
    consumers = NamedConsumers(
        standing,
        Consuming(standing, ports.events, ports.books, ports.news, ports.now_ms),
        ports.books,
        Lags(ports.events, ports.books, ports.news, ports.now_ms),
        admission.authenticator.caller,
        ports.now_ms,
        told,
    )
    at = partial(route, admission, admission.problem)
    reading = partial(Guarded, scope="events:read", query=())
    one = f"{path}/{{consumer}}"
    return [
        at(path, GET=reading(handler=consumers.list, query=LIST_QUERY)),
        at(
            one,
            GET=reading(handler=consumers.get),
            PUT=reading(handler=consumers.put),
            DELETE=reading(handler=consumers.delete),
        ),
        at(f"{one}/events", GET=reading(handler=consumers.unread, query=UNREAD_QUERY, waits=True)),
        at(f"{one}/claim", POST=reading(handler=consumers.claim, query=(INCLUDE,), waits=True)),
        at(f"{one}/ack", POST=reading(handler=consumers.acknowledge)),
        at(f"{one}/release", POST=reading(handler=consumers.release)),
        at(f"{one}/reset", POST=reading(handler=consumers.reset)),
    ]
