"""List the paths that tell of one transcription's past."""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import Route

from stenolog.edge.http.cache_headers import revalidated
from stenolog.edge.http.resource import Guarded
from stenolog.edge.native.diff import QUERY as DIFF_QUERY
from stenolog.edge.native.diff import Differences
from stenolog.edge.native.paging import PAGE
from stenolog.edge.native.story import Stories


def past_routes(
    differences: Differences,
    stories: Stories,
    at: Callable[..., Route],
    reading_one: Callable[..., Guarded],
    one: str,
) -> list[Route]:
    """Return the routes below the path of `one` transcription."""
    return [
        at(
            f"{one}/diff",
            GET=reading_one(handler=revalidated(differences.get), query=DIFF_QUERY),
        ),
        at(f"{one}/story", GET=reading_one(handler=revalidated(stories.get), query=PAGE)),
    ]
