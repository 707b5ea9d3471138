"""Tell which secrets sign now, from the events that made them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stenolog.clock import microseconds
from stenolog.log.event import Event
from stenolog.log.events.signing import SigningSecretMade, SigningSecretRemoved

OVERLAP_MS_DEFAULT = 86_400_000
OVERLAP_MS_MAX = 7 * 86_400_000
SIGNING_AT_ONCE_MAX = 4  # each adds 48 bytes to a header; who rotates oftener gives up the oldest


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """One secret; `until_ms` says when it ceases to sign, None while it is the newest."""

    number: int
    made_at: str
    until_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretState:
    """The secrets of one stream.

    Attributes:
        secrets: The newest first; those that may have ceased to sign, too.
        asymmetric: Whether messages have a `v1a` signature as well.
        version: Of the stream, as far as it was folded.
    """

    secrets: Sequence[Secret] = ()
    asymmetric: bool = False
    version: int = 0

    def signing(self, now_ms: int) -> Sequence[Secret]:
        """Return those that sign now, the newest first."""
        return [one for one in self.secrets if one.until_ms is None or now_ms < one.until_ms]


def evolve_secrets(state: SecretState, event: Event) -> SecretState:
    """Return the state after this event; of other types it moves the version alone."""
    secrets, asymmetric = state.secrets, state.asymmetric
    if event.type == SigningSecretMade.type:
        made = SigningSecretMade.model_validate(dict(event.data))
        made_ms = microseconds(event.time) // 1000
        secrets = [
            Secret(number=made.number, made_at=event.time),
            *(_until(one, made_ms + made.overlap_ms) for one in secrets),
        ][:SIGNING_AT_ONCE_MAX]
        asymmetric = made.asymmetric
    elif event.type == SigningSecretRemoved.type:
        secrets, asymmetric = (), False
    return SecretState(secrets=tuple(secrets), asymmetric=asymmetric, version=event.version)


def _until(secret: Secret, end_ms: int) -> Secret:
    until_ms = end_ms if secret.until_ms is None else min(secret.until_ms, end_ms)
    return Secret(number=secret.number, made_at=secret.made_at, until_ms=until_ms)
