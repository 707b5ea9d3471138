"""Say what is posted to a receiver, or that nothing can be yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from stenolog.delivery.webhook import Webhook
from stenolog.endpoints.signatures import HEADERS, Signing
from stenolog.log.events.deliveries import UndeliveredReason

JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What to post.

    Attributes:
        id: The same for all attempts, whoever asks for them.
        headers: Those of an endpoint, besides the webhook's one.
        answer_bytes: How much of the answer's body is kept.
        timeout_ms: For all up to the answer's status; 0: as for webhooks.
    """

    webhook: Webhook
    body: bytes
    id: str
    signing: Signing | None = None
    content_type: str = JSON
    headers: Sequence[tuple[str, str]] = field(default=(), repr=False)
    answer_bytes: int = 0
    timeout_ms: int = 0

    def signature(self, now_ms: int) -> list[tuple[str, str]]:
        """Return the headers that sign an attempt now.

        A customer's own header keeps its name: two of one name would be read differently by
        everybody on the way.
        """
        own = self.webhook.header
        if self.signing is None or (own is not None and own[0].lower() in HEADERS):
            return []
        return self.signing.headers(self.id, now_ms // 1000, self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYet:
    """Nothing can be posted yet; if that does not change, the delivery fails with `missing`.

    Attributes:
        awaits_views: The views lack it, and tell when they have it.
    """

    reason: str
    missing: UndeliveredReason
    awaits_views: bool = False
