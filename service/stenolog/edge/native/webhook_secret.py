"""Make and remove the secret that signs a tenant's webhooks; show the keys that verify `v1a`."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.clock import NowMs, rfc3339
from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.bodies import whole_body
from stenolog.edge.http.correlation import correlation_of
from stenolog.edge.http.unknown_names import refuse_unknown, refuse_unknown_query
from stenolog.endpoints.secret_state import OVERLAP_MS_DEFAULT, OVERLAP_MS_MAX, SecretState
from stenolog.endpoints.signatures import public_text, read_secret, secret_text
from stenolog.endpoints.tenant_keys import TenantKeys
from stenolog.endpoints.webhook_secrets import WebhookSecrets
from stenolog.errors import InvalidRequest
from stenolog.log.recorder import Cause
from stenolog.wire.strict_json import parse_object

BODY_BYTES_MAX = 4 * 1024
MEMBERS = ("secret", "overlap_ms", "asymmetric")
ID_CHARS = 36
WRONG_OVERLAP = f"must be an integer from 0 to {OVERLAP_MS_MAX}"


class WebhookSecret:
    """Shows a secret in the answer that made it, and never again."""

    def __init__(self, secrets: WebhookSecrets, keys: TenantKeys, now_ms: NowMs) -> None:
        self._secrets = secrets
        self._keys = keys
        self._now_ms = now_ms

    async def put(self, request: Request, caller: ApiKey) -> Response:
        """Make a secret, or take the caller's; the one before signs beside it for a while."""
        async with whole_body(request, bytes_max=BODY_BYTES_MAX) as body:
            given = parse_object(body, bytes_max=BODY_BYTES_MAX) if body else {}
        refuse_unknown(given, MEMBERS, "member")
        before = await self._secrets.state(caller.tenant)
        overlap_ms, asymmetric = rotation_of(given, before.asymmetric)
        secret = await self._secrets.rotate(
            _cause(request, caller),
            overlap_ms=overlap_ms,
            asymmetric=asymmetric,
            given=secret_of(given),
        )
        shown = await self._shown(caller.tenant)
        return _answer({**shown, "secret": secret_text(secret)})

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with what is known of the secrets that sign now, without them."""
        return _answer(await self._shown(caller.tenant))

    async def delete(self, request: Request, caller: ApiKey) -> Response:
        """Sign no more, and destroy the secrets; without any nothing is changed."""
        await self._secrets.remove(_cause(request, caller))
        return Response(status_code=204)

    async def keys(self, request: Request) -> Response:
        """Answer with the public keys for `v1a`, each with the tenant that it belongs to."""
        refuse_unknown_query(request.query_params, ("tenant",))
        tenant = request.query_params.get("tenant") or None
        if tenant is not None and len(tenant) > ID_CHARS:
            raise InvalidRequest(
                "tenant is too long", [("tenant", "is the id in an event's source")]
            )
        found = await self._keys.public(tenant)
        keys = [{"tenant": one, "key": public_text(key)} for one, key in found.items()]
        return Response(orjson.dumps({"keys": keys}), media_type="application/json")

    async def _shown(self, tenant: str) -> Mapping[str, object]:
        state = await self._secrets.state(tenant)
        return await shown_secrets(self._keys, state, tenant, self._now_ms())


async def shown_secrets(
    keys: TenantKeys, state: SecretState, tenant: str, now_ms: int
) -> Mapping[str, object]:
    """Return what is shown of secrets: since when each signs, and until when; the newest first."""
    key = (await keys.key(tenant)).public if state.asymmetric else None
    return {
        "secrets": [
            {
                "number": one.number,
                "made_at": one.made_at,
                "signs_until": None if one.until_ms is None else rfc3339(one.until_ms * 1000),
            }
            for one in state.signing(now_ms)
        ],
        "asymmetric": state.asymmetric,
        "public_key": None if key is None else public_text(key),
    }


def rotation_of(given: Mapping[str, object], asymmetric: bool) -> tuple[int, bool]:
    """Read for how long the secret before signs on, and whether `v1a` is made as well.

    Raises:
        InvalidRequest: One is of another type, or out of bounds.
    """
    overlap_ms = given.get("overlap_ms", OVERLAP_MS_DEFAULT)
    if type(overlap_ms) is not int or not 0 <= overlap_ms <= OVERLAP_MS_MAX:
        raise InvalidRequest(f"overlap_ms {WRONG_OVERLAP}", [("overlap_ms", WRONG_OVERLAP)])
    wanted = given.get("asymmetric", asymmetric)
    if not isinstance(wanted, bool):
        problem = "must be true or false"
        raise InvalidRequest(f"asymmetric {problem}", [("asymmetric", problem)])
    return overlap_ms, wanted


def secret_of(given: Mapping[str, object]) -> bytes | None:
    """Read the secret that a customer brings; None: we make one.

    Raises:
        InvalidRequest: It is none.
    """
    text = given.get("secret")
    return None if text is None else read_secret(text if isinstance(text, str) else "")


def _cause(request: Request, caller: ApiKey) -> Cause:
    return Cause(
        tenant=caller.tenant, actor=caller.id, correlation_id=correlation_of(request.scope)
    )


def _answer(shown: Mapping[str, object]) -> Response:
    return Response(
        orjson.dumps(shown), headers={"Cache-Control": "no-store"}, media_type="application/json"
    )
