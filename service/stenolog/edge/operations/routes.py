"""List the paths of probes and metrics, and the ports that they need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from stenolog.edge.http.resource import Admission, Open
from stenolog.edge.http.surface import Surface, route
from stenolog.edge.operations.probes import Operations
from stenolog.edge.ports import EdgeMetrics, Readiness


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationsPorts:
    """What probes and metrics need.

    Attributes:
        readiness: Whether the stores answer and the loops go on; answers within a second.
    """

    readiness: Callable[[], Awaitable[Readiness]]
    metrics: EdgeMetrics


def surface(ports: OperationsPorts, admission: Admission) -> Surface:
    """`/healthz`, `/readyz` and `/metrics`."""
    operations = Operations(ports.readiness, ports.metrics, admission.authenticator)
    at = partial(route, admission, admission.problem)
    return Surface(
        routes=[
            at("/healthz", GET=Open(handler=operations.healthz)),
            at("/readyz", GET=Open(handler=operations.readyz)),
            at("/metrics", GET=Open(handler=operations.metrics)),
        ]
    )
