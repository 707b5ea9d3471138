"""Show what happened to a transcription: a line for each step, the first on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stenolog.edge.report.elements import Html, element
from stenolog.projections.past.story import Step

STEPS_MAX = 200  # weeks of a provider that refuses are not read by anybody
NOBODY: Mapping[str, str] = {}


def story(steps: Sequence[Step], names: Mapping[str, str]) -> Html | None:
    """Return the section; None without steps. `names` are those of who acted, by their ids."""
    if not steps:
        return None
    rows = [_row(one, names) for one in steps[:STEPS_MAX]]
    left_out = len(steps) - len(rows)
    more = element("p", f"{left_out:,} more: `stenolog explain` has all.") if left_out else None
    return element(
        "section",
        element("h2", f"What happened, from {steps[0].time[:10]} on (UTC)", id="story"),
        element("ol", rows),
        more,
        class_="story",
        aria_labelledby="story",
    )


def _row(one: Step, names: Mapping[str, str]) -> Html:
    after = "" if one.after_ms is None else f"+{took(one.after_ms)}"
    actor = names.get(one.actor_id or "", one.actor)
    return element(
        "li",
        element("time", one.time[11:23], datetime=one.time, class_="time"),
        element("span", after, class_="time"),
        element("span", element("bdi", actor), class_="dim"),
        element("span", one.said, dir="auto"),
        class_=one.step,
    )


def took(ms: int) -> str:
    """Return a duration for people: `850 ms`, `12.3 s`, `5 min`, `3 h`."""
    if ms < 1_000:
        return f"{ms} ms"
    if ms < 60_000:
        return f"{ms / 1_000:.1f} s"
    return f"{ms // 60_000:,} min" if ms < 3_600_000 else f"{ms // 3_600_000:,} h"
