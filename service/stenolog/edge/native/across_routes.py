"""List the paths of questions across transcripts: search, and counts of what was found."""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import Route

from stenolog.edge.http.cache_headers import revalidated
from stenolog.edge.http.resource import Guarded
from stenolog.edge.native.across import LISTS, Counted
from stenolog.edge.native.as_of import Past
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.search import QUERY, Searching
from stenolog.projections.search.index import SearchReader


def across_routes(
    index: SearchReader,
    cursors: Cursors,
    past: Past,
    at: Callable[..., Route],
    reading: Callable[..., Guarded],
    prefix: str,
) -> list[Route]:
    """Return the routes below `prefix`."""
    searching = Searching(index, cursors, past)
    return [
        at(f"{prefix}/search", GET=reading(handler=revalidated(searching.get), query=QUERY)),
        *(
            at(
                f"{prefix}/{name}",
                GET=reading(
                    handler=revalidated(Counted(across, index, cursors, past).get),
                    query=across.query,
                ),
            )
            for name, across in LISTS.items()
        ),
    ]
