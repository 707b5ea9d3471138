"""Read the query of a transcript's view: filters, format and grouping, beside its page."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.paging import PAGE, PageQuery, after_of, limit_of, refuse_if
from stenolog.intelligence.policies import ENTITY_TYPES as OUR_ENTITY_TYPES
from stenolog.intelligence.taxonomy import is_below, labels
from stenolog.projections.shaped.filters import FILTERS, Wanted
from stenolog.projections.shaped.formats import CAPTIONED, PROSE
from stenolog.wire.assemblyai.enums import CONTENT_SAFETY_LABELS, ENTITY_TYPES, SENTIMENTS

SPEAKER_CHARS_MAX = 128
MILLISECONDS = re.compile(r"[0-9]{1,12}")
SHARE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,18})?|\.[0-9]{1,18}")
JSON = "json"
AS_OF = "as_of"  # the moment of which is told; all other parameters are of what was known then
NO_TOPIC = "must be a topic of the IAB Content Taxonomy 2.0, such as Sports or Sports>Boxing"
GROUPED = {"entities": "text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewQuery:
    """What is asked of a view.

    Attributes:
        wanted: None: every item.
        grouped: Items that name the same are one.
    """

    page: PageQuery
    wanted: Wanted | None
    format: str
    grouped: bool


def query_names(view: str) -> tuple[str, ...]:
    """Return the names of all query parameters of a view."""
    group = ("group",) if view in GROUPED else ()
    return (*FILTERS.get(view, ()), *group, "format", AS_OF, *PAGE)


def formats_of(view: str) -> tuple[str, ...]:
    """Return the formats in which a view can be had."""
    prose = ("md", "txt") if view in PROSE else ()
    return (JSON, "csv", *prose, *(("srt", "vtt") if view in CAPTIONED else ()))


def view_query(view: str, query: QueryParams, cursors: Cursors) -> ViewQuery:
    """Read the query of a view; an empty value counts as absent.

    Raises:
        InvalidRequest: A value is not one; all of them are named.
    """
    wrong: list[tuple[str, str]] = []
    asked = _Asked(query, wrong)
    page = PageQuery(limit=limit_of(query, wrong), after=after_of(query, cursors.number, wrong))
    wanted = Wanted(
        speaker=asked.speaker(),
        from_ms=asked.milliseconds("from_ms"),
        to_ms=asked.milliseconds("to_ms"),
        type=asked.one_of("type", ENTITY_TYPES | set(OUR_ENTITY_TYPES)),
        label=asked.label(view),
        sentiment=asked.one_of("sentiment", SENTIMENTS),
        confidence_min=asked.share("confidence_min"),
    )
    if None not in (wanted.from_ms, wanted.to_ms) and wanted.from_ms >= wanted.to_ms:  # type: ignore[operator]  # neither is None
        wrong.append(("to_ms", "must be greater than from_ms"))
    chosen = asked.one_of("format", formats_of(view)) or JSON
    group = asked.one_of("group", (GROUPED.get(view, ""),))
    if group and chosen not in (JSON, "csv"):
        wrong.append(("group", "goes with the formats json and csv"))
    refuse_if(wrong)
    return ViewQuery(
        page=page,
        wanted=None if wanted == Wanted() else wanted,
        format=chosen,
        grouped=group is not None,
    )


class _Asked:
    """Reads single values; what is wrong with one is described in `wrong`."""

    def __init__(self, query: QueryParams, wrong: list[tuple[str, str]]) -> None:
        self._query = query
        self._wrong = wrong

    def speaker(self) -> str | None:
        speaker = self._query.get("speaker") or None
        if speaker is not None and len(speaker) > SPEAKER_CHARS_MAX:
            self._wrong.append(("speaker", f"must have at most {SPEAKER_CHARS_MAX} characters"))
        return speaker

    def milliseconds(self, name: str) -> int | None:
        value = self._query.get(name) or None
        if value is None or MILLISECONDS.fullmatch(value):
            return None if value is None else int(value)
        self._wrong.append((name, "must be a whole number of milliseconds, 0 or more"))
        return None

    def share(self, name: str) -> float | None:
        value = self._query.get(name) or None
        if value is None:
            return None
        if SHARE.fullmatch(value) and float(value) <= 1:
            return float(value)
        self._wrong.append((name, "must be a number from 0 to 1"))
        return None

    def one_of(self, name: str, known: Collection[str]) -> str | None:
        value = self._query.get(name) or None
        if value is not None and value not in known:
            self._wrong.append((name, f"must be one of: {', '.join(sorted(known))}"))
        return value

    def label(self, view: str) -> str | None:
        if view == "content-safety":
            return self.one_of("label", CONTENT_SAFETY_LABELS)
        value = self._query.get("label") or None
        if value is not None and not _is_topic(value):
            self._wrong.append(("label", NO_TOPIC))
        return value


def _is_topic(value: str) -> bool:
    return any(is_below(label, value) for label in labels())
