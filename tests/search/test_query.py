"""What somebody types is read, or refused with a sentence; never anything else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stenolog.errors import InvalidRequest
from stenolog.projections.search.query import QUERY_CHARS_MAX, Term, read_query
from stenolog.projections.search.snippets import SNIPPET_CHARS_MAX, snippet_of

TYPED = st.text(
    st.one_of(st.characters(), st.sampled_from("ab \"*“” 東京-:(){}^+'’ANDORT")), max_size=40
)


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("refund", [Term(("refund",))]),
        ("Refund order", [Term(("refund",)), Term(("order",))]),
        ("refund refund", [Term(("refund",))]),
        ("refund AND order", [Term(("refund",)), Term(("order",))]),
        ('"refund order" now', [Term(("refund", "order")), Term(("now",))]),
        ("“refund order”", [Term(("refund", "order"))]),
        ("refu*", [Term(("refu",), prefix=True)]),
        ('"my refu*"', [Term(("my", "refu"), prefix=True)]),
        ('"my refu"*', [Term(("my", "refu"), prefix=True)]),
        ("don’t", [Term(("don", "t"))]),
        ("e-mail*", [Term(("e", "mail"), prefix=True)]),
        ("東京都", [Term(("東京", "京都"))]),
        ("京", [Term(("京",), prefix=True)]),
        ("words : NEAR(a b)", [Term(("words",)), Term(("near", "a")), Term(("b",))]),
    ],
)
def test_a_query_is_read(query: str, terms: list[Term]) -> None:
    assert list(read_query(query)) == terms


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "must be given"),
        ("  ", "must be given"),
        ('"open', "not closed"),
        ("*", "no word"),
        ('"" —', "no word"),
        ("a*", "2 characters"),
        ("x" * (QUERY_CHARS_MAX + 1), "at most 256"),
        (" ".join(f"w{n}" for n in range(17)), "16 terms"),
    ],
)
def test_what_cannot_be_read_is_told(query: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said) as refused:
        read_query(query)
    assert refused.value.fields[0][0] == "q"


@settings(max_examples=200, deadline=None)
@given(TYPED)
def test_whatever_is_typed_is_read_or_refused(query: str) -> None:
    try:
        terms = read_query(query)
    except InvalidRequest:
        return
    assert terms
    assert all(term.words for term in terms)


@settings(max_examples=100, deadline=None)
@given(TYPED.filter(str.strip), st.text(max_size=400))
def test_marks_stand_inside_the_snippet(query: str, passage: str) -> None:
    try:
        terms = read_query(query)
    except InvalidRequest:
        return
    found = snippet_of(f"{passage} {query} {passage}", terms)
    assert len(found.text) <= SNIPPET_CHARS_MAX + 2
    last = 0
    for first, behind in found.marks:
        assert last <= first < behind <= len(found.text)
        last = behind


def test_a_mark_is_what_was_asked_for() -> None:
    passage = "So " * 200 + "please refund café orders, refunding all." + " So" * 200
    found = snippet_of(passage, read_query('refun* "CAFE orders"'))
    marked = [found.text[first:last] for first, last in found.marks]
    assert marked == ["refund", "café orders", "refunding"]
    assert found.text[0] == found.text[-1] == "…"
