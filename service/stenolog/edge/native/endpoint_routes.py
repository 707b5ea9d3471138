"""List the paths of endpoints, and the ports that they need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from starlette.routing import Route

from stenolog.clock import NowMs
from stenolog.edge.http.resource import Admission, Guarded, Lookup, Open
from stenolog.edge.http.surface import route
from stenolog.edge.loops import Pushing
from stenolog.edge.native.endpoints import EndpointResource
from stenolog.edge.native.paging import PAGE
from stenolog.edge.native.webhook_attempts import WebhookAttempts
from stenolog.edge.native.webhook_secret import WebhookSecret
from stenolog.edge.transcriptions.webhook_address import RefusedHost
from stenolog.endpoints.deciding import EndpointDecisions
from stenolog.endpoints.registry import Endpoints
from stenolog.endpoints.tenant_keys import TenantKeys
from stenolog.endpoints.webhook_secrets import WebhookSecrets
from stenolog.log.format import LogIdentity
from stenolog.log.store import EventStore

SCOPE = "endpoints:write"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPorts:
    """What endpoints and webhook secrets need.

    Attributes:
        refused_host: Tells of a URL that the gateway may never call.
    """

    registry: Endpoints
    decisions: EndpointDecisions
    webhook_secrets: WebhookSecrets
    tenant_keys: TenantKeys
    pushing: Pushing
    store: EventStore
    refused_host: RefusedHost
    now_ms: NowMs


def endpoint_routes(
    ports: EndpointPorts,
    identity: LogIdentity,
    admission: Admission,
    prefix: str,
    transcript: Lookup,
) -> Sequence[Route]:
    """Return the paths; `transcript` looks for the transcription that one names."""
    webhook = WebhookAttempts(ports.pushing, transcript)
    its_own = partial(Guarded, query=(), lookup=transcript)
    of_transcript = f"{prefix}/transcripts/{{id}}/webhook"
    secret = WebhookSecret(ports.webhook_secrets, ports.tenant_keys, ports.now_ms)
    endpoints = EndpointResource(
        ports.registry,
        ports.decisions,
        ports.tenant_keys,
        ports.pushing,
        ports.store,
        identity,
        ports.refused_host,
        ports.now_ms,
    )
    at = partial(route, admission, admission.problem)
    guarded = partial(Guarded, scope=SCOPE, query=())
    one = partial(guarded, lookup=endpoints.require)
    all_of, of_one = f"{prefix}/endpoints", f"{prefix}/endpoints/{{endpoint}}"
    return [
        at(
            f"{prefix}/webhook-secret",
            GET=guarded(handler=secret.get),
            PUT=guarded(handler=secret.put),
            DELETE=guarded(handler=secret.delete),
        ),
        at("/.well-known/webhook-keys", GET=Open(handler=secret.keys)),
        at(
            all_of,
            GET=guarded(handler=endpoints.list, query=PAGE),
            POST=guarded(handler=endpoints.post),
        ),
        at(
            of_one,
            GET=one(handler=endpoints.get),
            PATCH=one(handler=endpoints.patch),
            DELETE=one(handler=endpoints.delete),
        ),
        at(f"{of_one}/rotate", POST=one(handler=endpoints.rotate)),
        at(f"{of_one}/test", POST=one(handler=endpoints.test)),
        at(f"{of_one}/attempts", GET=one(handler=endpoints.attempts, query=PAGE)),
        at(f"{of_one}/recover", POST=one(handler=endpoints.recover)),
        at(f"{of_one}/replay", POST=one(handler=endpoints.replay)),
        at(
            f"{of_transcript}/attempts",
            GET=its_own(scope="transcripts:read", handler=webhook.get),
        ),
        at(
            f"{of_transcript}/resend",
            POST=its_own(scope="transcripts:write", handler=webhook.resend),
        ),
    ]
