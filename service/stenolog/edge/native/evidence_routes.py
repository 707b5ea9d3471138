"""List the paths of what proves the log, and of who has read what."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from starlette.routing import Route

from stenolog.edge.http.cache_headers import revalidated
from stenolog.edge.http.resource import Guarded
from stenolog.edge.native.accesses import QUERY, AccessList
from stenolog.edge.native.evidence import LogEvidence


def evidence_routes(
    evidence: LogEvidence, accesses: AccessList, at: Callable[..., Route], prefix: str
) -> list[Route]:
    """Return them; their one scope is `compliance:read`, which reads no content."""
    proving = partial(Guarded, query=(), scope="compliance:read")
    return [
        at(f"{prefix}/log/tree-head", GET=proving(handler=revalidated(evidence.tree_head))),
        at(f"{prefix}/log/verifier-key", GET=proving(handler=revalidated(evidence.verifier_key))),
        at(
            f"{prefix}/log/proof/inclusion",
            GET=proving(handler=revalidated(evidence.inclusion), query=("position", "size")),
        ),
        at(
            f"{prefix}/log/proof/consistency",
            GET=proving(handler=revalidated(evidence.consistency), query=("from", "to")),
        ),
        at(f"{prefix}/accesses", GET=proving(handler=accesses.get, query=QUERY)),
    ]
