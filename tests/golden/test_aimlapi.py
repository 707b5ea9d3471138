"""Every shape in which AIMLAPI answers becomes the same transcript as before, member by member.

`python -m tests.golden.test_aimlapi` writes the transcripts anew; look at what has changed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stenolog.wire.aimlapi.transcripts import members_of

FOLDER = Path(__file__).parent / "aimlapi"
MADE = FOLDER / "transcripts"
PARAMS = {"audio_url": "https://audio.example/1.mp3", "speaker_labels": True}
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def transcript(name: str) -> Any:
    """What is said of an answer; an empty `at`: by us, else where it stands in the answer."""
    answer = json.loads((FOLDER / f"{name}.json").read_text())
    at, members = members_of(answer, PARAMS)
    return {"at": at, "members": members}


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_becomes_the_transcript_that_it_was(name: str) -> None:
    assert transcript(name) == json.loads((MADE / f"{name}.json").read_text())


if __name__ == "__main__":
    MADE.mkdir(exist_ok=True)
    for one in NAMES:
        told = json.dumps(transcript(one), ensure_ascii=False, indent=1)
        (MADE / f"{one}.json").write_text(told + "\n")
