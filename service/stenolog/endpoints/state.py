"""What an endpoint is, folded from its stream. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import orjson

from stenolog.clock import microseconds
from stenolog.endpoints.secret_state import SecretState, evolve_secrets
from stenolog.feed.types import read_types
from stenolog.log.catalogue import read_data
from stenolog.log.event import Event
from stenolog.log.events.endpoints import (
    ENDPOINT,
    DisabledReason,
    EndpointChanged,
    EndpointCreated,
    EndpointDeleted,
    EndpointDisabled,
    EndpointEnabled,
    EndpointRecoveryRequested,
    EndpointReplayRequested,
    EndpointWarned,
    Ordering,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a customer says of an endpoint.

    Attributes:
        types: Names as on the wire, with `*` at the end of a name; none: every type.
        headers: Sent with every message; never logged, and shown to its owner alone.
        rate_per_second: At most so many messages; None: no limit but those of all.
    """

    url: str = field(repr=False)
    types: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    description: str = ""
    ordering: Ordering = "transcript"
    rate_per_second: int | None = None

    @property
    def wanted(self) -> frozenset[str] | None:
        """The log's names of the types that are wanted; None: all."""
        return read_types(",".join(self.types))

    def payload(self) -> bytes:
        """Return what of it is sealed."""
        return orjson.dumps(
            {
                "url": self.url,
                "types": list(self.types),
                "headers": dict(self.headers),
                "description": self.description,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Deliveries that were asked for.

    Attributes:
        number: From 1, over replays and recoveries alike.
        replay: New messages, or the same ones again.
        after: A replay's events stand behind this position; a recovery's failed since this time,
            in ms since the epoch.
        until: Up to this position; of a recovery, up to this version of the deliveries' stream.
        types: The log's names; None: all that the endpoint wants.
    """

    number: int
    replay: bool
    after: int
    until: int
    types: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint; `version` 0: there is none.

    Attributes:
        disabled: Why nothing is pushed to it; None: it is enabled.
        warned: The last stage at which its owner was warned; 0 after it was changed or enabled.
        warned_at: When that was.
        start: Events behind this position are pushed.
    """

    id: str
    tenant: str = ""
    version: int = 0
    settings: Settings = field(default_factory=lambda: Settings(url=""))
    secrets: SecretState = field(default_factory=SecretState)
    start: int = 0
    disabled: DisabledReason | None = None
    disabled_at: str | None = None
    warned: int = 0
    warned_at: str | None = None
    rounds: Sequence[Round] = ()
    created_at: str = ""
    changed_at: str = ""
    deleted: bool = False

    @property
    def stream(self) -> str:
        """The name of its stream."""
        return ENDPOINT + self.id

    def warned_since(self, failing_since_ms: int) -> int:
        """Return the last stage at which its owner was warned of failing since then; 0: of none."""
        if self.warned_at is None or microseconds(self.warned_at) // 1000 < failing_since_ms:
            return 0
        return self.warned


def evolve(state: Endpoint, event: Event, payload: bytes | None) -> Endpoint:
    """Return the endpoint after this event; `payload` is the event's, in clear.

    Raises:
        ValueError: The payload is not what such an event has.
    """
    state = replace(
        state,
        version=event.version,
        tenant=event.tenant,
        changed_at=event.time,
        secrets=evolve_secrets(state.secrets, event),
    )
    match read_data(event.type, event.data):
        case EndpointCreated() as created:
            settings = _settings(payload, created.ordering, created.rate_per_second)
            return replace(state, settings=settings, start=created.start, created_at=event.time)
        case EndpointChanged() as changed:
            settings = _settings(payload, changed.ordering, changed.rate_per_second)
            return replace(state, settings=settings, warned=0)
        case EndpointDisabled(reason=reason):
            return replace(state, disabled=reason, disabled_at=event.time)
        case EndpointEnabled():
            return replace(state, disabled=None, disabled_at=None, warned=0)
        case EndpointWarned(stage=stage):
            return replace(state, warned=stage, warned_at=event.time)
        case EndpointReplayRequested() as asked:
            types = orjson.loads(payload or b"{}").get("types")
            made = Round(
                number=asked.number,
                replay=True,
                after=asked.after,
                until=asked.until,
                types=None if types is None else frozenset(types),
            )
            return replace(state, rounds=(*state.rounds, made))
        case EndpointRecoveryRequested() as asked:
            made = Round(number=asked.number, replay=False, after=asked.since_ms, until=asked.until)
            return replace(state, rounds=(*state.rounds, made))
        case EndpointDeleted():
            return replace(state, deleted=True)
        case _:
            return state


def _settings(payload: bytes | None, ordering: Ordering, rate_per_second: int | None) -> Settings:
    given = orjson.loads(payload or b"")
    return Settings(
        url=given["url"],
        types=tuple(given["types"]),
        headers=given["headers"],
        description=given["description"],
        ordering=ordering,
        rate_per_second=rate_per_second,
    )
