"""The recorder of facts, over a real log whose replies can be lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.vault import Vault
from stenolog.encryption import KEY_BYTES
from stenolog.errors import OutcomeUnknown, StoreError, StoreUnavailable, WrongExpectedVersion
from stenolog.log.events.callbacks import CallbackReceived
from stenolog.log.events.uploads import UPLOAD
from stenolog.log.facts import callback_received, upload_released, upload_stored
from stenolog.log.recorder import Cause, FactRecorder, Record, new_id
from stenolog.log.store import Append, Appended
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.log_samples import ACTOR, BEGUN, CORRELATION, TENANT, UPLOAD_ID, new_event

STREAM = UPLOAD + UPLOAD_ID
CAUSE = Cause(tenant=TENANT, actor=ACTOR, correlation_id=CORRELATION)


class FailingLog(SqliteLog):
    """Appends, then does with the reply what the test wants, one append after the other."""

    fates: Sequence[str] = ()

    async def append_all(self, appends: Sequence[Append]) -> Sequence[Appended]:
        fate, *rest = self.fates or ("written",)
        self.fates = rest
        if fate == "refused":
            raise StoreUnavailable("injected: refused")
        if fate == "damaged":
            raise StoreError("injected: the file cannot be read any more")
        appended = await super().append_all(appends)
        if fate == "reply lost":
            raise OutcomeUnknown("injected: reply lost")
        return appended


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[FailingLog]:
    opened = await FailingLog.open(tmp_path / "log.db")
    assert isinstance(opened, FailingLog)
    yield opened
    await opened.close()


@pytest.fixture
async def recorder(log: FailingLog, tmp_path: Path) -> AsyncIterator[FactRecorder]:
    keys = await SqliteKeys.open(tmp_path / "keys.db")
    yield FactRecorder(log, Vault(MasterKey(bytes(KEY_BYTES)), keys, log.sealings))
    await keys.close()


async def test_a_fact_says_who_acted_and_why(log: FailingLog, recorder: FactRecorder) -> None:
    cause = Cause(tenant=TENANT, actor=ACTOR, correlation_id=CORRELATION, causation_id=new_id())
    appended = await recorder.record(STREAM, [upload_stored(7)], cause, expected=0)
    [event] = await log.read(after=BEGUN)
    assert appended.positions == (event.position,)
    assert (event.type, event.data) == ("upload.stored", {"bytes": 7})
    assert (event.tenant, event.actor) == (TENANT, ACTOR)
    assert (event.correlation_id, event.causation_id) == (CORRELATION, cause.causation_id)


async def test_a_lost_reply_is_cleared_up_with_the_same_ids(
    log: FailingLog, recorder: FactRecorder
) -> None:
    log.fates = ["reply lost"]
    appended = await recorder.record(STREAM, [upload_stored(7)], CAUSE, expected=0)
    assert appended.already_there
    assert await log.head() == BEGUN + 1


async def test_an_outcome_that_stays_unknown_is_said_to_be_unknown(
    log: FailingLog, recorder: FactRecorder
) -> None:
    log.fates = ["reply lost", "reply lost"]
    with pytest.raises(OutcomeUnknown):
        await recorder.record(STREAM, [upload_stored(7)], CAUSE, expected=0)


@pytest.mark.parametrize("fate", ["refused", "damaged"])
async def test_a_refusal_after_a_lost_reply_does_not_say_that_nothing_was_written(
    log: FailingLog, recorder: FactRecorder, fate: str
) -> None:
    log.fates = ["reply lost", fate]
    with pytest.raises(OutcomeUnknown):
        await recorder.record(STREAM, [upload_stored(7)], CAUSE, expected=0)
    assert await log.head() == BEGUN + 1


async def test_facts_of_two_streams_are_recorded_together_or_not_at_all(
    log: FailingLog, recorder: FactRecorder
) -> None:
    other = f"{UPLOAD}{new_id()}"
    both = [
        Record(stream=STREAM, facts=[upload_stored(7)], expected=0),
        Record(stream=other, facts=[upload_stored(8)], expected=0),
    ]
    log.fates = ["reply lost"]
    first, second = await recorder.record_all(both, CAUSE)
    assert (first.positions, second.positions) == ((BEGUN + 1,), (BEGUN + 2,))
    late = Record(stream=f"{UPLOAD}{new_id()}", facts=[upload_stored(9)], expected=0)
    with pytest.raises(WrongExpectedVersion):
        await recorder.record_all([late, both[0]], CAUSE)
    assert await log.head() == BEGUN + 2


async def test_a_refusal_is_told_as_it_is(log: FailingLog, recorder: FactRecorder) -> None:
    log.fates = ["refused"]
    with pytest.raises(StoreUnavailable):
        await recorder.record(STREAM, [upload_stored(7)], CAUSE)
    assert await log.head() == BEGUN


async def test_a_stream_that_moved_on_is_not_appended_to(
    log: FailingLog, recorder: FactRecorder
) -> None:
    await recorder.record(STREAM, [upload_stored(7)], CAUSE, expected=0)
    with pytest.raises(WrongExpectedVersion):
        await recorder.record(STREAM, [upload_released(UPLOAD_ID, "unused")], CAUSE, expected=0)


@pytest.mark.parametrize("kind", ["completed", "error"])
async def test_the_same_fact_is_taken_once(
    log: FailingLog, recorder: FactRecorder, kind: str
) -> None:
    called = CallbackReceived.model_validate(
        {"submission": 1, "kid": 1, "kind": kind, "provider_job": None, "body_bytes": 2}
    )
    stream = f"transcription-{UPLOAD_ID}"
    fact = callback_received(UPLOAD_ID, called, b"{}")
    await log.append(stream, [new_event()])
    assert not (await recorder.record(stream, [fact], CAUSE)).already_there
    assert (await recorder.record(stream, [fact], CAUSE)).already_there
    assert await log.head() == BEGUN + 2


async def test_a_probe_commits_and_leaves_no_event(log: FailingLog, recorder: FactRecorder) -> None:
    await recorder.probe()
    assert await log.head() == BEGUN
    log.fates = ["refused"]
    with pytest.raises(StoreUnavailable):
        await recorder.probe()
