"""Who may ask a place now, and what is reserved ahead of a claim."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from stenolog.errors import EgressFailed, ProviderHeldBack
from stenolog.providers.admission import LOCAL_MS_MAX, Admission
from stenolog.providers.pace import Pace
from stenolog.providers.pause import PROBE_MS, PROVING_MS

HOUR_MS = 3_600_000
OURS = EgressFailed("this machine: too many open files", sent=False, ours=True)


class Place:
    """A place, and a clock that moves by hand."""

    def __init__(self, requests_max: int | None = None) -> None:
        self.ms = 1_000_000
        self.wanted = 0
        self.pace = Pace(requests_max=requests_max, now_ms=lambda: self.ms)
        self.admission = Admission("assemblyai", self.pace)

    def answer(self, status: int, told_ms: int | None = None) -> None:
        """A create is answered a millisecond later."""
        began_ms = self.admission.begin("create")
        self.ms += 1
        self.admission.heed("create", status, told_ms, began_ms)

    def reserve(self, count: int) -> list[bytes]:
        """The bodies that got a turn, of so many that want one."""
        reserved = []
        for _ in range(count):
            self.wanted += 1
            body = b"%d" % self.wanted
            try:
                self.admission.reserve("create", body)
            except ProviderHeldBack:
                continue
            reserved.append(body)
        return reserved


@pytest.mark.parametrize("status", [429, 503])
def test_while_a_pause_lasts_one_of_many_gets_the_probe(status: int) -> None:
    it = Place()
    it.answer(status, HOUR_MS)
    assert it.reserve(36) == []
    it.ms += PROBE_MS
    [body] = it.reserve(36)
    began_ms = it.admission.begin("create", body)
    assert it.reserve(36) == []
    it.ms += 1
    it.admission.heed("create", 200, None, began_ms)
    assert len(it.reserve(36)) == 36


@pytest.mark.parametrize("status", [429, 503])
def test_a_probe_that_is_not_made_is_another_s(status: int) -> None:
    it = Place()
    it.answer(status, HOUR_MS)
    it.ms += PROBE_MS
    [body] = it.reserve(2)
    it.admission.withdraw("create", body)
    it.admission.withdraw("create", body)
    assert len(it.reserve(2)) == 1


def test_a_full_window_is_shared_out_before_anybody_claims() -> None:
    it = Place(requests_max=10)
    reserved = it.reserve(36)
    assert len(reserved) == 10
    it.admission.withdraw("create", reserved[0])
    assert len(it.reserve(1)) == 1
    for body in reserved[1:]:
        it.admission.begin("create", body)
    with pytest.raises(ProviderHeldBack):
        it.admission.begin("create", reserved[1])


def test_what_was_reserved_before_a_refusal_came_waits_like_all() -> None:
    it = Place()
    body, other = it.reserve(2)
    it.answer(429, 10_000)
    with pytest.raises(ProviderHeldBack):
        it.admission.begin("create", body)
    it.ms += 10_000
    assert it.admission.begin("create", other) == it.ms


@pytest.mark.parametrize("status", [429, 503])
def test_one_that_was_reserved_and_is_overtaken_by_a_refusal_is_no_probe(status: int) -> None:
    it = Place()
    it.answer(status, HOUR_MS)
    it.ms += PROBE_MS
    [last] = it.reserve(36)
    it.admission.heed("create", status, HOUR_MS, it.ms)
    with pytest.raises(ProviderHeldBack):
        it.admission.begin("create", last)
    assert it.reserve(36) == []
    it.ms += PROBE_MS
    assert len(it.reserve(36)) == 1


def test_a_reservation_that_a_refusal_has_overtaken_gives_no_turn_to_another() -> None:
    it = Place()
    [body] = it.reserve(1)
    it.admission.heed("create", 429, HOUR_MS, it.ms)
    it.admission.withdraw("create", body)
    assert it.reserve(36) == []


def test_after_a_pause_they_go_one_a_second_until_one_is_answered() -> None:
    it = Place()
    it.answer(429, 10_000)
    it.ms += 10_000
    made = []
    for _ in range(30):
        made += [(body, it.ms) for body in it.reserve(36)]
        it.ms += 100
    times = [moment for _, moment in made]
    assert times == [times[0] + number * PROVING_MS for number in range(3)]
    began_ms = it.admission.begin("create", made[-1][0])
    it.admission.heed("create", 200, None, began_ms)
    assert len(it.reserve(36)) == 36


def test_a_fault_of_this_machine_holds_all_back_for_a_moment_and_pauses_no_provider() -> None:
    it, waits = Place(), []
    with capture_logs() as lines:
        for _ in range(6):
            began_ms = it.admission.begin("fetch")
            with pytest.raises(ProviderHeldBack) as held:
                it.admission.not_made(OURS, began_ms)
            waits.append(held.value.retry_in_ms or 0)
            with pytest.raises(ProviderHeldBack, match="this machine"):
                it.admission.reserve("create", b"")
            it.ms += waits[-1]
    assert waits == [1_000, 2_000, 4_000, LOCAL_MS_MAX, LOCAL_MS_MAX, LOCAL_MS_MAX]
    assert not it.admission.paused_ms()
    assert [line["event"] for line in lines] == ["provider.not_asked"]
    began_ms = it.admission.begin("fetch")
    it.ms += 1
    it.admission.heed("fetch", 200, None, began_ms)
    assert len(it.reserve(36)) == 36


def test_a_request_that_failed_elsewhere_holds_nobody_back() -> None:
    it = Place()
    it.admission.not_made(EgressFailed("no answer", sent=True), it.admission.begin("fetch"))
    assert len(it.reserve(36)) == 36
