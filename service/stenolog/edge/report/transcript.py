"""Show what was said, turn by turn, with what was found in each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from stenolog.edge.report.conversation import Chapter, Conversation, Passage, Turn
from stenolog.edge.report.elements import Html, element
from stenolog.edge.report.marked import marked
from stenolog.edge.report.places import Places, clock, readable

By = Mapping[int, Sequence[Passage]]


def transcript(said: Conversation, places: Places, language: str | None) -> Html:
    """Return every turn, below the headings of the chapters."""
    by_turn = [_by_turn(places, one) for one in (said.sentiment, said.entities, said.flags)]
    shown: list[Html] = []
    before: list[Html] = []
    chapters = list(enumerate(said.chapters, start=1))
    for at, turn in enumerate(said.turns):
        while chapters and _begins(chapters[0][1], said.turns, at):
            shown += _group(before)
            before = [_heading(*chapters.pop(0), places)]
        before.append(_turn(at, turn, places, *(found.get(at, ()) for found in by_turn)))
    shown += _group(before)
    shown += [_heading(number, chapter, places) for number, chapter in chapters]
    return element(
        "section",
        element("h2", "Transcript", id="transcript"),
        shown or element("p", "Nothing was said.", class_="dim"),
        class_="transcript",
        lang=language,
        aria_labelledby="transcript",
    )


def _begins(chapter: Chapter, turns: Sequence[Turn], at: int) -> bool:
    """Tell whether the chapter stands before this turn: nearer to its begin than to its end."""
    turn = turns[at]
    return chapter.start <= turn.start or (
        chapter.start < turn.end and chapter.start - turn.start < turn.end - chapter.start
    )


def _group(inside: Sequence[Html]) -> Iterator[Html]:
    if inside:
        yield element("div", inside, class_="chapter")


def _heading(number: int, chapter: Chapter, places: Places) -> Html:
    title = chapter.headline or chapter.gist or f"Chapter {number}"
    return element(
        "header",
        element(
            "h3",
            element("span", number, class_="number"),
            " ",
            element("bdi", title),
            id=f"c{number}",
        ),
        element("p", chapter.summary, dir="auto")
        if chapter.summary and chapter.summary != title
        else None,
    )


def _turn(
    at: int,
    turn: Turn,
    places: Places,
    sentiment: Sequence[Passage],
    entities: Sequence[Passage],
    flags: Sequence[Passage],
) -> Html:
    voice = places.by_speaker[turn.speaker]
    timed = turn.end > 0
    return element(
        "article",
        element(
            "p",
            element("b", element("bdi", voice.name), class_="who")
            if turn.speaker is not None
            else None,
            " ",
            element("a", clock(turn.start), href=f"#t{at}", class_="time", data_ms=turn.start)
            if timed
            else None,
            [_chip(flag) for flag in {one.kind: one for one in flags}.values()],
            class_="head",
        ),
        element("p", marked(turn.text, sentiment, entities), dir="auto", class_="text"),
        id=f"t{at}",
        class_=f"turn s{voice.colour}{' flagged' if flags else ''}",
    )


def _chip(flag: Passage) -> Html:
    return element("span", "⚑ ", readable(flag.kind), class_="chip")


def _by_turn(places: Places, passages: Sequence[Passage]) -> By:
    found: defaultdict[int, list[Passage]] = defaultdict(list)
    for one in passages:
        at = places.turn_at(one.start)
        if at is not None:
            found[at].append(one)
    return found
