"""Make one attempt: the POST to a customer's endpoint, over egress."""

from __future__ import annotations

from collections.abc import Sequence

from stenolog.delivery.rules import Answered, NotAllowed, NotMade, Result, Unanswered
from stenolog.delivery.webhook import Webhook
from stenolog.egress.client import USER_AGENT, Egress
from stenolog.egress.urls import checked_headers, checked_url
from stenolog.errors import EgressFailed, ForbiddenAddress
from stenolog.wire.assemblyai.webhook_rules import (
    HEADER_NAME_CHARS_MAX,
    HEADER_VALUE_CHARS_MAX,
    HEADERS_FORBIDDEN,
)

ALLOWING = "STENOLOG_ALLOW_NETWORKS"  # the setting that lets deliveries into private networks
CONTENT_TYPE = ("content-type", "application/json")


class Sender:
    """Calls once; only the answer's status counts, and a redirect is not followed."""

    def __init__(self, egress: Egress, *, timeout_ms: int) -> None:
        self._egress = egress
        self._timeout_ms = timeout_ms

    async def send(
        self,
        webhook: Webhook,
        body: bytes,
        *,
        signature: Sequence[tuple[str, str]] = (),
        tenant: str,
    ) -> Result | NotMade:
        """Return what the receiver said within the timeout, which covers all up to its status.

        `signature` are the headers that sign these bytes.
        Names are looked up at `tenant`'s expense: those that resolve slowly hold up no other.
        """
        try:
            checked_url(webhook.url)
        except ForbiddenAddress as exc:
            return NotAllowed(reason=str(exc), final=True)
        header = [] if webhook.header is None else [webhook.header]
        try:
            async with self._egress.stream(
                "POST",
                webhook.url,
                headers=[CONTENT_TYPE, *signature, *header],
                content=body,
                timeout_ms=self._timeout_ms,
                asker=tenant,
            ) as answer:
                return Answered(status=answer.status)
        except ForbiddenAddress as exc:
            return NotAllowed(reason=str(exc), final=exc.final, setting=ALLOWING)
        except EgressFailed as exc:
            return NotMade(str(exc)) if exc.ours else Unanswered(str(exc))


def is_sendable(webhook: Webhook) -> bool:
    """Tell whether HTTP can carry the header, and it does not delimit messages.

    Requests are checked when they come; one that was accepted by an earlier version may not pass.
    """
    if webhook.header is None:
        return True
    name, value = webhook.header
    if len(name) > HEADER_NAME_CHARS_MAX or len(value) > HEADER_VALUE_CHARS_MAX:
        return False
    if name.lower() in HEADERS_FORBIDDEN:
        return False
    try:
        checked_headers([webhook.header], user_agent=USER_AGENT)
    except EgressFailed:
        return False
    return True
