"""List the paths of one transcription's views."""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import Route

from stenolog.edge.http.cache_headers import revalidated
from stenolog.edge.http.resource import Guarded
from stenolog.edge.native.items import Items
from stenolog.edge.native.view_query import query_names
from stenolog.projections.of.lists import ITEM_VIEWS


def view_routes(
    items: Callable[[str], Items],
    at: Callable[..., Route],
    reading_one: Callable[..., Guarded],
    one: str,
) -> list[Route]:
    """Return the routes of all views, below the path of `one` transcription."""
    return [
        at(
            f"{one}/{view}",
            GET=reading_one(handler=revalidated(items(view).get), query=query_names(view)),
        )
        for view in ITEM_VIEWS
    ]
