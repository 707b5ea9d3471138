"""Read what a consumer, or one of its workers, asks in the body of a request."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.requests import Request

from stenolog.edge.http.bodies import whole_body
from stenolog.edge.http.unknown_names import refuse_unknown
from stenolog.edge.native.feed_query import WAIT_MS_MAX
from stenolog.edge.native.paging import LIMIT_DEFAULT, LIMIT_MAX, refuse_if
from stenolog.errors import InvalidRequest
from stenolog.feed.consumers.batches import Wish
from stenolog.feed.consumers.places import Behind, Place, Since
from stenolog.feed.epochs import EPOCH_CHARS_MAX
from stenolog.feed.types import NAMES_MAX, read_types
from stenolog.wire.strict_json import parse_object

BODY_BYTES_MAX = 16 * 1024
POSITION_MAX = 10**16
LEASE_MS_DEFAULT, LEASE_MS_MIN, LEASE_MS_MAX = 60_000, 1_000, 3_600_000
RETRY_MS_MAX = 3_600_000
LEASE = re.compile(r"[0-9a-f-]{36}")
TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
PLACES = 'must be "beginning", "now", a position, or a time as 2026-11-30T20:26:10Z'


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The members of a body, and what is wrong with them."""

    members: dict[str, object]
    wrong: list[tuple[str, str]] = field(default_factory=list)

    def integer(self, name: str, least: int, most: int, default: int | None) -> int | None:
        """Return an integer from `least` to `most`."""
        value = self.members.get(name, default)
        if value is None or (type(value) is int and least <= value <= most):
            return value
        self.wrong.append((name, f"must be an integer from {least} to {most}"))
        return default

    def epoch(self) -> str | None:
        """Return the epoch in which a position was read."""
        value = self.members.get("epoch")
        if value is None or (isinstance(value, str) and 0 < len(value) <= EPOCH_CHARS_MAX):
            return value
        self.wrong.append(("epoch", f"must be a string of 1 to {EPOCH_CHARS_MAX} characters"))
        return None

    def lease(self) -> str | None:
        """Return the name of a lease."""
        value = self.members.get("lease")
        if value is None or (isinstance(value, str) and LEASE.fullmatch(value)):
            return value
        self.wrong.append(("lease", "must be the `lease` of a claim"))
        return None

    def place(self, name: str) -> Place | None:
        """Return where to begin."""
        match self.members.get(name):
            case None:
                return None
            case "beginning" | "now" as named:
                return named
            case int(position) if type(position) is int and 0 <= position < POSITION_MAX:
                return Behind(position=position, epoch=self.epoch())
            case str(time) if (found := _time(time)) is not None:
                return found
        self.wrong.append((name, PLACES))
        return None

    def types(self) -> frozenset[str] | None:
        """Return the log's names of the types that are wanted; None: all."""
        value = self.members.get("types")
        if value is None:
            return None
        names = [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
        if not isinstance(value, list) or not 0 < len(names) == len(value) <= NAMES_MAX:
            self.wrong.append(("types", f"must be a list of 1 to {NAMES_MAX} names, or null"))
            return None
        try:
            return read_types(",".join(names))
        except InvalidRequest as exc:
            self.wrong.append(("types", str(exc)))
            return None


async def body_of(request: Request, known: Collection[str]) -> Body:
    """Read the members of a body; an empty one has none.

    Raises:
        InvalidRequest: It is no JSON object, or has a member that is not known.
        PayloadTooLarge: It is over `BODY_BYTES_MAX`.
    """
    async with whole_body(request, bytes_max=BODY_BYTES_MAX) as body:
        members = parse_object(body, bytes_max=BODY_BYTES_MAX) if body.strip() else {}
    refuse_unknown(members, known, "member")
    return Body(members=members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Putting:
    """What a consumer wants, and where it begins if it is made now."""

    types: frozenset[str] | None
    start: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """What is done: what a lease holds, up to a position if there is one; or all up to one."""

    lease: str | None
    position: int | None
    epoch: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What is given back, and after how long it may be had again."""

    lease: str
    retry_in_ms: int


async def putting(request: Request) -> Putting:
    """Read the body of a PUT."""
    body = await body_of(request, ("types", "start", "epoch"))
    types, start = body.types(), body.place("start")
    refuse_if(body.wrong)
    return Putting(types=types, start=start or "beginning")


async def claiming(request: Request) -> Wish:
    """Read what a worker asks for."""
    body = await body_of(request, ("limit", "lease_ms", "wait_ms"))
    limit = body.integer("limit", 1, LIMIT_MAX, LIMIT_DEFAULT)
    lease_ms = body.integer("lease_ms", LEASE_MS_MIN, LEASE_MS_MAX, LEASE_MS_DEFAULT)
    wait_ms = body.integer("wait_ms", 0, WAIT_MS_MAX, 0)
    refuse_if(body.wrong)
    return Wish(
        limit=limit or LIMIT_DEFAULT, lease_ms=lease_ms or LEASE_MS_DEFAULT, wait_ms=wait_ms or 0
    )


async def acknowledging(request: Request) -> Acknowledged:
    """Read what is acknowledged."""
    body = await body_of(request, ("lease", "position", "epoch"))
    lease, epoch = body.lease(), body.epoch()
    position = body.integer("position", 0, POSITION_MAX, None)
    if lease is None and position is None and not body.wrong:
        body.wrong.append(("position", "must be given, or a `lease`"))
    refuse_if(body.wrong)
    return Acknowledged(lease=lease, position=position, epoch=epoch)


async def releasing(request: Request) -> Released:
    """Read what is given back."""
    body = await body_of(request, ("lease", "retry_in_ms"))
    lease = body.lease()
    retry_in_ms = body.integer("retry_in_ms", 0, RETRY_MS_MAX, 0)
    if lease is None and not body.wrong:
        body.wrong.append(("lease", "must be given"))
    refuse_if(body.wrong)
    return Released(lease=lease or "", retry_in_ms=retry_in_ms or 0)


async def resetting(request: Request) -> Place:
    """Read where a consumer is to go on."""
    body = await body_of(request, ("to", "epoch"))
    place = body.place("to")
    if place is None and not body.wrong:
        body.wrong.append(("to", PLACES))
    refuse_if(body.wrong)
    return place or "beginning"


def _time(given: str) -> Since | None:
    if not TIME.fullmatch(given):
        return None
    try:
        at = datetime.fromisoformat(given.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    # Not `strftime`: it writes the year 742 with three digits.
    return Since(time=f"{at.replace(tzinfo=None).isoformat(timespec='microseconds')}Z")
