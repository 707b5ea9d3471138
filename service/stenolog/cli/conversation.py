"""Show a conversation on a terminal: who said what, below its chapters, with what was found."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from stenolog.cli.answers import Transcript
from stenolog.cli.found import ChapterItem, FlagItem, Found
from stenolog.cli.layout import plain, said, wrapped
from stenolog.cli.paint import BAD, BOLD, DIM, FLAG, GOOD, Paint
from stenolog.cli.words import clock

MARKS = {
    frozenset({"POSITIVE"}): "+",
    frozenset({"NEGATIVE"}): "-",
    frozenset({"POSITIVE", "NEGATIVE"}): "~",
}
COLOUR_OF = {"+": GOOD, "-": BAD, "~": FLAG}
LEGEND = "+ positive, - negative, ~ both"
BELOW_TURN = 10  # columns, where what was said begins as well
NAMES_PER_TYPE_MAX = 12


def conversation(transcript: Transcript, found: Found, paint: Paint) -> Iterator[str]:
    """Yield what was said, turn by turn, then what was found in all of it; all texts are safe."""
    turns = transcript.utterances or []
    starts = [turn.start for turn in turns]
    marks = _marks(found, starts)
    flags = _flags(found.flags, starts)
    chapters = list(enumerate(found.chapters, start=1))
    for at, turn in enumerate(turns):
        while chapters and (chapters[0][1].start or 0) <= turn.start:
            yield from _heading(*chapters.pop(0), paint, first=at == 0)
        mark = marks.get(at, " ")
        sign = paint(COLOUR_OF[mark], mark) if mark in COLOUR_OF else mark
        yield said(turn, mark, f"{clock(turn.start):>8} {sign}{paint.voice(turn.speaker)}: ")
        for flag in flags.get(at, ()):
            yield paint(FLAG, f"{'':>{BELOW_TURN}}! {flag}")
    if not turns:
        yield plain(transcript.text or "(no speech)")
    for number, chapter in chapters:
        yield from _heading(number, chapter, paint)
    yield from _all_of_it(found, paint, marked=bool(marks), told=bool(turns))


def _heading(
    number: int, chapter: ChapterItem, paint: Paint, *, first: bool = False
) -> Iterator[str]:
    if not first:
        yield ""
    for line in wrapped(chapter.title, f"{number}  ", 3).split("\n"):
        yield paint(BOLD, line)


def _marks(found: Found, starts: Sequence[int]) -> Mapping[int, str]:
    heard: defaultdict[int, set[str]] = defaultdict(set)
    for one in found.sentiment:
        if one.start is not None and one.sentiment in ("POSITIVE", "NEGATIVE") and starts:
            heard[_turn_at(starts, one.start)].add(one.sentiment)
    return {at: MARKS[frozenset(kinds)] for at, kinds in heard.items()}


def _flags(flags: Sequence[FlagItem], starts: Sequence[int]) -> Mapping[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    for one in flags:
        if starts and one.start_ms is not None:
            found[_turn_at(starts, one.start_ms)].append(labels_of(one))
    return found


def labels_of(flag: FlagItem) -> str:
    """Return why a passage is flagged: `profanity, 90 % sure, severity 25 %`."""
    shown = []
    for one in flag.labels:
        sure = "" if one.confidence is None else f", {100 * one.confidence:.0f} % sure"
        severity = "" if one.severity is None else f", severity {100 * one.severity:.0f} %"
        label = (one.label or "flagged").replace("_", " ")
        shown.append(f"{label}{sure}{severity}")
    return "; ".join(shown)


def _turn_at(starts: Sequence[int], ms: int) -> int:
    return max(0, bisect_right(starts, ms) - 1)


def _all_of_it(found: Found, paint: Paint, *, marked: bool, told: bool) -> Iterator[str]:
    if found.sentiment or found.entities or (found.flags and not told):
        yield ""
    if found.sentiment:
        legend = paint(DIM, f" ({LEGEND})") if marked else ""
        yield paint(BOLD, "sentiment") + f"  {sentiment_line(found)}{legend}"
    for kind, names in entity_lines(found):
        first, *rest = wrapped(names, f"{kind}  ", 2).split("\n")
        yield first.replace(kind, paint(BOLD, kind), 1)
        yield from rest
    for flag in () if told else found.flags:
        place = "" if flag.start_ms is None else f"{clock(flag.start_ms)}  "
        yield paint(FLAG, f"! {place}{labels_of(flag)}")


def sentiment_line(found: Found) -> str:
    """Return how many sentences sound how: `3 positive, 2 negative, 10 neutral`."""
    counts = Counter(one.sentiment for one in found.sentiment)
    kinds = ("POSITIVE", "NEGATIVE", "NEUTRAL")
    return ", ".join(f"{counts[kind]} {kind.lower()}" for kind in kinds)


def entity_lines(found: Found) -> Iterator[tuple[str, str]]:
    """Yield each type of entity with its texts, the most frequent first."""
    by_type: defaultdict[str, Counter[str]] = defaultdict(Counter)
    written: dict[str, str] = {}  # as each was written first, by what is the same in any case
    for one in found.entities:
        name = written.setdefault((one.text or "?").casefold(), one.text or "?")
        by_type[one.entity_type or "entity"][name] += 1
    for kind, counts in sorted(by_type.items(), key=lambda pair: -pair[1].total()):
        names = [
            text if count == 1 else f"{text} ×{count}"
            for text, count in counts.most_common(NAMES_PER_TYPE_MAX)
        ]
        more = len(counts) - len(names)
        yield kind.replace("_", " "), ", ".join(names) + (f", and {more} more" if more else "")
