"""Read what somebody searches for: words, phrases in quotation marks, and beginnings of words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stenolog.errors import InvalidRequest
from stenolog.projections.search.folding import CJK, asked_words

QUERY_CHARS_MAX = 256
TERMS_MAX = 16
WORDS_MAX = 64  # of all terms together; two characters of Chinese are a word
PREFIX_CHARS_MIN = 2  # of a beginning; one letter begins a large part of all words
AND = "AND"
# Quotation marks of many languages: which of them opens or closes makes no difference.
_MARKS = '"\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\u300e\u300f\uff02'
_TERM = re.compile(
    f"[{_MARKS}](?P<phrase>[^{_MARKS}]*)[{_MARKS}](?P<begin>\\*?)|(?P<word>[^\\s{_MARKS}]+)"
)
_MARK = re.compile(f"[{_MARKS}]")


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow each other; with `prefix`, the last of them is the beginning of one."""

    words: tuple[str, ...]
    prefix: bool = False


def read_query(query: str) -> tuple[Term, ...]:
    """Return the terms all of which a passage must have.

    `two words` are two terms, `"two words"` one; `begin*` is found in every word that begins so.
    `AND` between terms says what is so without it.

    Raises:
        InvalidRequest: It is empty, has no word, has an open quotation mark, or is too long.
    """
    if not query.strip():
        raise _wrong('must be given: words, a "phrase", or the beginning of a word and *')
    if len(query) > QUERY_CHARS_MAX:
        raise _wrong(f"must have at most {QUERY_CHARS_MAX} characters")
    if len(_MARK.findall(query)) % 2:
        raise _wrong("has a quotation mark that is not closed")
    terms = [term for found in _TERM.finditer(query) if (term := _term(found)) is not None]
    if not terms:
        raise _wrong("has no word")
    if len(terms) > TERMS_MAX or sum(len(term.words) for term in terms) > WORDS_MAX:
        raise _wrong(f"must have at most {TERMS_MAX} terms and {WORDS_MAX} words")
    return tuple(dict.fromkeys(terms))


def _term(found: re.Match[str]) -> Term | None:
    phrase, word = found["phrase"], found["word"]
    if word == AND:
        return None
    text = word if phrase is None else phrase
    words = tuple(asked_words(text))
    if not words:
        return None
    begins = text.rstrip().endswith("*") or bool(found["begin"])
    if CJK.match(words[-1]):
        # One character is found at the beginning of each two, and in the word that ends a run.
        return Term(words, prefix=len(words[-1]) == 1)
    if begins and len(words[-1]) < PREFIX_CHARS_MIN:
        raise _wrong(f"must have {PREFIX_CHARS_MIN} characters or more before *")
    return Term(words, prefix=begins)


def _wrong(problem: str) -> InvalidRequest:
    return InvalidRequest(f"q {problem}", [("q", problem)])
