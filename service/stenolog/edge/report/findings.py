"""List beside the transcript what was found in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence, Sized

from stenolog.edge.report.conversation import Conversation, Passage
from stenolog.edge.report.elements import Html, Inside, element
from stenolog.edge.report.places import Places, clock, readable

CHAPTERS_MAX, TOPICS_MAX, PHRASES_MAX = 200, 8, 24
KINDS_MAX, VOICES_MAX = 60, 100
FLAGS_PER_LABEL_MAX = 30
ENTITIES_PER_TYPE_MAX = 20
QUOTE_CHARS_MAX = 240
# What a view's reason means to a reader, where its feature was asked for.
REASONS = {
    "unavailable": "was asked for, and the provider returned nothing for it",
    "failed": "could not be read",
    "not_ready": "is not ready yet",
}
NAMES = {
    "chapters": "Chapters",
    "sentiment": "Sentiment",
    "entities": "Entities",
    "content-safety": "Flagged passages",
    "topics": "Topics",
    "highlights": "Key phrases",
    "summary": "A summary",
}


def findings(said: Conversation, places: Places) -> Html | None:
    """Return all lists; None where nothing was found or asked for."""
    parts = [
        _speakers(places),
        _chapters(said, places),
        _flags(said, places),
        _entities(said, places),
        _topics(said),
        _phrases(said, places),
        _missing(said),
    ]
    if not any(parts):
        return None
    return element("aside", parts, aria_label="What was found")


def _section(name: str, title: str, *inside: Inside) -> Html:
    return element(
        "section", element("h2", title, id=name), *inside, class_=name, aria_labelledby=name
    )


def _speakers(places: Places) -> Html | None:
    if not any(voice.speaker is not None for voice in places.voices):
        return None
    talk_ms = sum(voice.talk_ms for voice in places.voices) or 1
    rows = [
        element(
            "tr",
            element("th", element("bdi", voice.name), scope="row", class_=f"who s{voice.colour}"),
            element("td", f"{100 * voice.talk_ms / talk_ms:.0f} %"),
            element("td", clock(voice.talk_ms)),
            element("td", f"{voice.words:,}"),
            element("td", f"{voice.turns:,}"),
        )
        for voice in places.voices[:VOICES_MAX]
    ]
    names = ("Speaker", "Share", "Time", "Words", "Turns")
    head = element("tr", [element("th", name, scope="col") for name in names])
    table = element("table", element("thead", head), element("tbody", rows))
    return _section("speakers", "Speakers", table, _more(places.voices, rows))


def _chapters(said: Conversation, places: Places) -> Html | None:
    if not said.chapters:
        return None
    shown = [
        element(
            "li",
            element("a", element("bdi", one.gist or one.headline), href=f"#c{number}"),
            " ",
            places.link(one.start),
        )
        for number, one in enumerate(said.chapters[:CHAPTERS_MAX], start=1)
    ]
    return _section("chapters", "Chapters", element("ol", shown), _more(said.chapters, shown))


def _flags(said: Conversation, places: Places) -> Html | None:
    if not said.flags:
        return None
    shown: list[Html | None] = []
    labels = _by_kind(said.flags)
    for label, passages in labels[:KINDS_MAX]:
        items = [
            element(
                "li",
                places.link(one.start),
                element("span", _measures(one), class_="dim"),
                element("q", _cut(one.text), dir="auto"),
            )
            for one in passages[:FLAGS_PER_LABEL_MAX]
        ]
        shown += [
            element("h3", readable(label), _times(len(passages))),
            element("ul", items),
            _more(passages, items),
        ]
    return _section("flags", "Flagged passages", shown, _more(labels, labels[:KINDS_MAX]))


def _measures(flag: Passage) -> str:
    shares = (("confidence", flag.confidence), ("severity", flag.severity))
    said = [f"{name} {100 * share:.0f} %" for name, share in shares if share is not None]
    return f" {', '.join(said)}" if said else ""


def _entities(said: Conversation, places: Places) -> Html | None:
    if not said.entities:
        return None
    shown: list[Html | None] = []
    kinds = _by_kind(said.entities)
    for kind, found in kinds[:KINDS_MAX]:
        names = Counter(one.text.casefold() for one in found).most_common()
        first = {one.text.casefold(): one for one in reversed(found)}
        chips = [
            element(
                "li",
                places.link(first[name].start, element("bdi", first[name].text), class_="name"),
                _times(count),
            )
            for name, count in names[:ENTITIES_PER_TYPE_MAX]
        ]
        shown += [
            element("h3", readable(kind)),
            element("ul", chips, class_="chips"),
            _more(names, chips),
        ]
    return _section("entities", "Entities", shown, _more(kinds, kinds[:KINDS_MAX]))


def _by_kind(passages: Sequence[Passage]) -> list[tuple[str, list[Passage]]]:
    """Return the passages of each kind, the most frequent kind first."""
    found: defaultdict[str, list[Passage]] = defaultdict(list)
    for one in passages:
        found[one.kind].append(one)
    return sorted(found.items(), key=lambda pair: -len(pair[1]))


def _times(count: int) -> Html | None:
    return element("span", f" × {count}", class_="dim") if count > 1 else None


def _topics(said: Conversation) -> Html | None:
    if not said.topics:
        return None
    shown = [
        element(
            "li",
            element("span", readable(label.rsplit(">", 1)[-1]), title=label.replace(">", " › ")),
            element(
                "svg",
                element("rect", width="100%", height=6, class_="rail"),
                element("rect", width=f"{100 * share:.0f}%", height=6, class_="others"),
                width=96,
                height=6,
                role="img",
                aria_label=f"{100 * share:.0f} % relevant",
            ),
        )
        for label, share in said.topics[:TOPICS_MAX]
    ]
    return _section("topics", "Topics", element("ul", shown))


def _phrases(said: Conversation, places: Places) -> Html | None:
    if not said.highlights:
        return None
    chips = []
    for one in said.highlights[:PHRASES_MAX]:
        name = element("bdi", one.text)
        shown = name if one.start is None else places.link(one.start, name, class_="name")
        chips.append(element("li", shown, _times(one.count)))
    return _section("phrases", "Key phrases", element("ul", chips, class_="chips"))


def _missing(said: Conversation) -> Html | None:
    lines = [
        element("p", f"{NAMES[name]}: {REASONS[reason]}.", class_="dim")
        for name, reason in said.reasons.items()
        if name in NAMES and reason in REASONS
    ]
    return _section("missing", "Not found out", lines) if lines else None


def _more(all_of_them: Sized, shown: Sized) -> Html | None:
    left = len(all_of_them) - len(shown)
    return element("p", f"and {left:,} more", class_="dim") if left else None


def _cut(text: str) -> str:
    return text if len(text) <= QUOTE_CHARS_MAX else f"{text[:QUOTE_CHARS_MAX].rstrip()} …"
