"""Declare the events of API keys: who may ask for what, and since when not any more."""

from __future__ import annotations

from stenolog.log.event_data import EventData
from stenolog.log.events.vocabulary import ProviderName, Region, Scope


class ApiKeyCreated(EventData):
    """A key is about to be kept; its secret is nowhere in the log, not even as a hash."""

    type = "api_key.created"
    public = False
    payload = ""
    opens_stream = True

    scopes: list[Scope]
    region: Region | None
    provider: ProviderName | None = None


class ApiKeyRevoked(EventData):
    """The key is refused from now on, also after a restore of older keys.

    It may be the first event of its stream, so that nothing is ever in the way of a revocation.
    """

    type = "api_key.revoked"
    public = False
    payload = ""
    opens_stream = True


API_KEY = "api-key-"
