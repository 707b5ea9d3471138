"""Hide the letters of swear words and slurs."""

from __future__ import annotations

import re

# Parts that are in no decent word, wherever they stand in one; and whole words, with their endings.
_ANYWHERE = r"fuck|motherf|cocksuck|bullshit|assh[o0]l|arsehol"
_WHOLE = r"""
    shit(?:s|e|es|ted|ter|ting|ty|tier|tiest|head|heads|hole|holes|less|show|storm)?
    |(?:horse|ape|chicken|dip|bat|hot)shit
    |bitch(?:es|ed|ing|y|in)?|bastards?|cunts?|cunty|twats?|sluts?|slutty|whores?|whoring
    |pussy|pussies|dick(?:head|heads|s|ish)|piss(?:ed|es|er|ing|y)?|wank(?:er|ers|ed|ing|s)?
    |(?:dumb|jack|smart|bad|fat|lard|hard|half)ass(?:es|ed)?|ass(?:es)?|assclown|asshat|asswipe
    |god-?damn(?:ed|it)?|fags?|faggots?|kikes?|spics?|gooks?|wetbacks?|trann(?:y|ies)
    |nigg(?:a|as|az|er|ers)|retards?|jizz|tits|titties|bollocks|bugger(?:ed|s)?|wtf|milfs?|blowjobs?
"""
_PROFANE = re.compile(rf"(?:[a-z]*(?:{_ANYWHERE})[a-z]*|{_WHOLE})\Z", re.IGNORECASE | re.VERBOSE)
_WORD = re.compile(r"[A-Za-z0]+(?:-[A-Za-z]+)*")
_LETTER = re.compile(r"[A-Za-z0]")


def masked(text: str) -> str:
    """Return a text with every profane word's letters but its first as asterisks.

    Method: a list of English swear words and slurs with their endings, compared as whole words,
    without regard to case; hyphenated words part by part. Lengths and punctuation stay.

    Limits: English; what is only rude ("damn", "hell", "crap") stays, and so does whatever is
    also a name or harmless ("Dick", "cock"). The recogniser may hear something else.
    """
    return _WORD.sub(lambda found: _hidden(found[0]), text)


def _hidden(word: str) -> str:
    if _PROFANE.match(word):
        return word[0] + _LETTER.sub("*", word[1:])
    return "-".join(
        part[0] + _LETTER.sub("*", part[1:]) if part and _PROFANE.match(part) else part
        for part in word.split("-")
    )
