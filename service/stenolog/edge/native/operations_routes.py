"""List the paths of what operators ask for, whose one scope is `ops:read`.

A rebuild changes no fact, and a comparison finds out what has become one elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from starlette.routing import Route

from stenolog.edge.http.resource import Guarded
from stenolog.edge.loops import Rebuild, Reconciling
from stenolog.edge.native.projections import Projections
from stenolog.edge.native.reconciliation import Reconciliation
from stenolog.edge.ports import ProjectionStatuses


def operations_routes(
    statuses: ProjectionStatuses,
    rebuild: Rebuild,
    reconciling: Reconciling,
    at: Callable[..., Route],
    prefix: str,
) -> Sequence[Route]:
    """Return the paths."""
    operating = partial(Guarded, query=(), scope="ops:read")
    projections, reconciliation = Projections(statuses, rebuild), Reconciliation(reconciling)
    return [
        at(f"{prefix}/projections", GET=operating(handler=projections.get)),
        at(f"{prefix}/projections/{{name}}/rebuild", POST=operating(handler=projections.rebuild)),
        at(
            f"{prefix}/reconciliation",
            GET=operating(handler=reconciliation.get),
            POST=operating(handler=reconciliation.post),
        ),
    ]
