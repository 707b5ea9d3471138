"""Put together what customers are sent messages with: the secrets that sign them."""

from __future__ import annotations

from dataclasses import dataclass

from stenolog.bootstrap.stores import Stores
from stenolog.clock import NowMs
from stenolog.endpoints.secrets import SigningSecrets
from stenolog.endpoints.tenant_keys import TenantKeys
from stenolog.endpoints.webhook_secrets import WebhookSecrets
from stenolog.log.recorder import FactRecorder


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointParts:
    """What edge and deliveries share: they see one another's changes at once."""

    webhook_secrets: WebhookSecrets
    tenant_keys: TenantKeys


def endpoints_over(stores: Stores, facts: FactRecorder, now_ms: NowMs) -> EndpointParts:
    """Return the parts over these stores; they hold nothing that is to be closed."""
    tenant_keys = TenantKeys(stores.keys, stores.master)
    secrets = SigningSecrets(stores.keys, stores.master, tenant_keys, now_ms)
    return EndpointParts(
        webhook_secrets=WebhookSecrets(stores.events, facts, secrets), tenant_keys=tenant_keys
    )
