"""Answer a page of a view in the format that was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import ParamSpec, TypeVar
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.responses import Response

from stenolog.edge.native.paging import page_answer
from stenolog.edge.native.view_query import JSON, ViewQuery
from stenolog.projections.documents import decode, encode
from stenolog.projections.pages import ItemsPage
from stenolog.projections.shaped import formats
from stenolog.projections.shaped.findings import grouped_by_text

INLINE_BYTES_MAX = 64 << 10  # of items; more are read beside the event loop
REASON = "Stenolog-Reason"  # the header for what `reason` says in JSON
MEDIA_TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
}

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


async def grouped_page(last: ItemsPage, lines: Sequence[bytes], asked: ViewQuery) -> ItemsPage:
    """Return a page of groups of these items; `last` is the last page of them."""
    groups = await _beside_loop(lines, _grouped, lines)
    begin = asked.page.after or 0
    end = begin + asked.page.limit
    return ItemsPage(
        items=tuple(groups[begin:end]),
        next=end if end < len(groups) else None,
        reason=last.reason,
        around=last.around,
    )


async def answer_of(
    view: str, found: ItemsPage, following: str | None, asked: ViewQuery, query: QueryParams
) -> Response:
    """Answer with these items.

    What JSON says beside them is in headers: why there are none, and where the next page is.
    """
    if asked.format == JSON:
        return page_answer(found.items, following, reason=found.reason, around=found.around)
    text = await _beside_loop(found.items, _written, view, found.items, asked)
    headers: dict[str, str] = {}
    if found.reason is not None:
        headers[REASON] = found.reason
    if following is not None:
        others = [(name, value) for name, value in query.multi_items() if name != "after"]
        headers["Link"] = f'<?{urlencode([*others, ("after", following)])}>; rel="next"'
    return Response(text, headers=headers, media_type=MEDIA_TYPES[asked.format])


def _grouped(lines: Sequence[bytes]) -> list[bytes]:
    return [encode(group) for group in grouped_by_text([decode(line) for line in lines])]


def _written(view: str, lines: Sequence[bytes], asked: ViewQuery) -> bytes:
    items = [decode(line) for line in lines]
    match asked.format:
        case "csv":
            columns = formats.GROUPED_COLUMNS if asked.grouped else formats.COLUMNS[view]
            text = formats.as_csv(items, columns)
        case "md":
            text = formats.as_markdown(view, items)
        case "txt":
            text = formats.as_text(view, items)
        case "srt":
            text = formats.as_srt(items)
        case _:
            text = formats.as_vtt(items)
    return text.encode("utf-8", "replace")


async def _beside_loop(
    lines: Sequence[bytes],
    call: Callable[Parameters, Result],
    *args: Parameters.args,
    **how: Parameters.kwargs,
) -> Result:
    if sum(map(len, lines)) <= INLINE_BYTES_MAX:
        return call(*args, **how)
    return await asyncio.to_thread(call, *args, **how)
