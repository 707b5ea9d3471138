"""Cut a piece out of a passage around what was found, and mark where that stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stenolog.projections.search.folding import Located, located_words
from stenolog.projections.search.query import Term

SNIPPET_CHARS_MAX = 240
BEFORE_CHARS = 60  # of the first mark
MARKS_MAX = 64
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A piece of a passage.

    Attributes:
        text: Plain text; an ellipsis stands for what was left out at either end.
        marks: From and to of each place that was found, in code points of `text`, in order.
    """

    text: str
    marks: tuple[tuple[int, int], ...]


def snippet_of(passage: str, terms: Sequence[Term]) -> Snippet:
    """Return the piece of the passage around the first place where a term stands."""
    marks = _joined(sorted(_found(located_words(passage), terms)))
    begin, end = _bounds(passage, marks[0][0] if marks else 0)
    head = ELLIPSIS if begin else ""
    tail = ELLIPSIS if end < len(passage) else ""
    shift = len(head) - begin
    inside = [
        (max(first, begin) + shift, min(last, end) + shift)
        for first, last in marks
        if first < end and last > begin
    ]
    return Snippet(text=f"{head}{passage[begin:end]}{tail}", marks=tuple(inside[:MARKS_MAX]))


def _found(words: Sequence[Located], terms: Sequence[Term]) -> Iterator[tuple[int, int]]:
    """Yield from and to of every place where a term stands."""
    for term in terms:
        length = len(term.words)
        for at in range(len(words) - length + 1):
            if _stands(words, at, term):
                yield words[at].begin, words[at + length - 1].end


def _stands(words: Sequence[Located], at: int, term: Term) -> bool:
    *whole, last = term.words
    if any(words[at + index].word != word for index, word in enumerate(whole)):
        return False
    found = words[at + len(whole)].word
    return found.startswith(last) if term.prefix else found == last


def _joined(marks: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the marks, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for first, last in marks:
        if joined and first < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _bounds(passage: str, mark: int) -> tuple[int, int]:
    """Return where the piece begins and ends: between words, if there is a space near."""
    if len(passage) <= SNIPPET_CHARS_MAX:
        return 0, len(passage)
    begin = max(0, min(mark - BEFORE_CHARS, len(passage) - SNIPPET_CHARS_MAX))
    if begin:
        space = passage.find(" ", begin, mark)
        begin = begin if space < 0 else space + 1
    end = min(len(passage), begin + SNIPPET_CHARS_MAX)
    if end < len(passage):
        space = passage.rfind(" ", begin + SNIPPET_CHARS_MAX // 2, end)
        end = end if space < 0 else space
    return begin, end
