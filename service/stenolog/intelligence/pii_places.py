"""Find addresses, places and organizations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from stenolog.intelligence.pii_lists import CITIES, COMPANIES, COUNTRIES, STATES
from stenolog.intelligence.pii_names import NO_NAMES, TITLES
from stenolog.intelligence.pii_tokens import Span, Token, capital_run, follows, phrases, word_set
from stenolog.intelligence.spoken_numbers import number_runs

PLACE_WORDS_MAX = 4
STREET_WORDS_MAX = 4
ORGANIZATION_WORDS_MAX = 6
STREETS = word_set(
    "street st avenue ave road rd boulevard blvd highway hwy parkway pkwy terrace crescent"
)
UNSURE_STREETS = word_set("drive dr lane ln court ct place pl way square sq circle close")
UNITS = word_set("apartment apt suite unit flat")
PLACE_CUES = phrases(
    "live in|lives in|lived in|living in|based in|located in|located at|grew up in|born in"
    "|moved to|city of|town of|state of|flying to|travel to|traveling to|resident of"
    "|come from|comes from"
)
ORGANIZATION_CUES = phrases(
    "i'm with|calling from|here from|for contacting|for calling|for choosing|works for"
    "|work for|works at|work at|working for|working at|welcome to|here at|employed by"
    "|reach out to|reaching out to|company called|on behalf of|customer of"
)
# Behind "from" or "with" after a name: "This is Frank Rogers from Stellar".
AFTER_NAME = frozenset({"from", "with", "at"})
ORGANIZATION_ENDS = word_set("""
    inc llc ltd corp corporation company co bank university college school hospital clinic services
    studio studios pharmacy insurance group foundation institute agency association airlines
    airways motors systems technologies solutions partners center centre church theater theatre
    theaters theatres hotel restaurant store market stores bakery logistics energy media press
    """)


def _table(names: frozenset[str]) -> Mapping[str, list[tuple[str, ...]]]:
    table: dict[str, list[tuple[str, ...]]] = {}
    for name in names:
        words = tuple(name.split())
        table.setdefault(words[0], []).append(words)
    for known in table.values():
        known.sort(key=len, reverse=True)
    return table


_PLACES = _table(STATES | COUNTRIES | CITIES)
_COMPANIES = _table(COMPANIES)


def places_in(tokens: Sequence[Token]) -> Iterator[Span]:
    """Yield addresses and places, as `location`.

    Method: a number, up to four words and a kind of street; countries, states and large cities
    from lists; a capitalised word after "live in" and the like.

    Limits: other towns are missed elsewhere; a name that is a person's and a place's is a place
    here and may be a person's for whoever decides later.
    """
    for run in number_runs(tokens):
        end = _street_end(tokens, run.last)
        if end is not None:
            yield Span(first=run.first, last=end, kind="location")
    for at, token in enumerate(tokens):
        if not token.capital:
            continue
        end = _listed(tokens, at, _PLACES)
        if end is None and any(follows(tokens, at - len(cue), cue) for cue in PLACE_CUES):
            end = capital_run(tokens, at, PLACE_WORDS_MAX)
        if end is not None and token.low not in NO_NAMES:
            yield Span(first=at, last=end, kind="location")


def organizations_in(tokens: Sequence[Token], names: Sequence[Span]) -> Iterator[Span]:
    """Yield companies and institutions; `names` are the people of the same conversation.

    Method: capitalised words that end in "Bank", "School", "Inc." and the like, or stand behind
    "thank you for calling", "I'm with" or a name and "from"; some large companies from a list.

    Limits: a name of one common word, or in small letters, is missed.
    """
    behind_names = {span.last for span in names}
    people = {place for span in names for place in range(span.first, span.last)}
    for at, token in enumerate(tokens):
        if not token.capital or token.low in TITLES:
            continue
        end = _listed(tokens, at, _COMPANIES)
        if end is None:
            end = _organization_end(tokens, at, behind_names)
        if end is not None and not people.intersection(range(at, end)):
            yield Span(first=at, last=end, kind="organization")


def _organization_end(tokens: Sequence[Token], at: int, behind_names: set[int]) -> int | None:
    cued = any(follows(tokens, at - len(cue), cue) for cue in ORGANIZATION_CUES)
    place = at - 1 - (at >= 2 and tokens[at - 1].low == "the")
    cued = cued or (place in behind_names and tokens[place].low in AFTER_NAME)
    end = capital_run(tokens, at, ORGANIZATION_WORDS_MAX)
    # "Stellar Movie theatres": the last word is often written small.
    if end < len(tokens) and not tokens[end - 1].trail and _ends(tokens[end]):
        end += 1
    if cued:
        return end if tokens[at].low not in NO_NAMES else None
    if end - at >= 2 and _ends(tokens[end - 1]) and tokens[at].low not in NO_NAMES:
        return end
    return None


def _ends(token: Token) -> bool:
    return token.low.rstrip(".") in ORGANIZATION_ENDS


def _listed(
    tokens: Sequence[Token], at: int, table: Mapping[str, list[tuple[str, ...]]]
) -> int | None:
    for words in table.get(tokens[at].low, ()):
        if follows(tokens, at, words) and all(
            token.capital for token in tokens[at : at + len(words)] if token.low != "of"
        ):
            return at + len(words)
    return None


def _street_end(tokens: Sequence[Token], at: int) -> int | None:
    """Return the place behind the street whose house number ends at `at`."""
    for place in range(at, min(len(tokens), at + STREET_WORDS_MAX + 1)):
        low = tokens[place].low.rstrip(".")
        sure = low in STREETS and place > at
        if sure or (low in UNSURE_STREETS and place > at and tokens[place].capital):
            behind = place + 1
            if behind + 1 < len(tokens) and tokens[behind].low in UNITS:
                return behind + 2
            return behind
        if tokens[place].ends:
            return None
    return None
