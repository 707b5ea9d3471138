"""Make one attempt: the POST to a customer's endpoint, over egress."""

from __future__ import annotations

import sys
from contextlib import aclosing, suppress

import anyio

from stenolog.delivery.posted import Message
from stenolog.delivery.rules import Answered, NotAllowed, NotMade, Result, Unanswered
from stenolog.delivery.schedule import RETRY_AFTER_MS_MAX
from stenolog.delivery.webhook import Webhook
from stenolog.egress.client import USER_AGENT, Egress
from stenolog.egress.retry_after import retry_after_ms
from stenolog.egress.streamed import StreamedAnswer
from stenolog.egress.urls import checked_headers, checked_url
from stenolog.errors import EgressFailed, ForbiddenAddress, PayloadTooLarge
from stenolog.wire.assemblyai.webhook_rules import (
    HEADER_NAME_CHARS_MAX,
    HEADER_VALUE_CHARS_MAX,
    HEADERS_FORBIDDEN,
)

ALLOWING = "STENOLOG_ALLOW_NETWORKS"  # the setting that lets deliveries into private networks
ANSWER_BYTES_READ_MAX = 16 << 10
SECRET_CHARS_MIN = 6  # what is shorter is no secret, and would be found in any words
HIDDEN = b"***"
ANSWER_MS_MAX = 2_000  # for the body, behind a status that counts already


class Sender:
    """Calls once; only the answer's status counts, and a redirect is not followed."""

    def __init__(self, egress: Egress, *, timeout_ms: int) -> None:
        self._egress = egress
        self._timeout_ms = timeout_ms

    async def send(
        self,
        message: Message,
        *,
        at_ms: int,
        tenant: str,
    ) -> Result | NotMade:
        """Return what the receiver said within the timeout, which covers all up to its status.

        The attempt is signed with the time `at_ms`. Names are looked up at `tenant`'s expense:
        those that resolve slowly hold up no other.
        """
        webhook = message.webhook
        try:
            checked_url(webhook.url)
        except ForbiddenAddress as exc:
            return NotAllowed(reason=str(exc), final=True)
        header = [] if webhook.header is None else [webhook.header]
        try:
            async with self._egress.stream(
                "POST",
                webhook.url,
                headers=[
                    ("content-type", message.content_type),
                    *message.signature(at_ms),
                    *header,
                    *message.headers,
                ],
                content=message.body,
                timeout_ms=message.timeout_ms or self._timeout_ms,
                asker=tenant,
            ) as answer:
                return Answered(
                    status=answer.status,
                    body=await _beginning(answer, message),
                    retry_after_ms=retry_after_ms(
                        answer.headers, at_ms, most_ms=RETRY_AFTER_MS_MAX
                    ),
                    tls=answer.tls,
                )
        except ForbiddenAddress as exc:
            return NotAllowed(reason=str(exc), final=exc.final, setting=ALLOWING)
        except EgressFailed as exc:
            return NotMade(str(exc)) if exc.ours else Unanswered(str(exc))


async def _beginning(answer: StreamedAnswer, message: Message) -> bytes:
    """Return the beginning of the body; what is wrong with it changes nothing of the status.

    A body that is read to its end leaves the connection open for the next message. What the
    endpoint says of the headers that it was sent is left out: some say all of them.
    """
    found = bytearray()
    if not message.answer_bytes:
        return b""
    with suppress(EgressFailed, PayloadTooLarge), anyio.move_on_after(ANSWER_MS_MAX / 1000):
        # Of a body that is longer the beginning counts as well: no size is too large here.
        async with aclosing(answer.chunks(sys.maxsize)) as chunks:
            async for chunk in chunks:
                found += chunk
                if len(found) >= ANSWER_BYTES_READ_MAX:
                    break
    for _, value in message.headers:
        if len(value) >= SECRET_CHARS_MIN:
            found = found.replace(value.encode(), HIDDEN)
    return bytes(found[: message.answer_bytes])


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
