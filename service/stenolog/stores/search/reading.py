"""Search `search.db`; each call is of one moment, and has a limit of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import apsw

from stenolog.projections.search.index import (
    Hit,
    HitsPage,
    Narrowed,
    Place,
    Search,
    SearchNotReady,
)
from stenolog.projections.search.query import Term
from stenolog.projections.search.snippets import snippet_of
from stenolog.stores.search.matching import RANK_MAX, expression_of
from stenolog.stores.search.schema import PASSAGE_BITS
from stenolog.stores.search.values import text_or_null, whole, whole_or_none
from stenolog.stores.search.writing import ALL_PASSAGES, read_state

# So many matches are ranked together, the newest first: a common word is answered as soon as a
# rare one, and every match is on some page.
RANKED_TOGETHER = 1_000
NEWEST = (1 << 63) - 1

_MATCHES = """
SELECT rowid, share_of_terms(words, ?) FROM words
WHERE words MATCH ? AND rowid <= ? AND rowid >= ? ORDER BY rowid DESC LIMIT ?
"""
_PASSAGE = """
SELECT t.id, p.start_ms, p.end_ms, p.speaker, p.text FROM passages AS p
JOIN transcripts AS t ON t.position = p.id >> ? WHERE p.id = ?
"""
EARLIEST, LATEST = "", "a"  # before and behind every RFC 3339 time, as texts


@dataclass(frozen=True, slots=True)
class _Match:
    passage: int
    rank: int


@dataclass(frozen=True, slots=True)
class _Window:
    """Matches that are ranked together, the best first; `older`: there may be more below."""

    matches: list[_Match]
    top: int
    bottom: int
    older: bool


def refuse_unready(connection: apsw.Connection, among: Narrowed) -> None:
    """Check that the index answers, of all that was known at the moment that is asked for.

    Raises:
        SearchNotReady: It is being filled, or has not followed the log so far.
    """
    state = read_state(connection)
    known = state.filled_until
    if state.ready and among.known_until is not None:
        known = among.known_until
    if not state.ready or state.checkpoint.position < (among.known_until or 0):
        raise SearchNotReady(
            f"the search index is being filled from the log: it is at {state.checkpoint.position} "
            f"of {'?' if known is None else known}; ask again"
        )


def search(connection: apsw.Connection, asked: Search) -> HitsPage:
    """Return the hits behind `asked.after`.

    Raises:
        SearchNotReady: The index is being filled.
        apsw.Error: It cannot be read, or took too long.
    """
    with connection:  # one moment for all statements
        refuse_unready(connection, asked.among)
        oldest, newest = _bounds(connection, asked)
        place = asked.after or Place(newest, 0, RANK_MAX + 1, 0)
        place = replace(place, top=min(place.top, newest))
        found: list[_Match] = []
        following: Place | None = None
        for window, place_of in _windows(connection, asked, place, oldest):
            behind = (place_of.rank, place_of.passage)
            more = [one for one in window.matches if (one.rank, one.passage) < behind]
            taken = more[: asked.limit - len(found)]
            found += taken
            if len(taken) < len(more):
                last = taken[-1]
                following = Place(window.top, window.bottom, last.rank, last.passage)
                break
            if len(found) == asked.limit:
                following = _below(window) if window.older else None
                break
        hits = tuple(_hit(connection, one, asked.terms) for one in found)
    return HitsPage(hits=hits, next=following)


def _windows(
    connection: apsw.Connection, asked: Search, place: Place, oldest: int
) -> Iterator[tuple[_Window, Place]]:
    """Yield what is ranked together, and where in it to begin; the limit of time ends it."""
    while True:
        window = _window(connection, asked, place, oldest)
        yield window, place
        if not window.older:
            return
        place = _below(window)


def _below(window: _Window) -> Place:
    return Place(window.bottom - 1, 0, RANK_MAX + 1, 0)


def _window(connection: apsw.Connection, asked: Search, place: Place, oldest: int) -> _Window:
    among = asked.among
    bottom = max(place.bottom, oldest)
    values = (len(asked.terms), expression_of(asked), place.top, bottom, RANKED_TOGETHER)
    rows = [_Match(whole(a), whole(b)) for a, b in connection.execute(_MATCHES, values)]
    # What comes later is above the top; what is below the bottom is ranked by itself, later.
    top = rows[0].passage if rows else place.top
    if not place.bottom and len(rows) == RANKED_TOGETHER:
        bottom = rows[-1].passage
    older = bottom > max(oldest, 1)
    if among.created_from is not None or among.created_to is not None:
        rows = _of_moments(connection, asked, rows)
    rows.sort(key=lambda one: (one.rank, one.passage), reverse=True)
    return _Window(rows, top, max(bottom, 1), older)


def _of_moments(connection: apsw.Connection, asked: Search, matches: list[_Match]) -> list[_Match]:
    """Return the matches in transcripts that were asked for in the time that is looked at."""
    among = asked.among
    first, last = among.created_from or EARLIEST, among.created_to or LATEST
    fits: dict[int, bool] = {}
    for one in matches:
        position = one.passage >> PASSAGE_BITS
        if position not in fits:
            created = connection.execute(
                "SELECT created_at FROM transcripts WHERE position = ?", (position,)
            ).fetchall()
            fits[position] = bool(created) and first <= str(created[0][0]) <= last
    return [one for one in matches if fits[one.passage >> PASSAGE_BITS]]


def _bounds(connection: apsw.Connection, asked: Search) -> tuple[int, int]:
    """Return the oldest and the newest passage that may be found."""
    among = asked.among
    known = NEWEST
    if among.known_until is not None:
        known = (among.known_until << PASSAGE_BITS) + ALL_PASSAGES
    if among.created_from is None and among.created_to is None:
        return 0, known
    (oldest, newest), *_ = connection.execute(
        "SELECT min(position), max(position) FROM transcripts "
        "WHERE tenant = ? AND created_at >= ? AND created_at <= ?",
        (among.tenant, among.created_from or EARLIEST, among.created_to or LATEST),
    ).fetchall()
    if oldest is None:
        return 1, 0
    last = (whole(newest) << PASSAGE_BITS) + ALL_PASSAGES
    return whole(oldest) << PASSAGE_BITS, min(last, known)


def _hit(connection: apsw.Connection, match: _Match, terms: Sequence[Term]) -> Hit:
    (id_, start, end, speaker, text), *_ = connection.execute(
        _PASSAGE, (PASSAGE_BITS, match.passage)
    ).fetchall()
    return Hit(
        transcription=str(id_),
        start_ms=whole_or_none(start),
        end_ms=whole_or_none(end),
        speaker=text_or_null(speaker),
        snippet=snippet_of(str(text), terms),
        rank=match.rank / RANK_MAX,
    )
