"""Read what is asked of an endpoint in the body of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from starlette.requests import Request

from stenolog.edge.native.consumer_bodies import POSITION_MAX, Body, body_of
from stenolog.edge.native.paging import refuse_if
from stenolog.edge.native.webhook_secret import rotation_of, secret_of
from stenolog.edge.transcriptions.webhook_address import RefusedHost, refusal_of
from stenolog.endpoints.signatures import HEADERS as SIGNED_HEADERS
from stenolog.endpoints.state import Settings
from stenolog.feed.consumers.places import Place, Since
from stenolog.log.events.endpoints import Ordering
from stenolog.wire.assemblyai.urls import url_complaint
from stenolog.wire.assemblyai.webhook_rules import (
    HEADER_NAME,
    HEADER_NAME_CHARS_MAX,
    HEADER_VALUE,
    HEADER_VALUE_CHARS_MAX,
    HEADERS_FORBIDDEN,
)

SETTINGS = ("url", "types", "headers", "description", "ordering", "rate_per_second")
SECRET = ("secret", "asymmetric")
DESCRIPTION_CHARS_MAX = 500
HEADERS_MAX = 10
RATE_MAX = 1_000
ORDERINGS = ("transcript", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Creating:
    """An endpoint that is to be made."""

    settings: Settings
    start: Place
    secret: bytes | None
    asymmetric: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Changing:
    """What is to be changed; `enabled` None: it stays what it is."""

    settings: Settings
    enabled: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaying:
    """What is to be told once more; `until` None: up to now."""

    start: Place
    until: int | None
    types: frozenset[str] | None


async def creating(request: Request, refused_host: RefusedHost) -> Creating:
    """Read the body of a POST."""
    body = await body_of(request, (*SETTINGS, *SECRET, "start", "epoch"))
    settings = _settings(body, Settings(url=""), refused_host)
    start = body.place("start")
    if not body.members.get("url"):
        body.wrong.append(("url", "must be given"))
    refuse_if(body.wrong)
    _, asymmetric = rotation_of({**_given(body, "asymmetric")}, False)
    return Creating(
        settings=settings,
        start=start or "now",
        secret=secret_of(body.members),
        asymmetric=asymmetric,
    )


async def changing(request: Request, before: Settings, refused_host: RefusedHost) -> Changing:
    """Read the body of a PATCH: what is not named stays."""
    body = await body_of(request, (*SETTINGS, "enabled"))
    settings = _settings(body, before, refused_host)
    enabled = body.members.get("enabled")
    if enabled is not None and not isinstance(enabled, bool):
        body.wrong.append(("enabled", "must be true or false"))
    refuse_if(body.wrong)
    return Changing(settings=settings, enabled=enabled if isinstance(enabled, bool) else None)


async def rotating(request: Request, asymmetric: bool) -> tuple[int, bool, bytes | None]:
    """Read for how long the secret before signs on, whether `v1a` is made, and a secret."""
    body = await body_of(request, (*SECRET, "overlap_ms"))
    overlap_ms, wanted = rotation_of(body.members, asymmetric)
    return overlap_ms, wanted, secret_of(body.members)


async def recovering(request: Request) -> Since:
    """Read since when what failed is to be sent again."""
    body = await body_of(request, ("since",))
    since = body.place("since")
    if not isinstance(since, Since):
        body.wrong.append(("since", "must be a time as 2026-11-30T20:26:10Z"))
    refuse_if(body.wrong)
    return cast(Since, since)


async def replaying(request: Request) -> Replaying:
    """Read what is to be told once more."""
    body = await body_of(request, ("start", "until", "types", "epoch"))
    start, types = body.place("start"), body.types()
    until = body.integer("until", 0, POSITION_MAX, None)
    if "start" not in body.members:
        body.wrong.append(("start", "must be given"))
    refuse_if(body.wrong)
    return Replaying(start=start or "beginning", until=until, types=types)


def _given(body: Body, *names: str) -> Mapping[str, object]:
    return {name: body.members[name] for name in names if name in body.members}


def _settings(body: Body, before: Settings, refused_host: RefusedHost) -> Settings:
    """Return the settings with what the body names; describe what is wrong with it."""
    named = body.members
    settings = before
    if "url" in named:
        settings = replace(settings, url=_url(body, refused_host))
    if "types" in named:
        complaints = len(body.wrong)
        body.types()
        if len(body.wrong) == complaints:
            settings = replace(settings, types=tuple(cast("list[str]", named["types"] or ())))
    if "headers" in named:
        settings = replace(settings, headers=_headers(body))
    if "description" in named:
        settings = replace(settings, description=_description(body))
    if "ordering" in named:
        if named["ordering"] not in ORDERINGS:
            body.wrong.append(("ordering", f"must be one of: {', '.join(ORDERINGS)}"))
        else:
            settings = replace(settings, ordering=cast(Ordering, named["ordering"]))
    if "rate_per_second" in named:
        rate = body.integer("rate_per_second", 1, RATE_MAX, None)
        settings = replace(settings, rate_per_second=rate)
    return settings


def _url(body: Body, refused_host: RefusedHost) -> str:
    url = body.members["url"]
    complaint = url_complaint("url", url, "must start with http:// or https://")
    if complaint is None and isinstance(url, str):
        complaint = refusal_of(url, refused_host)
    if complaint is not None or not isinstance(url, str):
        body.wrong.append(("url", (complaint or "must be a URL").removeprefix("url ")))
        return ""
    return url


def _description(body: Body) -> str:
    given = body.members["description"]
    if given is None:
        return ""
    if not isinstance(given, str) or len(given) > DESCRIPTION_CHARS_MAX or not _encodes(given):
        body.wrong.append(("description", f"must have {DESCRIPTION_CHARS_MAX} characters at most"))
        return ""
    return given


def _headers(body: Body) -> Mapping[str, str]:
    given = body.members["headers"]
    if given is None:
        return {}
    if not isinstance(given, dict) or len(given) > HEADERS_MAX:
        body.wrong.append(("headers", f"must be an object with {HEADERS_MAX} members at most"))
        return {}
    found: dict[str, str] = {}
    for name, value in given.items():
        lower = name.lower()
        if not HEADER_NAME.fullmatch(name) or len(name) > HEADER_NAME_CHARS_MAX:
            body.wrong.append(("headers", "has a name that is no name of a header"))
        elif lower in HEADERS_FORBIDDEN | SIGNED_HEADERS | {"user-agent"} or lower in found:
            body.wrong.append(("headers", f"must not have {name}, or not twice"))
        elif not isinstance(value, str) or not HEADER_VALUE.fullmatch(value):
            body.wrong.append(("headers", f"{name} must be visible ASCII characters"))
        elif len(value) > HEADER_VALUE_CHARS_MAX:
            body.wrong.append(("headers", f"{name} is over {HEADER_VALUE_CHARS_MAX} characters"))
        else:
            found[lower] = value
    return {name: value for name, value in given.items() if name.lower() in found}


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
