"""Write the page to which the `type` of a problem leads."""

from __future__ import annotations

from html import escape

from stenolog.edge.documents.html import page, paragraph, said
from stenolog.edge.http.problem_types import PROBLEM_TYPES


def errors_page() -> bytes:
    """Return the page; every problem type has an anchor of its code."""
    parts = [
        paragraph(
            "An error of `/api/v1` is a problem as in RFC 9457: `type` leads to this page, `title` "
            "and `status` are those below, `detail` says what was wrong, `errors` which field, and "
            "`correlation_id` is what to tell whoever runs the gateway. `/v2` answers "
            '`{"error": "..."}` as AssemblyAI does, with the same statuses where it has them.'
        )
    ]
    for one in PROBLEM_TYPES:
        parts.append(
            f'<h3 id="{escape(one.code)}"><span class="method">{one.status}</span>'
            f"<code>{escape(one.code)}</code> {said(one.title)}</h3>{paragraph(one.advice)}"
        )
    return page("Problem types", parts, "style.css")
