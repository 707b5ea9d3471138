"""Answer /api/v1/entities, /topics, /content-safety and /sentiment: counts across transcripts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial

import orjson
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.content_reads import shows_content
from stenolog.edge.native.as_of import Past
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.narrowing import (
    NARROWING,
    SPEAKER_CHARS_MAX,
    Wrong,
    narrowed,
    short_text,
)
from stenolog.edge.native.paging import PAGE, after_of, limit_of, page_answer, refuse_if
from stenolog.edge.native.view_query import AS_OF, NO_TOPIC
from stenolog.intelligence.policies import ENTITY_TYPES as OUR_ENTITY_TYPES
from stenolog.intelligence.taxonomy import labels
from stenolog.log.events.accesses import ContentView
from stenolog.projections.search.entry import FindingKind
from stenolog.projections.search.index import Count, Counting, SearchReader
from stenolog.wire.assemblyai.enums import CONTENT_SAFETY_LABELS, ENTITY_TYPES, SENTIMENTS

TEXT_CHARS_MAX = 256
PLACE_NUMBERS = 2
BY_TRANSCRIPT = "transcript"
WEIGHT_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Across:
    """One of the lists.

    Attributes:
        kind: Of the findings that it counts.
        view: What a read of it is recorded as.
        label: The query parameter that names what a finding is, and the values that there are.
        said: What to say of another value; empty: the values are named.
        filters: Other query parameters.
        shown: Makes an item of a count.
    """

    kind: FindingKind
    view: ContentView
    label: tuple[str, Collection[str]]
    shown: Callable[[Count], Mapping[str, object]]
    filters: tuple[str, ...] = ()
    said: str = ""

    @property
    def query(self) -> tuple[str, ...]:
        """The names of all its query parameters."""
        return (self.label[0], *self.filters, *NARROWING, "group", AS_OF, *PAGE)


LISTS: Mapping[str, Across] = {
    "entities": Across(
        kind="entity",
        view="entities",
        label=("type", ENTITY_TYPES | set(OUR_ENTITY_TYPES)),
        filters=("text", "speaker"),
        shown=lambda one: {
            "entity_type": one.label,
            "text": one.text,
            "count": one.count,
            "transcripts": one.transcripts,
        },
    ),
    "topics": Across(
        kind="topic",
        view="topics",
        label=("label", frozenset(labels())),
        said=NO_TOPIC,
        shown=lambda one: {
            "label": one.label,
            "transcripts": one.transcripts,
            "relevance": round(one.weight, WEIGHT_DIGITS),
        },
    ),
    "content-safety": Across(
        kind="content_safety",
        view="content-safety",
        label=("label", CONTENT_SAFETY_LABELS),
        shown=lambda one: {
            "label": one.label,
            "transcripts": one.transcripts,
            "passages": one.count,
            "severity_max": round(one.weight, WEIGHT_DIGITS),
        },
    ),
    "sentiment": Across(
        kind="sentiment",
        view="sentiment",
        label=("sentiment", SENTIMENTS),
        shown=lambda one: {
            "sentiment": one.label,
            "sentences": one.count,
            "transcripts": one.transcripts,
        },
    ),
}
"""By the last part of their path."""


class Counted:
    """Answers one of the lists."""

    def __init__(self, across: Across, index: SearchReader, cursors: Cursors, past: Past) -> None:
        self._past = past
        self._across = across
        self._index = index
        self._cursors = cursors

    async def get(self, request: Request, caller: ApiKey) -> Response:
        """Answer with a page: the most frequent first; by transcript, the newest result first."""
        by_transcript, asked = self._asked(request.query_params, caller.tenant)
        among, told = await self._past.narrowed(request.query_params, asked.among)
        asked = replace(asked, among=among)
        if by_transcript:
            found, more = await self._index.count_by_transcript(asked)
            items = [
                orjson.dumps({"transcript_id": one.transcription, "count": one.count})
                for one in found
            ]
            shows_content(request, self._across.view, *(one.transcription for one in found))
            place = (found[-1].position, 0) if found else (0, 0)
            return page_answer(
                items, self._cursors.of_numbers(place) if more else None, around=told
            )
        counts, more = await self._index.count(asked)
        items = [orjson.dumps(self._across.shown(one)) for one in counts]
        if counts:
            shows_content(request, self._across.view, None)
        place = (counts[-1].count, counts[-1].key) if counts else (0, 0)
        return page_answer(items, self._cursors.of_numbers(place) if more else None, around=told)

    def _asked(self, query: QueryParams, tenant: str) -> tuple[bool, Counting]:
        """Read the query.

        Raises:
            InvalidRequest: A value is not one; all of them are named.
        """
        wrong: Wrong = []
        name, known = self._across.label
        group = _one_of(query, "group", (BY_TRANSCRIPT,), wrong)
        after = after_of(query, partial(self._cursors.numbers, count=PLACE_NUMBERS), wrong)
        asked = Counting(
            kind=self._across.kind,
            among=narrowed(query, tenant, wrong),
            label=_one_of(query, name, known, wrong, self._across.said),
            text=short_text(query, "text", TEXT_CHARS_MAX, wrong),
            speaker=short_text(query, "speaker", SPEAKER_CHARS_MAX, wrong),
            limit=limit_of(query, wrong),
            after=None if after is None else (after[0], after[1]),
        )
        refuse_if(wrong)
        return group is not None, asked


def _one_of(
    query: QueryParams, name: str, known: Collection[str], wrong: Wrong, said: str = ""
) -> str | None:
    """Read one of some values; an empty one counts as absent."""
    value = query.get(name) or None
    if value is not None and value not in known:
        wrong.append((name, said or f"must be one of: {', '.join(sorted(known))}"))
    return value
