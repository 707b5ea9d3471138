"""Read the query of native lists, and answer them as `{"items", "next"}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import orjson
from starlette.datastructures import QueryParams
from starlette.responses import Response

from stenolog.edge.native.cursors import Cursors
from stenolog.errors import InvalidRequest

PAGE = ("limit", "after")  # the query parameters of every list
LIMIT_DEFAULT = 50
LIMIT_MAX = 200  # AssemblyAI's own lists have at most 200 as well
Place = TypeVar("Place", int, str, tuple[int, ...], tuple[str, str])
SHORT = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """What a list shows: at most `limit` items that follow `after`; None: from the first."""

    limit: int
    after: int | None


def page_query(query: QueryParams, cursors: Cursors) -> PageQuery:
    """Read `limit` and `after`; an empty value counts as absent.

    Raises:
        InvalidRequest: A value is not one; all of them are named.
    """
    wrong: list[tuple[str, str]] = []
    limit = limit_of(query, wrong)
    after = after_of(query, cursors.number, wrong)
    refuse_if(wrong)
    return PageQuery(limit=limit, after=after)


def after_of(
    query: QueryParams, read: Callable[[str], Place], wrong: list[tuple[str, str]]
) -> Place | None:
    """Read the cursor, None without one; describe in `wrong` what is wrong with it."""
    after = query.get("after") or None
    try:
        return None if after is None else read(after)
    except InvalidRequest as exc:
        wrong.append(("after", str(exc)))
        return None


def limit_of(query: QueryParams, wrong: list[tuple[str, str]]) -> int:
    """Read the limit; describe in `wrong` what is wrong with it."""
    limit = query.get("limit") or str(LIMIT_DEFAULT)
    if SHORT.fullmatch(limit) and 1 <= int(limit) <= LIMIT_MAX:
        return int(limit)
    wrong.append(("limit", f"must be an integer from 1 to {LIMIT_MAX}"))
    return LIMIT_DEFAULT


def refuse_if(wrong: Sequence[tuple[str, str]]) -> None:
    """Refuse when something is wrong.

    Raises:
        InvalidRequest: Something is; the message is about the first.
    """
    if wrong:
        raise InvalidRequest(f"{wrong[0][0]} {wrong[0][1]}", wrong)


def page_answer(
    items: Sequence[bytes],
    following: str | None,
    *,
    reason: str | None = None,
    around: bytes | None = None,
) -> Response:
    """Answer with a page whose items are JSON already, as are the members in the object `around`.

    `reason` says why there are no items.
    """
    told = {"next": following} if reason is None else {"next": following, "reason": reason}
    tail = orjson.dumps(told)
    if around is not None:
        tail = tail[:-1] + b"," + around[1:]
    return Response(
        b'{"items":[' + b",".join(items) + b"]," + tail[1:], media_type="application/json"
    )
