"""Status and times as a fold over a transcription's stream."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from stenolog.log.event import Event
from stenolog.projections.rows import PutStatus, PutView
from tests.log_samples import EXAMPLES
from tests.unit.projections.answers import answer
from tests.unit.projections.events import WEBHOOK, MemoryLog, transcription_id
from tests.unit.projections.projecting import changes_of, hold_of, status_of, unsettled_in


def test_a_request_is_queued_and_shows_what_the_customer_gave() -> None:
    log = MemoryLog()
    event = log.request(7)
    row = status_of(log)
    assert (row.id, row.status, row.open) == (transcription_id(7), "queued", True)
    assert (row.tenant, row.provider, row.region, row.surface) == (
        event.tenant,
        "assemblyai",
        "us",
        "v2",
    )
    assert row.audio_url == "https://audio.example/7.mp3"
    assert (row.subject, json.loads(row.metadata or "")) == ("subject 7", {"n": 7})
    assert (row.version, row.position, row.requested_position) == (1, 1, 1)
    assert row.created_at == event.time


def test_the_request_payload_is_kept_once_as_it_was_given() -> None:
    log = MemoryLog()
    log.request(1, speaker_labels=True)
    log.claim(1)
    first, second = changes_of(log, ["transcriptions"])
    assert first.request == log.payloads[1]  # type: ignore[union-attr]  # fails if it is another change
    assert second.request is None  # type: ignore[union-attr]  # fails if it is another change


def test_the_value_of_a_customers_webhook_header_is_in_no_view() -> None:
    log = MemoryLog()
    log.done(1, answer(webhook_auth_header_value="customer-secret"), **WEBHOOK)
    assert b"customer-secret" in log.payloads[1]
    changes = changes_of(log)
    assert "customer-secret" not in repr(changes)
    [request] = [one.request for one in changes if isinstance(one, PutStatus) and one.request]
    assert json.loads(request) == json.loads(log.payloads[1].replace(b'"customer-secret"', b"true"))


def test_every_step_leaves_its_time() -> None:
    log = MemoryLog()
    events = [
        log.request(1),
        log.claim(1),
        log.accept(1),
        log.call_back(1),
        log.complete(1, answer()),
    ]
    row = status_of(log)
    times = (row.created_at, row.claimed_at, row.accepted_at, row.called_back_at, row.completed_at)
    assert times == tuple(event.time for event in events)
    assert (row.status, row.open, row.audio_ms) == ("completed", False, 9_500)
    assert (row.provider_job, row.submission, row.version, row.position) == ("job-1", 1, 5, 5)
    assert row.requested_position == 1


def test_only_an_accepted_job_is_processing() -> None:
    log = MemoryLog()
    log.request(1)
    log.claim(1)
    assert status_of(log).status == "queued"
    log.accept(1)
    assert status_of(log).status == "processing"


def test_a_provider_job_of_another_form_comes_from_the_payload() -> None:
    log = MemoryLog()
    log.request(1)
    log.claim(1)
    log.accept(1, job=None)
    assert status_of(log).provider_job == "job of another form"


def test_a_second_submission_starts_its_own_times() -> None:
    log = MemoryLog()
    log.request(1)
    log.claim(1)
    log.accept(1)
    log.call_back(1)
    again = log.claim(1, 2)
    row = status_of(log)
    assert (row.submission, row.claimed_at) == (2, again.time)
    assert (row.accepted_at, row.called_back_at, row.provider_job) == (None, None, None)
    accepted = log.accept(1, 2, job="job-2")
    row = status_of(log)
    assert (row.provider_job, row.accepted_at) == ("job-2", accepted.time)


def test_a_superseded_submission_changes_nothing_that_is_shown() -> None:
    log = MemoryLog()
    log.request(1)
    log.claim(1)
    log.claim(1, 2)
    log.accept(1, 2, job="job-2")
    before = status_of(log)
    log.accept(1, 1, job="late")
    log.call_back(1, 1)
    log.add(1, "submission.superseded", {"submission": 1, "provider_job": "late"})
    log.add(1, "submission.removed", EXAMPLES["submission.removed"])
    after = status_of(log)
    assert (after.provider_job, after.accepted_at) == ("job-2", before.accepted_at)
    assert after.called_back_at is None
    assert after.version == 8


def test_a_callback_before_our_own_acceptance_counts() -> None:
    log = MemoryLog()
    log.request(1)
    log.claim(1)
    called_back = log.call_back(1)
    log.accept(1)
    row = status_of(log)
    assert (row.status, row.called_back_at) == ("processing", called_back.time)


def test_the_first_callback_counts_and_redacted_audio_is_none() -> None:
    log = MemoryLog()
    log.request(1)
    log.claim(1)
    log.accept(1)
    log.call_back(1, kind="redacted_audio")
    assert status_of(log).called_back_at is None
    first = log.call_back(1, kind="unreadable")
    log.call_back(1)
    assert status_of(log).called_back_at == first.time


def test_after_the_outcome_only_the_version_moves() -> None:
    log = MemoryLog()
    log.done(1, answer())
    before = status_of(log)
    log.call_back(1)
    log.claim(1, 2)
    after = status_of(log)
    assert (after.version, after.position) == (7, 7)
    assert after.called_back_at == before.called_back_at
    assert (after.status, after.submission) == ("completed", 1)


def test_a_failure_carries_its_sentence() -> None:
    log = MemoryLog()
    log.request(1)
    failed = log.fail(1, "The file has no audio.")
    row = status_of(log)
    assert (row.status, row.error, row.completed_at) == (
        "error",
        "The file has no audio.",
        failed.time,
    )


@pytest.mark.parametrize("payload", [b"", b"[]", b"{", b'{"error": 3}', b"{}"])
def test_a_failure_without_a_sentence_is_a_failure_all_the_same(payload: bytes) -> None:
    log = MemoryLog()
    log.request(1)
    data = {"submission": 1, "reason": "provider", "wake": "poll"}
    log.add(1, "transcription.failed", data, payload)
    row = status_of(log)
    assert row.status == "error"
    assert row.error


@pytest.mark.parametrize("payload", [b"", b"null", b"[1]", b"\xff\xfe\x00", b'{"a": NaN}'])
def test_an_unreadable_result_ends_in_error_so_that_nobody_waits_for_ever(payload: bytes) -> None:
    log = MemoryLog()
    log.done(1, payload)
    row = status_of(log)
    assert (row.status, row.audio_ms) == ("error", 9_500)
    assert row.error == "The provider's result could not be read."


@pytest.mark.parametrize(
    "payload", [b"", b"3", b'{"params": 3}', b'{"params": {"audio_url": 3}, "subject": []}']
)
def test_an_odd_request_still_has_a_status(payload: bytes) -> None:
    log = MemoryLog()
    data = {"provider": "local", "region": None, "surface": "native", "upload": None}
    log.add(1, "transcription.requested", data, payload)
    row = status_of(log)
    assert (row.status, row.audio_url, row.subject, row.erased) == ("queued", "", None, False)


def test_an_erased_request_is_marked() -> None:
    log = MemoryLog()
    log.request(1)
    log.missing.add(1)
    row = status_of(log)
    assert (row.erased, row.audio_url, row.subject, row.metadata) == (True, "", None, None)


def test_lone_surrogates_can_be_stored() -> None:
    log = MemoryLog()
    data = {"provider": "local", "region": None, "surface": "native", "upload": None}
    payload = b'{"params": {"audio_url": "https://x.example/\\ud800"}, "metadata": "\\udfff"}'
    log.add(1, "transcription.requested", data, payload)
    row = status_of(log)
    assert row.audio_url.encode() == b"https://x.example/?"
    assert (row.metadata or "").encode() == b'"\\udfff"'


def test_a_type_that_this_version_does_not_know_moves_only_the_version() -> None:
    log = MemoryLog()
    log.request(1)
    log.add(1, "something.new", {"any": 1}, b"{}")
    row = status_of(log)
    assert (row.version, row.status) == (2, "queued")


def test_a_known_type_of_unknown_shape_is_held_visibly() -> None:
    log = MemoryLog()
    log.request(1)
    log.add(1, "submission.claimed", {"submission": 1, "kid": 1, "new": 2})
    _, change = changes_of(log, ["transcriptions"])
    assert change.reason.startswith("an event of type submission.claimed")  # type: ignore[union-attr]  # fails if it is another change


def test_a_stream_without_a_request_is_held_visibly() -> None:
    log = MemoryLog()
    log.claim(1)
    assert hold_of(log, "transcriptions").reason == "the stream does not begin with a request"


def test_what_the_provider_may_still_have_is_unsettled() -> None:
    log = MemoryLog()
    log.request(1)
    assert unsettled_in(log) == ""
    log.claim(1)
    assert unsettled_in(log) == "1"
    log.add(1, "submission.abandoned", {"submission": 1, "reason": "not-listed"})
    assert unsettled_in(log) == ""
    log.claim(1, 2)
    log.accept(1, 2)
    log.accept(1, 1)
    assert unsettled_in(log) == "1,2"
    log.complete(1, answer(), 2)
    assert unsettled_in(log) == "1"
    log.call_back(1, 2)
    assert unsettled_in(log) == "1"
    log.add(1, "submission.superseded", {"submission": 1})
    assert (unsettled_in(log), status_of(log).open) == ("1", False)
    log.add(1, "submission.removed", EXAMPLES["submission.removed"])
    assert (unsettled_in(log), status_of(log).finished_by) == ("", 2)


@pytest.mark.parametrize(("reason", "unsettled"), [("deadline", "1"), ("provider", "")])
def test_the_provider_may_still_finish_what_we_gave_up(reason: str, unsettled: str) -> None:
    log = MemoryLog()
    log.request(1)
    log.claim(1)
    log.accept(1)
    data = {"submission": 1, "reason": reason, "wake": "silence"}
    log.add(1, "transcription.failed", data, {"error": "given up", "answer": None})
    assert (status_of(log).status, unsettled_in(log)) == ("error", unsettled)
    late(log, answer())
    assert unsettled_in(log) == ""


def test_a_late_callback_may_name_a_job_that_nobody_knew() -> None:
    log = MemoryLog()
    log.request(1)
    log.claim(1)
    log.add(1, "submission.abandoned", {"submission": 1, "reason": "not-listed"})
    log.claim(1, 2)
    log.accept(1, 2)
    log.complete(1, answer(), 2)
    data = {"submission": 1, "kid": 1, "kind": "completed", "provider_job": "j", "body_bytes": 9}
    log.add(1, "callback.received", {**data, "submission": 2}, b"{}")
    assert unsettled_in(log) == ""
    log.add(1, "callback.received", {**data, "provider_job": None}, b"{}")
    assert unsettled_in(log) == ""
    log.add(1, "callback.received", data, b"{}")
    assert unsettled_in(log) == "1"


@pytest.mark.parametrize("status", [204, None])
def test_a_delivery_that_failed_says_what_was_answered_last(status: int | None) -> None:
    log = MemoryLog()
    log.done(1, answer())
    assert status_of(log).webhook_status_code is None
    failed = {"kind": "outcome", "attempts": 10, "status": status, "reason": "exhausted"}
    event = log.add(1, "delivery.failed", failed)
    row = status_of(log)
    assert (row.webhook_status_code, row.version) == (status, event.version)


def test_a_delivery_changes_nothing_else() -> None:
    log = MemoryLog()
    log.done(1, answer())
    before = status_of(log)
    log.add(1, "delivery.succeeded", {"kind": "outcome", "attempts": 1, "status": 201})
    after = status_of(log)
    assert after == replace(
        before,
        webhook_status_code=201,
        webhook_ended="delivered",
        version=after.version,
        position=after.position,
    )


def late(log: MemoryLog, payload: object) -> Event:
    data = {"submission": 1, "reason": "callback", "audio_ms": 9_500, "words": 0}
    return log.add(1, "transcription.completed_late", data, payload)


def test_a_late_result_turns_a_failure_on_every_view() -> None:
    log = MemoryLog()
    log.request(1)
    log.claim(1)
    log.accept(1)
    sentence = "The provider did not finish within 24 h."
    data = {"submission": 1, "reason": "deadline", "wake": "silence"}
    log.add(1, "transcription.failed", data, {"error": sentence, "answer": None})
    log.call_back(1)
    assert unsettled_in(log) == "1"
    event = late(log, answer())
    row = status_of(log)
    assert (row.status, row.error, row.audio_ms) == ("completed", None, 9_500)
    assert (row.completed_at, unsettled_in(log)) == (event.time, "")
    for name in ("transcript", "words"):
        last = changes_of(log, [name])[-1]
        assert isinstance(last, PutView)
        assert last.reason is None


def given_up(log: MemoryLog, reason: str = "lost") -> Event:
    data = {"submission": 1, "reason": reason, "wake": "silence"}
    return log.add(1, "transcription.failed", data, {"error": "lost", "answer": None})


@pytest.mark.parametrize("job", ["job-9", None])
@pytest.mark.parametrize("ends", [given_up, lambda log: log.erase(1)], ids=["failed", "erased"])
def test_a_job_that_is_found_after_the_end_is_not_shown(
    ends: Callable[[MemoryLog], Event], job: str | None
) -> None:
    log = MemoryLog()
    log.request(1)
    log.claim(1)
    ends(log)
    before = status_of(log)
    late_one = log.accept(1, job=job)
    row = status_of(log)
    assert (row.provider_job, row.accepted_at) == (None, None)
    assert replace(before, version=row.version, position=row.position) == row
    if not row.erased:
        late(log, answer())
        row = status_of(log)
        assert (row.status, row.provider_job) == ("completed", job)
        assert row.accepted_at == late_one.time


def test_a_job_that_is_found_after_the_end_leaves_the_one_that_was_shown() -> None:
    log = MemoryLog()
    log.request(1)
    log.claim(1)
    accepted = log.accept(1, job="job-1")
    log.add(1, "submission.abandoned", {"submission": 1, "reason": "forgotten"})
    given_up(log)
    log.accept(1, job="job-2")
    row = status_of(log)
    assert (row.provider_job, row.accepted_at) == ("job-1", accepted.time)


def test_a_late_result_that_is_unreadable_leaves_an_error() -> None:
    log = MemoryLog()
    log.request(1)
    log.fail(1, "given up")
    late(log, b"[]")
    row = status_of(log)
    assert (row.status, row.error) == ("error", "The provider's result could not be read.")


def test_a_submission_that_failed_is_settled_and_the_transcription_goes_on() -> None:
    log = MemoryLog()
    log.request(1)
    log.claim(1)
    log.accept(1)
    data = {"submission": 1, "kind": "server-error", "wake": "callback"}
    log.add(1, "submission.failed", data, {"error": "Server error", "answer": None})
    row = status_of(log)
    assert (row.status, unsettled_in(log)) == ("processing", "")
    log.claim(1, 2)
    assert status_of(log).submission == 2
