"""Find the names of people: those that are introduced or addressed, and every mention of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stenolog.intelligence.pii_dates import MONTHS, WEEKDAYS
from stenolog.intelligence.pii_lists import GIVEN_NAMES
from stenolog.intelligence.pii_tokens import (
    Span,
    Token,
    capital_run,
    follows,
    phrases,
    said_before,
    word_set,
)

NAME_WORDS_MAX = 3
KNOWN_MAX = 2_000  # parts of names in one conversation; a mention of a later one is not looked for
PART_CHARS_MIN = 3
ALIKE_CHARS_MIN = 4  # shorter words are alike too often
ANSWER_WORDS_MAX = 3
QUESTION_REACH_WORDS = 12

# A name follows these, whatever it is.
SURE_CUES = phrases(
    "name is|name was|name's|names are|my name|call me|i'm|i am|this is|it's|it is|named"
    "|speak to|speak with|speaking to|speaking with|talk to|talking to|spoke to|spoke with"
    "|ask for|signed by|regards|sincerely"
)
# Somebody is addressed after these.
GREETINGS = word_set(
    "hello hi hey dear bye goodbye thanks you welcome morning afternoon evening sorry"
)
TITLES = word_set(
    "mr mrs ms miss mister mx dr doctor sir madam professor prof officer captain judge nurse "
    "detective sergeant reverend"
)
PARTICLES = word_set("de da del della di van von der den la le bin ibn al el")
ENDS_NAME = frozenset({"speaking", "here"})
ANSWERS = frozenset({"sure", "yes", "yeah", "okay", "ok", "of", "course", "oh", "well"})

# Words with a capital that are no names of people.
NO_NAMES = (
    word_set("""
        a about after again all also always am american an and any anything are as at australian
        bank because before better british but by can catholic chinese christian church could dad
        did do does doctor dutch each english europe european even every everybody everyone
        everything exactly excellent fine first folks for french from german give god good great
        guys had has have he hello her here hey hi his hold hope how however i i'd i'll i'm i've if
        in indian indeed internet irish is it it's italian japanese jewish just korean last let
        let's like lord ma'am madam many may maybe me mexican might mister moment mom more morning
        most mother muslim my never next nice no nobody not nothing now of off oh ok okay on once
        one only or our out perfect please pretty quite really right russian same see she should
        since sir so some somebody someone something somewhat sorry spanish still sure team thank
        thanks that that's the their them then there there's these they thing this those though to
        today tomorrow too true tv two under understood up us very was we we'll we're we've
        welcome well were what what's when where which while who why will with without wonderful
        would wow yeah yes yesterday yet you you're your
        """)
    | MONTHS
    | WEEKDAYS
)


def names_in(tokens: Sequence[Token]) -> tuple[Span, ...]:
    """Return every name of a person.

    Method: capitalised words after what introduces somebody ("my name is", "this is", "I'm"),
    addresses somebody ("thank you,", "hi") or titles somebody, and common given names; then every
    other place where a part of such a name is said, also when the recogniser wrote one letter
    otherwise.

    Limits: English; a name that nobody is introduced or addressed by, and that is rare, is missed,
    and so is one that the recogniser wrote in small letters.
    """
    found = {span.first: span for span in _introduced(tokens)}
    known = _parts(tokens, found.values())
    taken = {place for span in found.values() for place in range(span.first, span.last)}
    alike: dict[str, bool] = {}
    for place, token in enumerate(tokens):
        if place in taken:
            continue
        if token.low in known:
            mentioned = token.capital or token.low in GIVEN_NAMES
        elif _may_be_misheard(token):
            if token.low not in alike:
                alike[token.low] = any(_one_letter_off(token.low, one) for one in known)
            mentioned = alike[token.low]
        else:
            mentioned = False
        if mentioned:
            found[place] = Span(first=place, last=place + 1, kind="person_name")
    return tuple(found[first] for first in sorted(found))


def _introduced(tokens: Sequence[Token]) -> Iterator[Span]:
    at = 0
    while at < len(tokens):
        end = _name_end(tokens, at) if _is_introduced(tokens, at) else at
        if end > at:
            yield Span(first=at, last=end, kind="person_name")
        at = max(end, at + 1)


def _is_introduced(tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at]
    if not _may_be_name(token):
        return False
    if token.low in GIVEN_NAMES:
        return True
    if at and tokens[at - 1].low.rstrip(".") in TITLES:
        return True
    if any(follows(tokens, at - len(cue), cue) for cue in SURE_CUES):
        return not tokens[at - 1].ends
    if at and tokens[at - 1].low in GREETINGS and not token.opens:
        return token.pauses or at + 1 == len(tokens) or tokens[at + 1].capital
    end = capital_run(tokens, at, NAME_WORDS_MAX)
    if end < len(tokens) and tokens[end].low in ENDS_NAME and token.opens and not token.pauses:
        return True
    return _is_answer(tokens, at)


def _is_answer(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether a sentence is nothing but capitalised words, after a question for a name."""
    if not tokens[at].opens and not (at and tokens[at - 1].low in ANSWERS):
        return False
    end = capital_run(tokens, at, ANSWER_WORDS_MAX)
    if not tokens[end - 1].ends:
        return False
    asked = said_before(tokens, at, {"name"}, QUESTION_REACH_WORDS)
    return asked is not None and any("?" in token.trail for token in tokens[asked:at])


def _name_end(tokens: Sequence[Token], at: int) -> int:
    """Return the place behind a name that begins here: given name, particles, surname."""
    end = at
    while end < len(tokens) and end - at < NAME_WORDS_MAX and _may_be_name(tokens[end]):
        if end > at and tokens[end].opens:
            break
        end += 1
        if tokens[end - 1].trail:
            break
        ahead = end
        while ahead < len(tokens) and tokens[ahead].low in PARTICLES and not tokens[ahead].pauses:
            ahead += 1
        if ahead > end and ahead < len(tokens) and _may_be_name(tokens[ahead]):
            end = ahead
    return end


def _may_be_name(token: Token) -> bool:
    return (
        token.capital
        and len(token.core) > 1
        and token.low not in NO_NAMES
        and token.low.rstrip(".") not in TITLES
        and not any(map(str.isdigit, token.core))
        and not token.core.isupper()
    )


def _parts(tokens: Sequence[Token], spans: Iterable[Span]) -> frozenset[str]:
    parts: set[str] = set()
    for span in spans:
        for token in tokens[span.first : span.last]:
            if len(token.low) >= PART_CHARS_MIN and len(parts) < KNOWN_MAX:
                parts.add(token.low)
    return frozenset(parts)


def _may_be_misheard(token: Token) -> bool:
    return len(token.low) >= ALIKE_CHARS_MIN and not token.opens and _may_be_name(token)


def _one_letter_off(one: str, other: str) -> bool:
    """Tell whether two words differ in one letter: another one, one more or one less."""
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < ALIKE_CHARS_MIN or len(longer) - len(shorter) > 1:
        return False
    place = 0
    while place < len(shorter) and shorter[place] == longer[place]:
        place += 1
    rest = place + 1 if len(shorter) == len(longer) else place
    return shorter[rest:] == longer[place + 1 :]
