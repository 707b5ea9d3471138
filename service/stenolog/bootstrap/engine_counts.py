"""Ask the embedded engine how much it has to do; for metrics only."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from stenolog.egress.client import Egress
from stenolog.errors import EgressFailed, ForbiddenAddress
from stenolog.providers.connection import ServiceAddress

TIMEOUT_MS = 1_000
ERRORS_FROM = 300
ANSWER_BYTES_MAX = 64 << 10
Counts = Mapping[str, Mapping[str, int]]
ANSWER: TypeAdapter[dict[str, dict[str, int]]] = TypeAdapter(dict[str, dict[str, int]])


async def engine_counts(egress: Egress, address: ServiceAddress | None) -> Counts | None:
    """Return the engine's numbers, within a second; None: it does not run, or does not answer.

    `egress` may reach this machine; `address` is None while no engine runs.
    """
    if address is None:
        return None
    try:
        answer = await egress.request(
            "GET",
            f"{address.base_url}/counts",
            headers=[("authorization", address.api_key)],
            timeout_ms=TIMEOUT_MS,
            answer_bytes_max=ANSWER_BYTES_MAX,
        )
        return ANSWER.validate_json(answer.body) if answer.status < ERRORS_FROM else None
    except (EgressFailed, ForbiddenAddress, ValidationError):
        return None
