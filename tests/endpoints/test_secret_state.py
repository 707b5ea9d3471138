"""Which secrets sign at which time."""

from __future__ import annotations

from stenolog.clock import microseconds, rfc3339
from stenolog.endpoints.secret_state import SIGNING_AT_ONCE_MAX, SecretState, evolve_secrets
from stenolog.log.event import Event
from stenolog.log.event_data import EventData
from stenolog.log.events.signing import SigningSecretMade, SigningSecretRemoved
from tests.log_samples import ACTOR, CORRELATION, TENANT

BEGAN = "2026-12-01T00:00:00.000000Z"
BEGAN_MS = microseconds(BEGAN) // 1000
DAY_MS = 86_400_000


def folded(*happened: tuple[int, EventData]) -> SecretState:
    """The state after these; each with how many ms after the beginning it happened."""
    state = SecretState()
    for version, (at_ms, data) in enumerate(happened, start=1):
        event = Event(
            position=version,
            id=CORRELATION,
            stream=f"webhook-secret-{TENANT}",
            version=version,
            previous=version - 1,
            sequence=0,
            type=data.type,
            time=rfc3339((BEGAN_MS + at_ms) * 1000),
            tenant=TENANT,
            actor=ACTOR,
            correlation_id=CORRELATION,
            causation_id=None,
            data=data.model_dump(),
            commitment=None,
        )
        state = evolve_secrets(state, event)
    return state


def made(number: int, overlap_ms: int = DAY_MS, asymmetric: bool = False) -> SigningSecretMade:
    return SigningSecretMade(number=number, overlap_ms=overlap_ms, asymmetric=asymmetric)


def signing(state: SecretState, after_ms: int) -> list[int]:
    return [one.number for one in state.signing(BEGAN_MS + after_ms)]


def test_without_a_secret_nothing_is_signed() -> None:
    assert signing(folded(), 0) == []


def test_the_one_before_signs_until_the_overlap_ends() -> None:
    state = folded((0, made(1)), (10, made(2, overlap_ms=100)))
    assert signing(state, 109) == [2, 1]
    assert signing(state, 110) == [2]
    assert signing(state, 10 * DAY_MS) == [2]


def test_a_later_rotation_never_lengthens_an_earlier_end() -> None:
    state = folded((0, made(1)), (10, made(2, overlap_ms=100)), (20, made(3, overlap_ms=DAY_MS)))
    assert signing(state, 109) == [3, 2, 1]
    assert signing(state, 110) == [3, 2]
    assert signing(state, 20 + DAY_MS) == [3]


def test_without_overlap_the_one_before_ends_at_once() -> None:
    assert signing(folded((0, made(1)), (10, made(2, overlap_ms=0))), 10) == [2]


def test_no_more_than_four_sign_at_once() -> None:
    state = folded(*((number, made(number)) for number in range(1, 20)))
    assert signing(state, 30) == [19, 18, 17, 16]
    assert len(state.secrets) == SIGNING_AT_ONCE_MAX


def test_after_a_removal_nothing_signs_until_another_is_made() -> None:
    removed = folded((0, made(1, asymmetric=True)), (5, SigningSecretRemoved()))
    assert (signing(removed, 5), removed.asymmetric) == ([], False)
    again = folded((0, made(1)), (5, SigningSecretRemoved()), (9, made(1)))
    assert signing(again, 10) == [1]
