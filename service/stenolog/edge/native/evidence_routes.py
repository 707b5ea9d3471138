"""List the paths of what proves the log, and of who has read what; and their ports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from starlette.routing import Route

from stenolog.edge.http.cache_headers import revalidated
from stenolog.edge.http.resource import Guarded, Open, in_path
from stenolog.edge.native.accesses import QUERY as ACCESS_QUERY
from stenolog.edge.native.accesses import AccessList
from stenolog.edge.native.evidence import LogEvidence
from stenolog.edge.native.proof import QUERY, Proof, TranscriptProofs
from stenolog.edge.ports import Evidence
from stenolog.edge.transcriptions.reading import Reading

KEY_PATH = "/.well-known/stenolog-log-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePorts:
    """What proves that the log is what it was.

    Attributes:
        seal: Has the log commit to where its streams end, and a tree head cover that.
    """

    evidence: Evidence
    proofs: TranscriptProofs
    seal: Callable[[], Awaitable[object]]


def evidence_routes(
    ports: EvidencePorts,
    accesses: AccessList,
    reading: Reading,
    at: Callable[..., Route],
    prefix: str,
) -> list[Route]:
    """Return them; their one scope is `compliance:read`, which reads no content by itself."""
    evidence = LogEvidence(ports.evidence, ports.seal)
    proof = Proof(reading, ports.proofs)
    proving = partial(Guarded, query=(), scope="compliance:read")
    return [
        at(KEY_PATH, GET=Open(handler=evidence.published_key)),
        at(
            f"{prefix}/log/tree-head",
            GET=proving(handler=revalidated(evidence.tree_head)),
            POST=proving(handler=evidence.sealed_head),
        ),
        at(f"{prefix}/log/verifier-key", GET=proving(handler=revalidated(evidence.verifier_key))),
        at(
            f"{prefix}/log/proof/inclusion",
            GET=proving(handler=revalidated(evidence.inclusion), query=("position", "size")),
        ),
        at(
            f"{prefix}/log/proof/consistency",
            GET=proving(handler=revalidated(evidence.consistency), query=("from", "to")),
        ),
        at(
            f"{prefix}/transcripts/{{id}}/proof",
            GET=proving(handler=proof.get, lookup=in_path(reading.require), query=QUERY),
        ),
        at(f"{prefix}/accesses", GET=proving(handler=accesses.get, query=ACCESS_QUERY)),
    ]
