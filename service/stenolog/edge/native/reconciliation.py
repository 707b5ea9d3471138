"""Answer /api/v1/reconciliation: how far we agree with the providers; compare now on request."""

from __future__ import annotations

from typing import get_args

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.clock import microseconds
from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.bodies import whole_body
from stenolog.edge.http.unknown_names import refuse_unknown
from stenolog.edge.loops import Reconciling
from stenolog.errors import InvalidRequest
from stenolog.log.events.vocabulary import ProviderName
from stenolog.wire.strict_json import parse_object

BODY_BYTES_MAX = 1_024
MEMBERS = ("provider", "since", "dry_run")


class Reconciliation:
    """For operators: providers hold all tenants together, and these answers name none of them."""

    def __init__(self, reconciling: Reconciling) -> None:
        self._reconciling = reconciling

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with what there is to do, and what was done last at each provider."""
        return _json(orjson.Fragment(await self._reconciling.standing()))

    async def post(self, request: Request, caller: ApiKey) -> Response:
        """Compare every job that runs with its provider's list, and ask for those that are missing.

        Answers with one item for each provider and region.
        """
        async with whole_body(request, bytes_max=BODY_BYTES_MAX) as body:
            asked = parse_object(body, bytes_max=BODY_BYTES_MAX) if body.strip() else {}
        refuse_unknown(asked, MEMBERS, "member")
        items = await self._reconciling.compare(
            provider=_provider(asked.get("provider")),
            since_ms=_since_ms(asked.get("since")),
            dry_run=_dry_run(asked.get("dry_run", False)),
        )
        return _json({"items": orjson.Fragment(items), "next": None})


def _provider(asked: object) -> str | None:
    if asked is None:
        return None
    known: tuple[str, ...] = get_args(ProviderName)
    if isinstance(asked, str) and asked in known:
        return asked
    raise _wrong("provider", f"must be one of {', '.join(known)}")


def _since_ms(asked: object) -> int:
    if asked is None:
        return 0
    try:
        if isinstance(asked, str):
            return microseconds(asked) // 1_000
    except (ValueError, OverflowError):
        pass
    raise _wrong("since", "must be a time with a zone, such as 2026-11-30T08:00:00Z")


def _dry_run(asked: object) -> bool:
    if isinstance(asked, bool):
        return asked
    raise _wrong("dry_run", "must be true or false")


def _wrong(member: str, problem: str) -> InvalidRequest:
    return InvalidRequest(f"{member} {problem}", [(member, problem)])


def _json(answer: object) -> Response:
    return Response(orjson.dumps(answer), media_type="application/json")
