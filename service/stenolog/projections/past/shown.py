"""Show what views would have shown, of the events up to a moment. Pure; a process beside calls it.

The changes that the projections make are kept in memory here, as a store of views keeps them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from stenolog.projections.documents import decode
from stenolog.projections.pages import ItemsPage
from stenolog.projections.projection import Projection
from stenolog.projections.rows import Forget, Hold, PutView, Reason, StatusRow, TranscriptHead
from stenolog.projections.run.chain import project_streams
from stenolog.projections.run.registry import OpenedEvent, status_after
from stenolog.projections.shaped.filters import Wanted
from stenolog.projections.views import TRANSCRIPT_VIEW, TRANSCRIPTIONS_VIEW

Projections = Mapping[str, Projection]
OF_THE_WHOLE = (TRANSCRIPTIONS_VIEW, TRANSCRIPT_VIEW)  # they show no list of items


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownView:
    """All of one view.

    Attributes:
        lines: Its items, each a JSON object, in order.
        reason: Why there are none; None when there are, or none were found.
        around: A JSON object with what a page shows beside its items; None without.
    """

    lines: tuple[bytes, ...] = ()
    reason: Reason | None = None
    around: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is shown of one transcription.

    Attributes:
        row: None where its events cannot be projected, or nobody asked for it.
        transcript: What was said as one piece; None while there is no outcome, or not asked for.
        views: Those that were asked for, by name.
    """

    row: StatusRow | None = None
    transcript: TranscriptHead | None = None
    views: Mapping[str, ShownView] = field(default_factory=dict)


def shown(names: Collection[str], events: Sequence[OpenedEvent], projections: Projections) -> Shown:
    """Return what the named projections show after these events of one stream, from the first."""
    views = {name: ShownView(reason="not_ready") for name in names if name not in OF_THE_WHOLE}
    transcript: TranscriptHead | None = None
    held = False
    changes = project_streams(tuple(names), projections, [events]).changes
    for change in changes:
        name = change.projection
        match change:
            case PutView() | Hold() if name == TRANSCRIPT_VIEW:
                transcript = None if change.transcript is None else _head_of(change.transcript)
            case Hold() if name == TRANSCRIPTIONS_VIEW:
                held = True
            case Forget() if name == TRANSCRIPT_VIEW:
                transcript = None
            case PutView():
                views[name] = _view_of(change)
            case Hold():
                views[name] = ShownView(reason="failed")
            case Forget():
                views[name] = ShownView(reason="erased")
            case _:
                pass
    row = None if held else status_after(changes, None)
    return Shown(row=row, transcript=transcript, views=views)


def shown_page(
    name: str,
    events: Sequence[OpenedEvent],
    projections: Projections,
    after: int,
    limit: int,
    wanted: Wanted | None,
) -> ItemsPage:
    """Return at most `limit` wanted items of a view that follow the ordinal `after`."""
    view = shown((name,), events, projections).views[name]
    found: list[tuple[int, bytes]] = []
    for ordinal, line in enumerate(view.lines[after:], start=after + 1):
        if wanted is None or wanted.matches(decode(line)):
            found.append((ordinal, line))
            if len(found) > limit:
                break
    page = found[:limit]
    return ItemsPage(
        items=tuple(line for _, line in page),
        next=page[-1][0] if len(found) > limit else None,
        reason=view.reason,
        around=view.around,
    )


def _view_of(view: PutView) -> ShownView:
    lines = (line for chunk in view.chunks for line in chunk.bodies.split(b"\n"))
    return ShownView(lines=tuple(lines), reason=view.reason, around=view.around)


def _head_of(transcript: TranscriptHead) -> TranscriptHead:
    """Leave out the body that `/v2` answers."""
    return TranscriptHead(
        text=transcript.text,
        confidence=transcript.confidence,
        language_code=transcript.language_code,
        words=transcript.words,
        audio=transcript.audio,
        warnings=transcript.warnings,
    )
