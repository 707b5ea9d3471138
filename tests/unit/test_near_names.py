"""A misspelt name is told from one that is merely unknown."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenolog.near_names import edits, misspelt, nearest, suggested

KNOWN = ("audio_url", "metadata", "region", "subject", "speaker_labels")


def whole_table(one: str, other: str) -> int:
    """Levenshtein's distance as it is defined."""
    if not one or not other:
        return len(one) + len(other)
    return min(
        whole_table(one[1:], other) + 1,
        whole_table(one, other[1:]) + 1,
        whole_table(one[1:], other[1:]) + (one[0] != other[0]),
    )


@given(st.text("abc", max_size=6), st.text("abc", max_size=6), st.integers(0, 4))
def test_the_distance_is_levenshtein_s_up_to_a_limit(one: str, other: str, most: int) -> None:
    assert edits(one, other, most) == min(whole_table(one, other), most + 1)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("subjectt", "subject"),
        ("sujbect", "subject"),
        ("Subject", "subject"),
        ("subjec", "subject"),
        ("speaker_label", "speaker_labels"),
        ("audio_uri", "audio_url"),
        ("subject", ""),
        ("subjects_of_it", ""),
        ("domain", ""),
        ("", ""),
    ],
)
def test_within_two_edits_it_is_misspelt(given: str, meant: str) -> None:
    assert misspelt(given, KNOWN) == meant


@given(st.text("abcd", max_size=6), st.lists(st.text("abcd", max_size=6), max_size=4))
def test_what_is_not_compared_would_not_be_found(name: str, known: list[str]) -> None:
    near = [(whole_table(name, one), one) for one in known if whole_table(name, one) <= 2]
    assert misspelt(name, known) == ("" if name in known else min(near, default=(0, ""))[1])


def test_what_looks_alike_is_suggested_and_something_always_when_asked_for() -> None:
    assert (suggested("metdata", KNOWN), suggested("qqq", KNOWN)) == ("metadata", "")
    assert suggested("x", ()) == ""
    assert nearest("qqq", KNOWN) in KNOWN


def test_a_very_long_name_takes_no_time() -> None:
    began = time.monotonic()
    assert suggested("s" * 30_000, KNOWN) == misspelt("s" * 30_000, KNOWN) == ""
    assert time.monotonic() - began < 1
