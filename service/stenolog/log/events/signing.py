"""Declare the events of the secrets with which what customers are sent is signed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stenolog.log.event_data import Count, EventData

SecretNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]


class SigningSecretMade(EventData):
    """A secret signs from now on; the one before it signs beside it for `overlap_ms`.

    The secret is nowhere in the log: `keys.db` has it, under the stream and this number.
    """

    type = "signing_secret.made"
    public = False
    payload = ""
    opens_stream = True

    number: SecretNumber
    overlap_ms: Count
    asymmetric: bool


class SigningSecretRemoved(EventData):
    """Nothing is signed any more until another secret is made."""

    type = "signing_secret.removed"
    public = False
    payload = ""


WEBHOOK_SECRET = "webhook-secret-"  # noqa: S105  a stream's name
"""How the stream begins that has the secrets of a tenant's own webhooks; its id follows."""
