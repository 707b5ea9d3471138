"""Rotate the gateway's own secrets under /api/v1/secrets; only the operator's keys may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import DEFAULT_TENANT, ApiKey
from stenolog.edge.native.paging import page_answer
from stenolog.errors import Forbidden

OPERATORS_ALONE = f"Only a key of tenant {DEFAULT_TENANT} may see or rotate the gateway's secrets"


class RotateSecrets(Protocol):
    """Rotates the gateway's own secrets; `bootstrap/rotating` keeps this promise."""

    async def rotate(self, name: str, actor: str, /) -> Mapping[str, object]:
        """Rotate the secret of this name, durably; return how it stands.

        Raises:
            NotFound: There is none of this name.
            InvalidRequest: It cannot be rotated here; the message says what to do.
            CannotStart: The new one cannot be stored; `StoreUnavailable`: the same.
        """
        ...

    async def all(self) -> Sequence[Mapping[str, object]]:
        """Return how each secret stands."""
        ...


class Secrets:
    """Shows which secrets there are, never what they are."""

    def __init__(self, rotation: RotateSecrets) -> None:
        self._rotation = rotation

    async def list(self, request: Request, caller: ApiKey) -> Response:
        """Answer with all of them."""
        _refuse_others(caller)
        return page_answer([orjson.dumps(one) for one in await self._rotation.all()], None)

    async def rotate(self, request: Request, caller: ApiKey) -> Response:
        """Answer with the secret as it stands: the new one is in use, the old one still holds."""
        _refuse_others(caller)
        said = await self._rotation.rotate(request.path_params["secret"], caller.id)
        return Response(orjson.dumps(said), media_type="application/json")


def _refuse_others(caller: ApiKey) -> None:
    if caller.tenant_name != DEFAULT_TENANT:
        raise Forbidden(OPERATORS_ALONE)
