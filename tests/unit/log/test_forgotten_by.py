"""What a missing record forgot is told by its dedupe key alone, with the type that it had."""

from __future__ import annotations

import pytest

from stenolog.log.facts import erasure_key, forgotten_by, release_key, use_key


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (erasure_key("one"), ("transcription-one", "erasure.requested")),
        (release_key("one"), ("upload-one", "upload.released")),
        (use_key("one"), None),
    ],
)
def test_a_key_names_stream_and_type(key: str, told: tuple[str, str] | None) -> None:
    assert forgotten_by(key) == told
