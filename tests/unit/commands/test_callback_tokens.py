"""Only what we made is taken, in the one way in which it can be written."""

from __future__ import annotations

import base64

import pytest

from stenolog.commands.callback_tokens import (
    TOKEN_CHARACTERS,
    CallbackKeys,
    read_registration,
    register,
    verify,
)
from stenolog.errors import BadToken
from tests.unit.commands.stories import ID

KEYS = CallbackKeys(current=2, secrets={1: b"1" * 32, 2: b"2" * 32})
MADE = register(KEYS, "assemblyai", ID, 3)


def reason(token: str, header: str | None = MADE.header, keys: CallbackKeys = KEYS) -> str:
    with pytest.raises(BadToken) as raised:
        verify(keys, "assemblyai", token, header)
    return raised.value.reason


def test_a_registration_says_what_it_was_made_for() -> None:
    found = verify(KEYS, "assemblyai", MADE.token, MADE.header)
    assert (found.kid, found.provider, found.transcription_id, found.submission) == (
        2,
        "assemblyai",
        ID,
        3,
    )
    assert read_registration(MADE.token) == found
    assert register(KEYS, "assemblyai", ID, 3) == MADE
    assert len(MADE.token) == TOKEN_CHARACTERS


def test_no_two_registrations_are_alike() -> None:
    other_id = ID.replace("1", "2")
    made = [
        register(keys, provider, identifier, number)
        for keys in (KEYS, CallbackKeys(current=1, secrets=KEYS.secrets))
        for provider in ("assemblyai", "aimlapi", "local")
        for identifier in (ID, other_id)
        for number in (1, 2)
    ]
    assert len({one.token for one in made}) == len({one.header for one in made}) == len(made)
    assert MADE.header not in MADE.token


def test_every_bit_of_a_token_counts() -> None:
    raw = base64.urlsafe_b64decode(MADE.token)
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        token = base64.urlsafe_b64encode(changed).decode()
        assert reason(token) in {"bad_token", "unknown_key"}


def test_every_bit_of_the_header_counts() -> None:
    raw = base64.urlsafe_b64decode(MADE.header + "=")
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        header = base64.urlsafe_b64encode(changed).decode().rstrip("=")
        assert reason(MADE.token, header) == "bad_header"


def test_a_token_has_one_spelling() -> None:
    """`+` and `/` are `-` and `_` to the standard library, and it drops what it does not know."""
    spelled = 0
    for number in range(200):
        token = register(KEYS, "assemblyai", ID, number + 1).token
        header = register(KEYS, "assemblyai", ID, number + 1).header
        other = token.replace("-", "+").replace("_", "/")
        if other != token:
            spelled += 1
            assert reason(other, header) == "malformed"
    assert spelled
    for odd in (
        MADE.token + "A",
        MADE.token + "=",
        MADE.token[:-1],
        MADE.token[: TOKEN_CHARACTERS // 2],
        MADE.token[:-4] + "====",
        MADE.token[:-1] + "\n",
        " " + MADE.token[1:],
        MADE.token[:-1] + "é",
        "",
        "A" * 10_000,
    ):
        assert reason(odd) == "malformed"


def test_another_providers_route_is_refused() -> None:
    with pytest.raises(BadToken) as raised:
        verify(KEYS, "local", MADE.token, MADE.header)
    assert raised.value.reason == "wrong_provider"


def test_a_retired_key_revokes_what_was_registered_under_it() -> None:
    retired = CallbackKeys(current=1, secrets={1: b"1" * 32})
    assert reason(MADE.token, keys=retired) == "unknown_key"
    older = register(retired, "assemblyai", ID, 3)
    assert verify(KEYS, "assemblyai", older.token, older.header).kid == 1


def test_the_header_is_needed_and_is_its_own() -> None:
    assert reason(MADE.token, None) == "no_header"
    assert reason(MADE.token, "") == "no_header"
    assert reason(MADE.token, MADE.token) == "bad_header"
    assert reason(MADE.token, register(KEYS, "assemblyai", ID, 4).header) == "bad_header"
    assert reason(MADE.token, "\udcff") == "bad_header"


def test_a_token_of_no_provider_is_recognised_as_nothing() -> None:
    raw = bytearray(base64.urlsafe_b64decode(MADE.token))
    raw[1] = 77
    with pytest.raises(BadToken):
        read_registration(base64.urlsafe_b64encode(raw).decode())
