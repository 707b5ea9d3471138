"""Put together customers' endpoints, and the secrets that sign what is sent to customers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from stenolog.bootstrap.stores import Stores
from stenolog.clock import NowMs
from stenolog.edge.loops import Pushing
from stenolog.edge.native.endpoint_routes import EndpointPorts
from stenolog.egress.guard import AddressPolicy
from stenolog.egress.plain_hosts import refused_host
from stenolog.endpoints.deciding import EndpointDecisions
from stenolog.endpoints.registry import Endpoints
from stenolog.endpoints.secrets import SigningSecrets
from stenolog.endpoints.tenant_keys import TenantKeys
from stenolog.endpoints.webhook_secrets import WebhookSecrets
from stenolog.log.recorder import FactRecorder


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointParts:
    """What edge and deliveries share: they see one another's changes at once.

    Attributes:
        public_url: Where the gateway is reached, without a slash at the end.
    """

    facts: FactRecorder
    now_ms: NowMs
    webhook_secrets: WebhookSecrets
    tenant_keys: TenantKeys
    registry: Endpoints
    decisions: EndpointDecisions
    public_url: str


async def endpoints_over(
    stores: Stores, facts: FactRecorder, now_ms: NowMs, public_url: str
) -> EndpointParts:
    """Return the parts over these stores, with all endpoints that the log has.

    Raises:
        StoreUnavailable: The log cannot be read.
    """
    tenant_keys = TenantKeys(stores.keys, stores.master)
    secrets = SigningSecrets(stores.keys, stores.master, tenant_keys, now_ms)
    registry = Endpoints(stores.events, stores.events.histories, stores.vault, facts)
    await registry.load()
    return EndpointParts(
        facts=facts,
        now_ms=now_ms,
        webhook_secrets=WebhookSecrets(stores.events, facts, secrets),
        tenant_keys=tenant_keys,
        registry=registry,
        decisions=EndpointDecisions(registry, secrets, stores.events),
        public_url=public_url.rstrip("/"),
    )


def endpoint_ports(
    endpoints: EndpointParts,
    pushing: Pushing,
    stores: Stores,
    policy: AddressPolicy,
) -> EndpointPorts:
    """Return what the edge is given; `policy` says which addresses an endpoint may have."""
    return EndpointPorts(
        registry=endpoints.registry,
        decisions=endpoints.decisions,
        webhook_secrets=endpoints.webhook_secrets,
        tenant_keys=endpoints.tenant_keys,
        pushing=pushing,
        store=stores.events,
        refused_host=partial(refused_host, policy=policy),
        now_ms=endpoints.now_ms,
    )
