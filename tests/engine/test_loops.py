"""A decoder that repeats itself is stopped; people may repeat themselves."""

from __future__ import annotations

import pytest

from stenolog.engine.speech.loops import without_loop


@pytest.mark.parametrize(
    ("tokens", "kept"),
    [
        ([], None),
        ([1, 2, 3, 4], None),
        ([9, *[1, 2, 3, 4] * 2], None),
        ([9, *[1, 2, 3, 4] * 3], 5),
        ([5] * 11, None),
        ([5] * 12, 1),
        ([8, *[1, 2] * 6], 3),
        ([*[1, 2, 3, 4] * 3, 7], None),
        (list(range(24)) * 3, 24),
        (list(range(25)) * 3, None),
    ],
)
def test_the_first_round_of_a_loop_is_kept(tokens: list[int], kept: int | None) -> None:
    assert without_loop(tokens) == kept
