"""API keys: their shape, their digest, and what may be asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.commands.api_keys import (
    DEFAULT_SCOPES,
    NAME_CHARACTERS_MAX,
    SCOPES,
    ApiKey,
    checked_name,
    checked_scopes,
    digest_of,
    matches,
    new_secret,
    prefix_of,
)
from service.errors import InvalidRequest

SECRET = new_secret(bytes(range(38)))
KEY = ApiKey(
    prefix="AAECAwQF",
    id="id",
    hash=digest_of(SECRET),
    tenant="tenant",
    tenant_name="default",
    name="ci",
    scopes=SCOPES,
    created_at="2026-11-21T08:00:00.000000Z",
)


def test_a_key_shows_its_prefix_and_its_stored_form_does_not_hold_it() -> None:
    assert prefix_of(SECRET) == KEY.prefix
    assert SECRET.startswith(f"sk_{KEY.prefix}_")
    assert SECRET not in repr(KEY)
    assert SECRET.split("_", 2)[2] not in repr(KEY)


@pytest.mark.parametrize("entropy", [bytes(38), b"\xff" * 38, b"\xfb\xef\xbe" * 12 + b"\xfb\xef"])
def test_every_key_has_the_shape_that_is_recognised(entropy: bytes) -> None:
    made = new_secret(entropy)
    assert prefix_of(made) == made[3:11]
    assert made.isascii()


@pytest.mark.parametrize(
    "text",
    ["", "sk_", SECRET[:-1], SECRET + "A", SECRET + "\n", " " + SECRET, SECRET.upper(), "é" * 55],
)
def test_what_has_not_the_shape_of_a_key_has_no_prefix(text: str) -> None:
    assert prefix_of(text) is None


def test_a_key_matches_itself_alone_and_only_until_it_is_revoked() -> None:
    assert matches(SECRET, KEY)
    assert not matches(new_secret(bytes(range(1, 39))), KEY)
    assert not matches(SECRET[:-1] + "A", KEY)
    assert not matches(SECRET, replace(KEY, revoked_at="2026-11-21T08:00:00.000000Z"))


def test_scopes_are_the_ones_asked_for_in_our_order() -> None:
    assert checked_scopes(()) == DEFAULT_SCOPES
    assert checked_scopes((*reversed(SCOPES), SCOPES[0])) == SCOPES
    assert set(DEFAULT_SCOPES) < set(SCOPES)


@pytest.mark.parametrize("unknown", ["", "transcripts:*", "Transcripts:read", "events:read "])
def test_an_unknown_scope_is_named(unknown: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        checked_scopes(("events:read", unknown))
    assert repr(unknown) in str(raised.value)
    assert raised.value.fields[0][0] == "scopes"


@pytest.mark.parametrize("name", ["a", "Ada's key", "é" * NAME_CHARACTERS_MAX])
def test_a_printable_name_is_kept_as_it_is(name: str) -> None:
    assert checked_name("name", name) == name


@pytest.mark.parametrize(
    "name", ["", "a" * (NAME_CHARACTERS_MAX + 1), "a\nb", "\x1b[31m", "\u202e"]
)
def test_a_name_that_is_empty_too_long_or_not_printable_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        checked_name("tenant", name)
    assert raised.value.fields[0][0] == "tenant"
