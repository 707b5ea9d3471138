"""What a model refuses is said in our own words, with the value where it is no secret."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from stenolog.config.settings import BadSetting, Settings, load_settings
from stenolog.wrong_values import SENTENCES, said_of

PYDANTIC = ("Input should", "unable to parse", "Value error", "Field required", "valid ")


def refusal(name: str, value: str) -> str:
    """What is said of the value; empty when it is taken."""
    try:
        load_settings({}, {}, **{name: value})
    except BadSetting as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("name", Settings.model_fields)
@pytest.mark.parametrize("value", ["", "eighty", "-7", "9" * 30, "1.5", "http://\n", "a,b", "\0"])
def test_no_words_of_pydantic_s_shine_through(name: str, value: str) -> None:
    assert not [words for words in PYDANTIC if words in refusal(name, value)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"port": "eighty"}, "STENOLOG_PORT): must be a whole number, and is 'eighty'"),
        ({"port": "70000"}, "STENOLOG_PORT): must be at most 65535, and is '70000'"),
        ({"provider": "acme"}, "must be one of 'assemblyai', 'aimlapi' or 'local', and is 'acme'"),
        ({"log_level": "loud"}, "and is 'loud'"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(given: dict[str, str], said: str) -> None:
    with pytest.raises(BadSetting) as refused:
        load_settings({}, {}, **given)
    assert said in str(refused.value)


@pytest.mark.parametrize("name", ["master_key", "assemblyai_api_key", "api_key"])
def test_a_secret_is_never_repeated(name: str) -> None:
    with pytest.raises(BadSetting) as refused:
        load_settings({}, {}, **{name: "se cret"})
    assert "se cret" not in str(refused.value)


def test_an_unforeseen_error_is_said_plainly() -> None:
    assert said_of({"type": "something_new", "input": 1}) == "is not what it must be"
    with pytest.raises(ValidationError) as refused:
        Settings(port=70_000)
    (error,) = refused.value.errors()
    assert error["type"] in SENTENCES
    assert said_of(error, shown=True) == "must be at most 65535, and is 70000"
