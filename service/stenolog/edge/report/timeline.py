"""Draw the conversation along its time: who speaks when, its chapters, sentiment and flags.

Every row is a drawing of its own, as wide as its place and with lengths in per cent, so that
nothing is distorted on a narrow screen; what it shows is said in words beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stenolog.edge.report.conversation import Conversation, Passage, Turn
from stenolog.edge.report.elements import Html, element, joined
from stenolog.edge.report.places import Places, clock, readable

LANES_MAX = 12  # rows of speakers; those who spoke least share the last one
LANE_PX, STRIP_PX, CURVE_PX, AXIS_PX = 14, 22, 44, 18
STEPS = 1_000  # pieces of one speaker that lie nearer together than one step are drawn as one
BINS = 96
SMOOTHED_BINS = 1  # on each side
LEAST_SCALE = 0.5  # a curve that rises less is not drawn larger than it is
NUMBERED_SHARE, WIDE_SHARE = 0.025, 0.08  # of the width, on which a number has room
TICKS_MAX = 6
TICK_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200)
SIGNS = {"POSITIVE": 1.0, "NEGATIVE": -1.0}


def timeline(said: Conversation, places: Places, length_ms: int) -> Html | None:
    """Return the drawing; None where nothing has a time."""
    if length_ms <= 0 or not places.turns:
        return None
    rows = [
        *_chapters(said, places, length_ms),
        *_lanes(said.turns, places, length_ms),
        *_sentiment(said.sentiment, length_ms),
        *_flags(said.flags, places, length_ms),
        _row("", _axis(length_ms), "axis"),
    ]
    return element(
        "section",
        element("h2", "Timeline", id="timeline"),
        element("div", rows, class_="rows"),
        class_="timeline",
        aria_labelledby="timeline",
    )


def _row(name: str, drawing: Html, kind: str) -> Html:
    return element("div", element("span", element("bdi", name)), drawing, class_=f"row {kind}")


def _drawing(height: int, label: str, *inside: Iterable[Html] | Html | None) -> Html:
    return element("svg", *inside, width="100%", height=height, role="img", aria_label=label)


def _chapters(said: Conversation, places: Places, length_ms: int) -> Iterator[Html]:
    if not said.chapters:
        return
    bands = [
        element(
            "a",
            element("title", f"{clock(one.start)} {one.gist or one.headline}"),
            _box(one.start, one.end, length_ms, 0, STRIP_PX, "band"),
            element("text", number, x=_percent(one.start, length_ms), dx=6, y=15)
            if one.end - one.start >= length_ms * NUMBERED_SHARE
            else None,
            href=f"#c{number}",
            class_="narrow" if one.end - one.start < length_ms * WIDE_SHARE else None,
            data_ms=one.start,
        )
        for number, one in enumerate(said.chapters, start=1)
    ]
    drawing = element(
        "svg", bands, width="100%", height=STRIP_PX, role="group", aria_label="Chapters"
    )
    yield _row("Chapters", drawing, "chapters")


def _lanes(turns: Sequence[Turn], places: Places, length_ms: int) -> Iterator[Html]:
    alone = places.voices if len(places.voices) <= LANES_MAX else places.voices[: LANES_MAX - 1]
    others = places.voices[len(alone) :]
    talk_ms = sum(voice.talk_ms for voice in places.voices) or 1
    told_apart = any(voice.speaker is not None for voice in alone)
    for voice in alone:
        name = voice.name if told_apart else "Speech"
        share = f"{name}: {100 * voice.talk_ms / talk_ms:.0f} % of the talk"
        yield _lane(name, share, turns, {voice.speaker}, f"s{voice.colour}", length_ms)
    if others:
        names = {voice.speaker for voice in others}
        label = f"{len(others)} others"
        yield _lane(label, label, turns, names, "others", length_ms)


def _lane(
    name: str,
    label: str,
    turns: Sequence[Turn],
    speakers: set[str | None],
    colour: str,
    length_ms: int,
) -> Html:
    pieces = _merged(
        ((turn.start, turn.end) for turn in turns if turn.speaker in speakers), length_ms // STEPS
    )
    boxes = [_box(start, end, length_ms, 2, LANE_PX - 4, colour) for start, end in pieces]
    rail = element("rect", width="100%", height=LANE_PX - 4, y=2, class_="rail")
    return _row(name, _drawing(LANE_PX, label, rail, boxes), "lane")


def _merged(pieces: Iterable[tuple[int, int]], gap_ms: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in pieces:
        if found and start - found[-1][1] <= gap_ms:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _sentiment(passages: Sequence[Passage], length_ms: int) -> Iterator[Html]:
    """Yield the curve: in each bin the mean of +1, 0 and -1, weighted by length, then smoothed."""
    if not passages:
        return
    curve = _smoothed(_bins(passages, length_ms))
    middle = CURVE_PX // 2
    reach = (middle - 3) / max(LEAST_SCALE, *map(abs, curve))
    width = 100 / BINS
    bars = [
        element(
            "rect",
            x=f"{at * width:.2f}%",
            width=f"{width * 0.8:.2f}%",
            y=f"{middle - max(value, 0) * reach:.1f}",
            height=f"{max(abs(value) * reach, 0.5):.1f}",
            class_="up" if value > 0 else "down" if value < 0 else "even",
        )
        for at, value in enumerate(curve)
    ]
    points = " ".join(
        f"{(at + 0.5) * 1000 / BINS:.1f},{middle - value * reach:.1f}"
        for at, value in enumerate(curve)
    )
    line = element(
        "svg",
        element("polyline", points=points, vector_effect="non-scaling-stroke"),
        viewBox=f"0 0 1000 {CURVE_PX}",
        preserveAspectRatio="none",
        width="100%",
        height=CURVE_PX,
    )
    counts = {kind: sum(one.kind == kind for one in passages) for kind in SIGNS}
    label = (
        f"Sentiment over time: {counts['POSITIVE']} positive and {counts['NEGATIVE']} negative of "
        f"{len(passages)} sentences"
    )
    zero = element("line", x1="0", x2="100%", y1=middle, y2=middle, class_="zero")
    yield _row("Sentiment", _drawing(CURVE_PX, label, bars, zero, line), "curve")


def _bins(passages: Sequence[Passage], length_ms: int) -> list[float]:
    sums, weights = [0.0] * BINS, [0.0] * BINS
    for one in passages:
        first = min(BINS - 1, one.start * BINS // length_ms)
        last = min(BINS - 1, max(one.start, one.end - 1) * BINS // length_ms)
        weight = max(1, one.end - one.start) / (last - first + 1)
        for at in range(first, last + 1):
            sums[at] += SIGNS.get(one.kind, 0.0) * weight
            weights[at] += weight
    return [total / weight if weight else 0.0 for total, weight in zip(sums, weights, strict=True)]


def _smoothed(values: Sequence[float]) -> list[float]:
    around = [
        values[max(0, at - SMOOTHED_BINS) : at + SMOOTHED_BINS + 1] for at in range(len(values))
    ]
    return [sum(some) / len(some) for some in around]


def _flags(flags: Sequence[Passage], places: Places, length_ms: int) -> Iterator[Html]:
    if not flags:
        return
    marks = [
        element(
            "a",
            element("title", f"{clock(one.start)} {readable(one.kind)}"),
            _box(one.start, one.end, length_ms, 4, LANE_PX - 4, "flag"),
            href=f"#t{places.turn_at(one.start)}",
            data_ms=one.start,
        )
        for one in flags
    ]
    rail = element("rect", width="100%", height=LANE_PX - 4, y=4, class_="rail")
    drawing = element(
        "svg", rail, marks, width="100%", height=LANE_PX, role="group", aria_label="Flagged"
    )
    yield _row("Flagged", drawing, "flags")


def _axis(length_ms: int) -> Html:
    step_s = next((one for one in TICK_S if length_ms / 1000 / one <= TICKS_MAX), TICK_S[-1])
    ticks = [
        joined(
            element("line", x1=_percent(ms, length_ms), x2=_percent(ms, length_ms), y2=4),
            element(
                "text", clock(ms), x=_percent(ms, length_ms), y=15, class_=None if ms else "first"
            ),
        )
        for ms in range(0, min(length_ms, step_s * 1000 * 99), step_s * 1000)
    ]
    return element("svg", ticks, width="100%", height=AXIS_PX, aria_hidden="true")


def _box(start: int, end: int, length_ms: int, y: int, height: int, kind: str) -> Html:
    """Return a box from one time to another; the style gives the shortest a width to be seen."""
    return element(
        "rect",
        x=_percent(start, length_ms),
        width=_percent(max(end - start, length_ms // STEPS), length_ms),
        y=y,
        height=height,
        class_=kind,
    )


def _percent(ms: int, length_ms: int) -> str:
    return f"{min(100 * ms / length_ms, 100):.2f}%"
