"""Hold a payload as the projector has it: in clear, or why there is none to see."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPayload:
    """A payload's plaintext, or why there is none; all unset when the event has no payload."""

    plaintext: bytes | None = None
    erased: bool = False
    lost: bool = False
    damaged: bool = False
