"""Make, list and revoke API keys under /api/v1/keys; a secret is shown once.

A key can pass on only its own scopes, and only within its own tenant. Keys of the tenant `default`,
the operator's, also make, list and revoke keys of other tenants.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import (
    DEFAULT_TENANT,
    ApiKey,
    ApiKeys,
    checked_name,
    checked_scopes,
)
from stenolog.commands.key_ring import KeyRing
from stenolog.commands.retention import RetentionClasses
from stenolog.commands.routing_defaults import (
    checked_provider,
    checked_providers,
    checked_region,
)
from stenolog.edge.access.authentication import Authenticator
from stenolog.edge.http.bodies import whole_body
from stenolog.edge.http.correlation import correlation_of
from stenolog.edge.http.unknown_names import refuse_unknown
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.paging import after_of, limit_of, page_answer, refuse_if
from stenolog.errors import Forbidden, InvalidRequest, NotFound
from stenolog.log.events.vocabulary import ProviderName, Region
from stenolog.wire.strict_json import parse_object

BODY_BYTES_MAX = 16 * 1024
SCOPES_MAX = 64
FIELDS = (
    "name",
    "tenant",
    "scopes",
    "region",
    "tenant_region",
    "provider",
    "tenant_providers",
    "retention",
    "tenant_retention",
)
UNKNOWN = "There is no such API key"


class Keys:
    """Makes a key durable before it shows it."""

    def __init__(
        self,
        api_keys: ApiKeys,
        ring: KeyRing,
        authenticator: Authenticator,
        regions: Sequence[Region],
        providers: Sequence[ProviderName],
        retention: RetentionClasses,
        cursors: Cursors,
    ) -> None:
        """`regions` and `providers`: those that the gateway offers."""
        self._api_keys = api_keys
        self._ring = ring
        self._authenticator = authenticator
        self._regions = regions
        self._providers = providers
        self._retention = retention
        self._cursors = cursors

    async def post(self, request: Request, caller: ApiKey) -> Response:
        """201 with the key; `key` is its secret, and is never to be had again."""
        async with whole_body(request, bytes_max=BODY_BYTES_MAX) as body:
            given = parse_object(body, bytes_max=BODY_BYTES_MAX)
        # A misspelt `scopes` must not give a key more than was meant.
        refuse_unknown(given, FIELDS, "member")
        name = checked_name("name", _text(given, "name") or "")
        tenant = _text(given, "tenant")
        tenant_name = caller.tenant_name if tenant is None else checked_name("tenant", tenant)
        region = checked_region("region", _text(given, "region"), self._regions)
        of_tenant = checked_region("tenant_region", _text(given, "tenant_region"), self._regions)
        provider = checked_provider("provider", _text(given, "provider"), self._providers)
        providers = checked_providers(
            "tenant_providers", _texts(given, "tenant_providers"), self._providers
        )
        of_all = self._retention_in(given, "tenant_retention")
        scopes = _scopes(given, caller)
        if caller.tenant_name not in (tenant_name, DEFAULT_TENANT):
            raise Forbidden(f"Only a key of tenant {DEFAULT_TENANT} makes keys of other tenants")
        secret, key = await self._ring.create(
            actor=caller.id,
            correlation_id=correlation_of(request.scope),
            tenant=tenant_name,
            name=name,
            scopes=scopes,
            region=region,
            tenant_region=of_tenant,
            provider=provider,
            tenant_providers=providers,
            retention=self._retention_in(given, "retention"),
            tenant_retention=of_all,
        )
        if (
            of_tenant or providers or of_all
        ):  # audio goes there from this answer on, with older keys too
            self._authenticator.forget_tenant(key.tenant)
        return Response(
            orjson.dumps({**_shown(key), "key": secret}),
            status_code=201,
            headers={"Cache-Control": "no-store"},
            media_type="application/json",
        )

    def _retention_in(self, given: dict[str, object], field: str) -> str | None:
        asked = _text(given, field)
        return None if asked is None else self._retention.checked(field, asked)

    async def list(self, request: Request, caller: ApiKey) -> Response:
        """Answer with a page, newest first, without secrets."""
        wrong: list[tuple[str, str]] = []
        limit = limit_of(request.query_params, wrong)
        after = after_of(request.query_params, self._cursors.identifier, wrong) or ""
        refuse_if(wrong)
        of_all = caller.tenant_name == DEFAULT_TENANT
        found = await self._api_keys.api_keys(
            None if of_all else caller.tenant, after=after, limit=limit + 1
        )
        shown = found[:limit]
        following = self._cursors.of_id(shown[-1].id) if len(found) > limit else None
        return page_answer([orjson.dumps(_shown(key)) for key in shown], following)

    async def rotate(self, request: Request, caller: ApiKey) -> Response:
        """201 with a key that may do the same; the old one is revoked, unless `keep` is given."""
        async with whole_body(request, bytes_max=BODY_BYTES_MAX) as body:
            given = parse_object(body, bytes_max=BODY_BYTES_MAX) if body else {}
        refuse_unknown(given, ("keep",), "member")
        keep = given.get("keep", False)
        if not isinstance(keep, bool):
            raise InvalidRequest("keep must be a boolean", [("keep", "must be a boolean")])
        of_all = caller.tenant_name == DEFAULT_TENANT
        rotated = await self._ring.rotate(
            request.path_params["key"],
            None if of_all else caller.tenant,
            actor=caller.id,
            keep=keep,
            may=caller.may,
            correlation_id=correlation_of(request.scope),
        )
        if rotated is None:
            raise NotFound(UNKNOWN)
        secret, made, old = rotated
        self._authenticator.forget(old.prefix)
        return Response(
            orjson.dumps({**_shown(made), "key": secret}),
            status_code=201,
            headers={"Cache-Control": "no-store"},
            media_type="application/json",
        )

    async def delete(self, request: Request, caller: ApiKey) -> Response:
        """Revoke the key, and answer with it; one that was revoked before stays as it is."""
        of_all = caller.tenant_name == DEFAULT_TENANT
        revoked = await self._ring.revoke(
            request.path_params["key"],
            None if of_all else caller.tenant,
            actor=caller.id,
            correlation_id=correlation_of(request.scope),
        )
        if revoked is None:
            raise NotFound(UNKNOWN)
        self._authenticator.forget(revoked.prefix)
        return Response(orjson.dumps(_shown(revoked)), media_type="application/json")


def _shown(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "prefix": key.prefix,
        "tenant": key.tenant_name,
        "name": key.name,
        "scopes": list(key.scopes),
        "region": key.region,
        "tenant_region": key.tenant_region,
        "provider": key.provider,
        "tenant_providers": list(key.tenant_providers),
        "retention": key.retention,
        "tenant_retention": key.tenant_retention,
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }


def _text(given: dict[str, object], field: str) -> str | None:
    value = given.get(field)
    if value is not None and not isinstance(value, str):
        raise InvalidRequest(f"{field} must be a string", [(field, "must be a string")])
    return value


def _texts(given: dict[str, object], field: str) -> list[str]:
    names = given.get(field)
    texts = [one for one in names if isinstance(one, str)] if isinstance(names, list) else []
    if names is not None and not (isinstance(names, list) and len(texts) == len(names)):
        raise InvalidRequest(f"{field} must be a list", [(field, "must be a list of names")])
    return texts


def _scopes(given: dict[str, object], caller: ApiKey) -> tuple[str, ...]:
    asked = given.get("scopes")
    names = [] if asked is None else asked
    if not isinstance(names, list) or len(names) > SCOPES_MAX:
        raise InvalidRequest("scopes must be a list", [("scopes", "must be a list of names")])
    scopes = checked_scopes(tuple(str(name) for name in names))
    beyond = [scope for scope in scopes if not caller.may(scope)]
    if beyond:
        raise Forbidden(f"A key cannot give a scope that it does not have: {', '.join(beyond)}")
    return scopes
