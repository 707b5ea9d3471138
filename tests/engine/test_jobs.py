"""Jobs are remembered within bounds, listed newest first, and shown as AssemblyAI shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from stenolog.engine.host.jobs import (
    FINISHED_MAX,
    FINISHED_MS_KEPT,
    FINISHED_WORDS_MAX,
    Job,
    Jobs,
    transcript,
)
from stenolog.engine.options import SpeakerBounds, SpeechOptions
from stenolog.engine.spoken import SpokenWord
from stenolog.errors import InvalidRequest
from stenolog.wire.assemblyai.listing import ListItem, ListQuery

START_US = 1_700_000_000_000_000


def job(number: int, **changes: Any) -> Job:
    made = Job(
        id=f"job-{number}",
        params={"audio_url": "http://example.com/a.mp3"},
        options=SpeechOptions(),
        created_us=START_US + number,
    )
    return replace(made, **changes)


def finished(number: int, words: int = 0) -> Job:
    word = SpokenWord(text="a", start=0, end=1, confidence=0.5)
    return job(number, status="completed", completed_us=START_US + number, words=(word,) * words)


def known(*jobs: Job) -> Jobs:
    made = Jobs()
    for each in jobs:
        made.put(each)
    return made


def ids(page: tuple[list[ListItem], bool, bool]) -> list[str]:
    return [item.id for item in page[0]]


def test_the_earliest_finished_jobs_are_forgotten_and_open_ones_never() -> None:
    jobs = known(job(0), *(finished(n) for n in range(1, FINISHED_MAX + 3)))
    jobs.forget(START_US)
    assert jobs.get("job-0") is not None
    assert jobs.get("job-2") is None
    assert jobs.get("job-3") is not None


def test_many_words_are_forgotten_sooner() -> None:
    jobs = known(finished(1, FINISHED_WORDS_MAX // 2), finished(2, FINISHED_WORDS_MAX // 2 + 1))
    jobs.forget(START_US)
    assert jobs.get("job-1") is None
    assert jobs.get("job-2") is not None


def test_a_day_later_a_finished_job_is_forgotten() -> None:
    jobs = known(finished(1), job(2))
    jobs.forget(START_US + 2 + FINISHED_MS_KEPT * 1_000)
    assert jobs.get("job-1") is None
    assert jobs.open_count() == 1


def test_what_was_deleted_stays_deleted() -> None:
    jobs = known(finished(1))
    jobs.put(replace(finished(1), deleted=True))
    jobs.put(replace(finished(1), webhook_status=200))
    remembered = jobs.get("job-1")
    assert remembered is not None
    assert remembered.deleted


def test_a_list_is_newest_first_and_paged_by_ids() -> None:
    jobs = known(*(job(n) for n in range(5)))
    first = jobs.page(ListQuery(limit=2))
    assert (ids(first), first[1:]) == (["job-4", "job-3"], (True, False))
    second = jobs.page(ListQuery(limit=2, before_id="job-3"))
    assert (ids(second), second[1:]) == (["job-2", "job-1"], (True, True))
    last = jobs.page(ListQuery(limit=2, before_id="job-1"))
    assert (ids(last), last[1:]) == (["job-0"], (False, True))
    newer = jobs.page(ListQuery(limit=2, after_id="job-0"))
    assert (ids(newer), newer[1:]) == (["job-2", "job-1"], (True, True))
    newest = jobs.page(ListQuery(limit=2, after_id="job-2"))
    assert (ids(newest), newest[1:]) == (["job-4", "job-3"], (True, False))


def test_a_list_can_be_narrowed() -> None:
    jobs = known(job(1), finished(2), job(3, status="error", error="no"))
    assert ids(jobs.page(ListQuery(status="completed"))) == ["job-2"]
    assert ids(jobs.page(ListQuery(created_on=date(2023, 11, 14)))) == ["job-3", "job-2", "job-1"]
    assert ids(jobs.page(ListQuery(created_on=date(2023, 11, 15)))) == []
    assert ids(jobs.page(ListQuery(throttled_only=True))) == []
    with pytest.raises(InvalidRequest):
        jobs.page(ListQuery(before_id="job-9"))


def test_a_duration_is_rounded_up_to_seconds() -> None:
    assert transcript(job(1, status="completed", audio_ms=1_001))["audio_duration"] == 2
    assert transcript(job(1, status="completed", audio_ms=2_000))["audio_duration"] == 2
    assert transcript(job(1, status="error", error="no", audio_ms=1))["audio_duration"] == 1


def test_utterances_come_with_speaker_labels_only() -> None:
    words = (
        SpokenWord(text="Hi.", start=10, end=20, confidence=0.5, speaker="A"),
        SpokenWord(text="Hello.", start=30, end=50, confidence=0.7, speaker="B"),
    )
    plain = transcript(job(1, status="completed", words=words, audio_ms=900))
    assert plain["utterances"] is None
    assert plain["confidence"] == 0.6
    labelled = job(
        1,
        status="completed",
        words=words,
        audio_ms=900,
        options=SpeechOptions(speakers=SpeakerBounds()),
    )
    assert transcript(labelled)["utterances"] == [
        {
            "speaker": word.speaker,
            "text": word.text,
            "start": word.start,
            "end": word.end,
            "confidence": word.confidence,
            "words": [
                {
                    "text": word.text,
                    "start": word.start,
                    "end": word.end,
                    "confidence": word.confidence,
                    "speaker": word.speaker,
                }
            ],
        }
        for word in words
    ]
