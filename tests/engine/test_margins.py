"""How exact words are is known line by line."""

from __future__ import annotations

from stenolog.engine.worker.margins import Margins


def test_a_word_has_the_margin_of_its_line() -> None:
    margins = Margins()
    margins.add(1_000, 150)
    margins.add(5_000, 500)
    margins.add(9_000, 150)
    assert [margins.at(ms) for ms in (1_000, 4_999, 5_000, 8_999, 9_000, 60_000)] == [
        150,
        150,
        500,
        500,
        150,
        150,
    ]
    assert margins.later(100).at(5_050) == 150


def test_a_word_before_all_lines_has_the_widest() -> None:
    margins = Margins()
    assert margins.at(0) == 0
    margins.add(1_000, 150)
    margins.add(2_000, 500)
    assert margins.at(10) == 500
