"""Ten thousand transcripts of ten minutes are searched in time: the bench's own mix and limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.bench.search import TRANSCRIPTS_LARGE, measured


@pytest.mark.soak
@pytest.mark.anyio
@pytest.mark.timeout(1_500)
async def test_ten_thousand_transcripts_are_searched_in_time(tmp_path: Path) -> None:
    figures = await measured(tmp_path, TRANSCRIPTS_LARGE)
    missed = [(one.name, one.value) for one in figures if one.verdict == "missed"]
    assert missed == []
