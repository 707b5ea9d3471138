"""API keys: their shape, their digest, and what may be asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stenolog.commands.api_keys import (
    ALL,
    DEFAULT_SCOPES,
    NAME_CHARACTERS_MAX,
    SCOPES,
    ApiKey,
    LastManagingKey,
    checked_name,
    checked_scopes,
    digest_of,
    matches,
    new_secret,
    prefix_of,
    refuse_last,
)
from stenolog.commands.routing_defaults import (
    checked_provider,
    checked_providers,
    checked_region,
)
from stenolog.errors import InvalidRequest

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
    assert checked_scopes(("events:read", ALL)) == (ALL,)


def test_a_key_of_all_may_do_everything_and_another_may_not_give_that_away() -> None:
    everything = replace(KEY, scopes=(ALL,))
    assert all(everything.may(scope) for scope in (*SCOPES, ALL))
    assert not everything.may("compliance:write"), "there is no such scope yet"
    assert KEY.may("events:read")
    assert not KEY.may(ALL)
    assert everything.manages_all


@pytest.mark.parametrize(
    "unknown", ["", "compliance:write", "transcripts:*", "Transcripts:read", "events:read "]
)
def test_an_unknown_scope_is_named(unknown: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        checked_scopes(("events:read", unknown))
    assert repr(unknown) in str(raised.value)
    assert raised.value.fields[0][0] == "scopes"


@pytest.mark.parametrize("name", ["a", "Ada's key", "é" * NAME_CHARACTERS_MAX])
def test_a_printable_name_is_kept_as_it_is(name: str) -> None:
    assert checked_name("name", name) == name


@pytest.mark.parametrize(
    "name",
    ["", "a" * (NAME_CHARACTERS_MAX + 1), "a\nb", "\x1b[31m", "\u202e", " ", "a ", "\u00a0a"],
)
def test_a_name_that_is_empty_too_long_or_not_printable_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        checked_name("tenant", name)
    assert raised.value.fields[0][0] == "tenant"


def test_a_region_is_one_that_is_offered() -> None:
    assert checked_region("region", None, ()) is None
    assert checked_region("region", "eu", ("us", "eu")) == "eu"
    with pytest.raises(InvalidRequest, match="tenant_region must be one of: us"):
        checked_region("tenant_region", "eu", ("us",))
    with pytest.raises(InvalidRequest, match="no provider here has regions"):
        checked_region("region", "eu", ())


def test_a_provider_is_one_that_is_offered() -> None:
    assert checked_provider("provider", None, ()) is None
    assert checked_provider("provider", "local", ("assemblyai", "local")) == "local"
    with pytest.raises(InvalidRequest, match="provider must be one of: local"):
        checked_provider("provider", "aimlapi", ("local",))
    assert checked_providers("p", ["local", "aimlapi"], ("aimlapi", "local")) == (
        "local",
        "aimlapi",
    )
    with pytest.raises(InvalidRequest, match="p must name each provider once"):
        checked_providers("p", ["local", "local"], ("local",))


def test_a_keys_own_provider_comes_before_its_tenants() -> None:
    assert KEY.default_providers == ()
    of_tenant = replace(KEY, tenant_providers=("aimlapi", "local"))
    assert of_tenant.default_providers == ("aimlapi", "local")
    assert replace(of_tenant, provider="assemblyai").default_providers == ("assemblyai",)


def test_a_keys_own_region_comes_before_its_tenants() -> None:
    assert KEY.default_region is None
    assert replace(KEY, tenant_region="eu").default_region == "eu"
    assert replace(KEY, tenant_region="eu", region="us").default_region == "us"


def test_the_last_key_that_manages_all_is_not_to_be_revoked() -> None:
    useless = (
        replace(KEY, id="revoked", revoked_at="2026-11-21T08:00:00.000000Z"),
        replace(KEY, id="reads", scopes=DEFAULT_SCOPES),
        replace(KEY, id="another tenant's", tenant_name="acme"),
    )
    with pytest.raises(LastManagingKey):
        refuse_last(KEY, [KEY, *useless])
    refuse_last(KEY, [KEY, *useless, replace(KEY, id="another")])
    for key in useless:
        refuse_last(key, [key])
