"""Declare and read the payload of `transcription.requested`: what a customer asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPayload:
    """A request as it is recorded.

    Attributes:
        params: AssemblyAI's parameters, as they were given; for whom is asked first.
        elsewhere: The parameters of other providers that may be asked, where these are not the
            same, by provider.
        subject: Text that names whom the audio is about; None without.
        metadata: Any JSON that the client wanted to be kept.
        place: The provider and the region that were asked for, before any default; recorded only
            with an idempotency key, because a repetition must ask for the same.
        providers: The providers that were asked for, where these were several; recorded as `place`.
        own: The request in its surface's words, without the audio, where these are not
            AssemblyAI's; else None.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    subject: object = None
    metadata: object = None
    place: tuple[str | None, str | None] | None = None
    providers: tuple[str, ...] = ()
    own: Mapping[str, Any] | None = None
    elsewhere: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def asked_of(self, provider: str | None) -> Mapping[str, Any]:
        """Return the parameters in which this provider is asked; None: who is asked first."""
        return self.params if provider is None else self.elsewhere.get(provider, self.params)

    def encoded(self) -> bytes:
        """Return the bytes that are sealed and appended."""
        content: dict[str, object] = {
            "params": dict(self.params),
            "subject": self.subject,
            "metadata": self.metadata,
        }
        if self.place is not None:
            provider, region = self.place
            content["asked"] = {"provider": provider, "region": region}
            if self.providers:
                content["asked"] = {"providers": self.providers, "region": region}
        if self.own is not None:
            content["own"] = dict(self.own)
        if self.elsewhere:
            content["elsewhere"] = {name: dict(params) for name, params in self.elsewhere.items()}
        try:
            return orjson.dumps(content)
        except orjson.JSONEncodeError:  # an integer over 64 bits, which a customer may send
            return json.dumps(content, ensure_ascii=False).encode()


def read_request(payload: bytes | None) -> RequestPayload:
    """Return the request in `payload`; an empty one without a payload.

    Raises:
        ValueError: The payload is not JSON.
    """
    content = json.loads(payload) if payload else {}
    return request_in(content)


def request_in(content: object) -> RequestPayload:
    """Return the request in a parsed payload; fields that it does not declare are left out."""
    if not isinstance(content, Mapping):
        return RequestPayload()
    params, asked, own = content.get("params"), content.get("asked"), content.get("own")
    elsewhere = content.get("elsewhere")
    return RequestPayload(
        params=params if isinstance(params, Mapping) else {},
        subject=content.get("subject"),
        metadata=content.get("metadata"),
        place=(asked.get("provider"), asked.get("region")) if isinstance(asked, Mapping) else None,
        own=own if isinstance(own, Mapping) else None,
        elsewhere=elsewhere if isinstance(elsewhere, Mapping) else {},
    )
