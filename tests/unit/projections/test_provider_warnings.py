"""What the provider warns about is shown to whoever asked."""

from __future__ import annotations

from typing import Any

import pytest

from stenolog.projections.canonical import WARNING_CHARS_MAX, CanonicalTranscript
from stenolog.projections.documents import Document


def warnings_of(**answer: Any) -> tuple[tuple[str, str], ...]:
    document = Document("")
    document.update(answer)
    return CanonicalTranscript(document).warnings


def test_another_model_than_the_wanted_one_is_told_in_the_providers_words() -> None:
    told = [{"message": "universal-2 was used instead."}, {"message": "x" * 9_999}]
    assert warnings_of(metadata={"domain_used": None, "warnings": told}) == (
        ("provider", "universal-2 was used instead."),
        ("provider", "x" * WARNING_CHARS_MAX),
    )


def test_it_stands_behind_what_is_known_of_the_audio() -> None:
    beside = {"warnings": [{"code": "silent", "message": "There is no sound."}]}
    told = warnings_of(stenolog=beside, metadata={"warnings": [{"message": "m"}]})
    assert [code for code, _ in told] == ["silent", "provider"]


@pytest.mark.parametrize(
    "odd", [None, [], {"warnings": None}, {"warnings": [None, {}, {"message": 7}]}]
)
def test_what_is_no_warning_is_none(odd: object) -> None:
    assert warnings_of(metadata=odd) == ()
