"""Have the views and the search index listed, and built again, as one."""

from __future__ import annotations

from stenolog.projections.pages import ProjectionStatus
from stenolog.projections.run.projector import ALL_PROJECTIONS, Projector
from stenolog.projections.search.index import SEARCH
from stenolog.projections.search.indexer import Indexer
from stenolog.projections.views import ViewReader


class AllProjections:
    """Keeps the promises of the edge's `Rebuild` and `Statuses`."""

    def __init__(self, projector: Projector, views: ViewReader, indexer: Indexer) -> None:
        self._projector = projector
        self._views = views
        self._indexer = indexer

    async def statuses(self) -> tuple[ProjectionStatus, ...]:
        """Return how far each is, in order of name.

        Raises:
            StoreUnavailable: The views or the index cannot be read.
        """
        found = (*await self._views.projections(), await self._indexer.status())
        return tuple(sorted(found, key=lambda one: one.name))

    async def rebuild(self, name: str) -> tuple[str, ...]:
        """Begin to build one again, or `all`; return their names.

        Raises:
            NotFound: There is no such projection.
            StoreUnavailable: It may or may not have begun; ask again.
        """
        if name == SEARCH:
            return await self._indexer.rebuild()
        names = await self._projector.rebuild(name)
        if name == ALL_PROJECTIONS:
            names += await self._indexer.rebuild()
        return names

    async def catch_up(self) -> None:
        """Bring all of the log into all of them, where no loop runs.

        Raises:
            StoreUnavailable: A store failed; call again to go on from there.
        """
        await self._projector.catch_up()
        await self._indexer.catch_up()
