"""Read which transcripts a question across them looks at."""

from __future__ import annotations

import re

from starlette.datastructures import QueryParams

from stenolog.clock import microseconds, rfc3339
from stenolog.edge.http.native_fields import METADATA_BYTES_MAX
from stenolog.edge.transcriptions.of_subject import SUBJECT_CHARS_MAX
from stenolog.errors import InvalidRequest, PayloadTooLarge
from stenolog.projections.search.index import Narrowed
from stenolog.projections.search.members import members_of
from stenolog.wire.strict_json import parse_object

NARROWING = ("subject", "metadata", "from", "to")  # the query parameters
SPEAKER_CHARS_MAX = 128
RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
MEMBERS_ASKED_MAX = 8
NO_MEMBERS = (
    f"must be a JSON object of 1 to {MEMBERS_ASKED_MAX} members that the metadata has, "
    'such as {"team": "sales"}'
)
NO_TIME = "must be a time as in RFC 3339, such as 2026-11-30T08:00:00Z; `+` is written %2B in a URL"

Wrong = list[tuple[str, str]]


def narrowed(query: QueryParams, tenant: str, wrong: Wrong) -> Narrowed:
    """Read `subject`, `metadata`, `from` and `to`; describe in `wrong` what is wrong with them."""
    return Narrowed(
        tenant=tenant,
        subject=short_text(query, "subject", SUBJECT_CHARS_MAX, wrong),
        metadata=members_asked(query, wrong),
        created_from=moment_in(query, "from", wrong),
        created_to=moment_in(query, "to", wrong),
    )


def short_text(query: QueryParams, name: str, chars_max: int, wrong: Wrong) -> str | None:
    """Read a text; an empty one counts as absent."""
    text = query.get(name) or None
    if text is not None and len(text) > chars_max:
        wrong.append((name, f"must have at most {chars_max} characters"))
    return text


def members_asked(query: QueryParams, wrong: Wrong) -> tuple[str, ...]:
    """Read the members that metadata must have: a JSON object of at most `MEMBERS_ASKED_MAX`."""
    given = query.get("metadata") or None
    if given is None:
        return ()
    try:
        asked = parse_object(given.encode(), bytes_max=METADATA_BYTES_MAX)
    except (InvalidRequest, PayloadTooLarge, UnicodeError):
        asked = {}
    if not 1 <= len(asked) <= MEMBERS_ASKED_MAX:
        wrong.append(("metadata", NO_MEMBERS))
        return ()
    return members_of(asked)


def moment_in(query: QueryParams, name: str, wrong: Wrong, problem: str = NO_TIME) -> str | None:
    """Read a moment in UTC with six digits, as they are stored; an empty one counts as absent."""
    given = query.get(name) or None
    if given is None:
        return None
    try:
        if RFC_3339.fullmatch(given):
            return rfc3339(microseconds(given.upper()))
    except (ValueError, OverflowError):
        pass
    wrong.append((name, problem))
    return None
