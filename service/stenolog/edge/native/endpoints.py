"""Answer /api/v1/endpoints: customers' addresses to which events are pushed."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stenolog.clock import NowMs, microseconds, rfc3339
from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.correlation import correlation_of
from stenolog.edge.loops import Pushing
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.endpoint_bodies import (
    changing,
    creating,
    recovering,
    replaying,
    rotating,
)
from stenolog.edge.native.paging import after_of, limit_of, page_answer, refuse_if
from stenolog.edge.native.webhook_secret import shown_secrets
from stenolog.edge.transcriptions.webhook_address import RefusedHost
from stenolog.endpoints.deciding import EndpointDecisions
from stenolog.endpoints.registry import Endpoints
from stenolog.endpoints.signatures import secret_text
from stenolog.endpoints.state import Endpoint
from stenolog.endpoints.tenant_keys import TenantKeys
from stenolog.feed.consumers.places import Place, position_of
from stenolog.log.format import LogIdentity
from stenolog.log.recorder import Cause
from stenolog.log.store import EventStore


class EndpointResource:
    """Decides on what the log says; what runs beside it is asked for figures alone."""

    def __init__(
        self,
        registry: Endpoints,
        decisions: EndpointDecisions,
        keys: TenantKeys,
        pushing: Pushing,
        store: EventStore,
        identity: LogIdentity,
        refused_host: RefusedHost,
        now_ms: NowMs,
    ) -> None:
        self._registry = registry
        self._decisions = decisions
        self._keys = keys
        self._pushing = pushing
        self._log = store
        self._identity = identity
        self._cursors = Cursors(identity)
        self._refused_host = refused_host
        self._now_ms = now_ms

    async def require(self, request: Request, caller: ApiKey) -> None:
        """Raise `NotFound` unless the path names an endpoint of the caller's."""
        self._registry.require(caller.tenant, request.path_params["endpoint"])

    async def post(self, request: Request, caller: ApiKey) -> Response:
        """201 with the endpoint and its secret, which is never to be had again."""
        asked = await creating(request, self._refused_host)
        start = await self._position(asked.start)
        made, secret = await self._decisions.create(
            asked.settings,
            _cause(request, caller),
            start=start,
            asymmetric=asked.asymmetric,
            given=asked.secret,
        )
        return _answer({**await self._shown(made), "secret": secret_text(secret)}, 201)

    async def list(self, request: Request, caller: ApiKey) -> Response:
        """Answer with a page, newest first."""
        wrong: list[tuple[str, str]] = []
        limit = limit_of(request.query_params, wrong)
        after = after_of(request.query_params, self._cursors.identifier, wrong)
        refuse_if(wrong)
        found = [one for one in self._registry.of(caller.tenant) if not after or one.id < after]
        shown = found[:limit]
        following = self._cursors.of_id(shown[-1].id) if len(found) > limit else None
        return page_answer([orjson.dumps(await self._shown(one)) for one in shown], following)

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with one."""
        return _answer(await self._shown(self._of(request, caller)))

    async def patch(self, request: Request, caller: ApiKey) -> Response:
        """Change what is named, and answer with the whole."""
        endpoint = self._of(request, caller)
        cause = _cause(request, caller)
        asked = await changing(request, endpoint.settings, self._refused_host)
        if asked.settings != endpoint.settings:
            endpoint = await self._decisions.change(endpoint, asked.settings, cause)
        if asked.enabled is True:
            endpoint = await self._decisions.enable(endpoint, cause)
        elif asked.enabled is False:
            endpoint = await self._decisions.disable(endpoint, "requested", cause)
        return _answer(await self._shown(endpoint))

    async def delete(self, request: Request, caller: ApiKey) -> Response:
        """Remove it; what is pending is not sent any more."""
        await self._decisions.delete(self._of(request, caller), _cause(request, caller))
        return Response(status_code=204)

    async def rotate(self, request: Request, caller: ApiKey) -> Response:
        """Make another secret; the one before signs beside it for a while."""
        endpoint = self._of(request, caller)
        overlap_ms, asymmetric, given = await rotating(request, endpoint.secrets.asymmetric)
        changed, secret = await self._decisions.rotate(
            endpoint,
            _cause(request, caller),
            overlap_ms=overlap_ms,
            asymmetric=asymmetric,
            given=given,
        )
        shown = await self._secrets(changed)
        return _answer({**shown, "secret": secret_text(secret)})

    async def test(self, request: Request, caller: ApiKey) -> Response:
        """Send a signed sample now, and answer with what the endpoint said."""
        return _answer(await self._pushing.test(self._of(request, caller).id))

    async def attempts(self, request: Request, caller: ApiKey) -> Response:
        """Answer with a page of attempts, newest first."""
        endpoint = self._of(request, caller)
        wrong: list[tuple[str, str]] = []
        limit = limit_of(request.query_params, wrong)
        before = after_of(request.query_params, lambda text: self._cursors.numbers(text, 2), wrong)
        refuse_if(wrong)
        found = await self._pushing.attempts(
            endpoint.id, before=None if before is None else (before[0], before[1]), limit=limit + 1
        )
        shown = found[:limit]
        following = self._cursors.of_numbers(shown[-1].place) if len(found) > limit else None
        return page_answer([orjson.dumps(one.shown) for one in shown], following)

    async def recover(self, request: Request, caller: ApiKey) -> Response:
        """Have what failed since a time sent again, under the same ids."""
        endpoint = self._of(request, caller)
        since = await recovering(request)
        asked = await self._decisions.recover(
            endpoint, _cause(request, caller), since_ms=max(0, microseconds(since.time) // 1000)
        )
        return _answer({"round": asked.number, "since": since.time}, 202)

    async def replay(self, request: Request, caller: ApiKey) -> Response:
        """Have events sent once more, under new ids."""
        endpoint = self._of(request, caller)
        asked = await replaying(request)
        after = await self._position(asked.start)
        head = await self._log.head()
        until = head if asked.until is None else min(asked.until, head)
        made = await self._decisions.replay(
            endpoint, _cause(request, caller), after=after, until=until, types=asked.types
        )
        return _answer({"round": made.number, "after": made.after, "until": made.until}, 202)

    def _of(self, request: Request, caller: ApiKey) -> Endpoint:
        return self._registry.require(caller.tenant, request.path_params["endpoint"])

    async def _position(self, place: Place) -> int:
        head = await self._log.head()
        return await position_of(self._log, self._identity, place, readable=head)

    async def _secrets(self, endpoint: Endpoint) -> Mapping[str, object]:
        now_ms = self._now_ms()
        return await shown_secrets(self._keys, endpoint.secrets, endpoint.tenant, now_ms)

    async def _shown(self, endpoint: Endpoint) -> dict[str, object]:
        settings = endpoint.settings
        standing = await self._pushing.standing(endpoint.id)
        return {
            "id": endpoint.id,
            "url": settings.url,
            "types": list(settings.types) or None,
            "headers": list(settings.headers),
            "description": settings.description,
            "ordering": settings.ordering,
            "rate_per_second": settings.rate_per_second,
            "start": endpoint.start,
            "enabled": endpoint.disabled is None,
            "disabled": (
                None
                if endpoint.disabled is None
                else {"reason": endpoint.disabled, "at": endpoint.disabled_at}
            ),
            "failing": (
                None
                if standing.failing_since_ms is None
                else {
                    "since": rfc3339(standing.failing_since_ms * 1000),
                    "failures": standing.failures,
                    "warned": endpoint.warned_since(standing.failing_since_ms),
                }
            ),
            "pending": standing.pending,
            **await self._secrets(endpoint),
            "created_at": endpoint.created_at,
            "changed_at": endpoint.changed_at,
        }


def _cause(request: Request, caller: ApiKey) -> Cause:
    return Cause(
        tenant=caller.tenant, actor=caller.id, correlation_id=correlation_of(request.scope)
    )


def _answer(shown: Mapping[str, object], status: int = 200) -> Response:
    return Response(
        orjson.dumps(shown),
        status_code=status,
        headers={"Cache-Control": "no-store"},
        media_type="application/json",
    )
