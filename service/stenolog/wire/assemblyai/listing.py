"""Read the query of GET /v2/transcript, and write a page of its answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from stenolog.errors import InvalidRequest
from stenolog.wire.assemblyai.checks import Complaint
from stenolog.wire.assemblyai.enums import STATUSES
from stenolog.wire.assemblyai.sentences import must_be

LIMIT_DEFAULT = 10
LIMIT_MAX = 200
ID_CHARS_MAX = 64
PATH = "/v2/transcript"
DIGITS = re.compile(r"[0-9]{1,9}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
FLAGS = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """What a list shows: newest first, at most `limit` items.

    Attributes:
        status: One of `STATUSES`, or None for all.
        created_on: The day (UTC) on which items were created, or None for all.
        before_id: Only items older than this one; after_id: only newer ones, the nearest first
            to be taken.
        throttled_only: Only items that wait for their turn; overrides `status`.
    """

    limit: int = LIMIT_DEFAULT
    status: str | None = None
    created_on: date | None = None
    before_id: str | None = None
    after_id: str | None = None
    throttled_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListItem:
    """One transcript in a list.

    Attributes:
        created: ISO 8601, as the wire shows it.
        completed: The same, or None unless it completed.
        error: Why it failed; empty unless it did.
    """

    id: str
    status: str
    created: str
    completed: str | None
    audio_url: str
    error: str = ""


def parse_listing(query: Iterable[tuple[str, str]]) -> ListQuery:
    """Read the query of a list; empty values and unknown names count as absent.

    Raises:
        InvalidRequest: A value is not one; `fields` names them all.
    """
    given = {name: value for name, value in query if value != ""}
    wrong: list[Complaint] = []
    limit, status = given.get("limit", str(LIMIT_DEFAULT)), given.get("status")
    if not DIGITS.fullmatch(limit) or not 1 <= int(limit) <= LIMIT_MAX:
        wrong.append(("limit", must_be("limit", f"an Integer between 1 and {LIMIT_MAX}")))
    if status is not None and status not in STATUSES:
        wrong.append(("status", must_be("status", f"one of: {', '.join(STATUSES)}")))
    created_on = given.get("created_on")
    if created_on is not None and _day(created_on) is None:
        wrong.append(("created_on", must_be("created_on", "a date: YYYY-MM-DD")))
    throttled = given.get("throttled_only", "false").lower()
    if throttled not in FLAGS:
        wrong.append(("throttled_only", must_be("throttled_only", "a Boolean")))
    wrong += [
        (name, must_be(name, "the id of a transcript"))
        for name in ("before_id", "after_id")
        if len(given.get(name, "")) > ID_CHARS_MAX
    ]
    if wrong:
        raise InvalidRequest(wrong[0][1], wrong)
    return ListQuery(
        limit=int(limit),
        status=status,
        created_on=None if created_on is None else _day(created_on),
        before_id=given.get("before_id"),
        after_id=given.get("after_id"),
        throttled_only=FLAGS[throttled],
    )


def page(
    items: Sequence[ListItem], *, query: ListQuery, base_url: str, has_older: bool, has_newer: bool
) -> dict[str, object]:
    """Return one page; its URLs are absolute, on `base_url` (which may have a path of its own).

    The service's names are the reader's: `prev_url` is the older page, `next_url` the newer one.
    """
    older = has_older and bool(items)
    newer = has_newer and bool(items)
    # Between two bounds, older pages end at the same one; `after_id` alone is where we come from.
    oldest = query.after_id if query.before_id else None
    return {
        "page_details": {
            "limit": query.limit,
            "result_count": len(items),
            "current_url": _url(base_url, query, query.before_id, query.after_id),
            "prev_url": _url(base_url, query, items[-1].id, oldest) if older else None,
            "next_url": _url(base_url, query, None, items[0].id) if newer else None,
        },
        "transcripts": [_row(item, base_url) for item in items],
    }


def _row(item: ListItem, base_url: str) -> dict[str, object]:
    return {
        "id": item.id,
        "resource_url": f"{base_url.rstrip('/')}{PATH}/{item.id}",
        "status": item.status,
        "created": item.created,
        "completed": item.completed,
        "audio_url": item.audio_url,
        "error": item.error,
        "region": None,
    }


def _url(base_url: str, query: ListQuery, before_id: str | None, after_id: str | None) -> str:
    """Return the list with the same filters from another place."""
    pairs = {
        "limit": str(query.limit),
        "status": query.status,
        "created_on": query.created_on.isoformat() if query.created_on else None,
        "throttled_only": "true" if query.throttled_only else None,
        "before_id": before_id,
        "after_id": after_id,
    }
    given = urlencode({name: value for name, value in pairs.items() if value is not None})
    return f"{base_url.rstrip('/')}{PATH}?{given}"


def _day(text: str) -> date | None:
    if not DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
