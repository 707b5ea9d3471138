"""Settings come from the environment alone, each checked, each named when it is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path

import pytest

from stenolog.config.engine import WORKERS_MAX
from stenolog.config.reach import is_unreachable
from stenolog.config.settings import BadSetting, Settings, load_settings
from stenolog.config.shown import MASKED, as_json, settings_table, shown
from stenolog.engine import settings as engine


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"STENOLOG_{name.upper()}", raising=False)


def loaded(monkeypatch: pytest.MonkeyPatch, environ: Mapping[str, str]) -> Settings:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_without_any_the_embedded_engine_transcribes() -> None:
    settings = load_settings()
    assert settings.chosen_provider == "local"
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.data_dir == Path("stenolog-data")
    assert (settings.settle_ms, settings.callback_silence_ms) == (90_000, 200_000)
    assert (settings.sweep_interval_ms, settings.http_timeout_ms) == (30_000, 30_000)
    assert settings.provider_job_lifetime_ms == 86_400_000
    assert settings.speech_models == ()


def test_a_providers_key_chooses_the_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, {"STENOLOG_ASSEMBLYAI_API_KEY": "k"}).chosen_provider == "assemblyai"
    assert loaded(monkeypatch, {"STENOLOG_PROVIDER": "local"}).chosen_provider == "local"


def test_aimlapi_is_chosen_where_assemblyai_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, {"STENOLOG_AIMLAPI_API_KEY": "k"})
    assert (settings.chosen_provider, settings.uses_engine) == ("aimlapi", False)
    assert settings.aimlapi_url == "https://api.aimlapi.com"
    monkeypatch.setenv("STENOLOG_AIMLAPI_BASE_URL", "http://127.0.0.1:9/v1/")
    assert load_settings().aimlapi_url == "http://127.0.0.1:9"
    assert loaded(monkeypatch, {"STENOLOG_ASSEMBLYAI_API_KEY": "k"}).chosen_provider == "assemblyai"
    assert loaded(monkeypatch, {"STENOLOG_PROVIDER": "aimlapi"}).chosen_provider == "aimlapi"
    with pytest.raises(BadSetting, match="STENOLOG_AIMLAPI_MODEL: must be the name of a model"):
        loaded(monkeypatch, {"STENOLOG_AIMLAPI_MODEL": "a model"})


def test_a_provider_without_its_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSetting, match="STENOLOG_ASSEMBLYAI_API_KEY is not set"):
        loaded(monkeypatch, {"STENOLOG_PROVIDER": "assemblyai"})
    with pytest.raises(BadSetting, match="STENOLOG_AIMLAPI_API_KEY is not set"):
        loaded(monkeypatch, {"STENOLOG_PROVIDER": "aimlapi"})


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("STENOLOG_DATADIR", "STENOLOG_DATA_DIR"),
        ("STENOLOG_SETTLE", "STENOLOG_SETTLE_MS"),
        ("STENOLOG_ASSEMBLY_API_KEY", "STENOLOG_ASSEMBLYAI_API_KEY"),
        ("stenolog_publicurl", "STENOLOG_PUBLIC_URL"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(wrong: str, near: str) -> None:
    with pytest.raises(BadSetting, match=f"{wrong} is not a setting; did you mean {near}"):
        load_settings({wrong: "1"})
    load_settings({"STENOLOGY": "1", "PATH": "/bin", near: "1"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SETTLE_MS", "soon"),
        ("SETTLE_MS", "0"),
        ("PORT", "65536"),
        ("PUBLIC_URL", "stenolog.example"),
        ("PUBLIC_URL", "https://user:secret@stenolog.example"),
        ("PUBLIC_URL", "https://stenolog.example/?a=b"),
        ("PUBLIC_URL", "https://stenolog.example/?"),
        ("PUBLIC_URL", "https://stenolog.example/#"),
        ("PUBLIC_URL", "https://@stenolog.example"),
        ("PUBLIC_URL", "https://stenolog.example\r"),
        ("PUBLIC_URL", "https://steno log.example"),
        ("PUBLIC_URL", "https://stenolog.example/\u00e4"),
        ("PUBLIC_URL", "https://stenolog..example"),
        ("PUBLIC_URL", "http://[::1"),
        ("PUBLIC_URL", "http://h:99999999"),
        ("PUBLIC_URL", "http://h:0"),
        ("PUBLIC_URL", "http://h:port"),
        ("ASSEMBLYAI_BASE_URL", "http://h:99999999"),
        ("ASSEMBLYAI_EU_BASE_URL", "https://secret@h"),
        ("URL", "http://h:99999999"),
        ("ASSEMBLYAI_API_KEY", "secret\r"),
        ("ASSEMBLYAI_API_KEY", "secret\n"),
        ("ASSEMBLYAI_API_KEY", " secret"),
        ("ASSEMBLYAI_API_KEY", "secret "),
        ("ASSEMBLYAI_API_KEY", "sec ret"),
        ("ASSEMBLYAI_API_KEY", "secret\u00e9"),
        ("ASSEMBLYAI_API_KEY", "secret" * 200),
        ("ASSEMBLYAI_EU_API_KEY", "secret\t"),
        ("API_KEY", "secret\x7f"),
        ("ENGINE_WORKERS", "17"),
        ("ASSEMBLYAI_REGION", "mars"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("ALLOW_NETWORKS", "10.0.0.0/99"),
        ("MASTER_KEY", "00"),
        ("MASTER_KEY", "zz" * 32),
    ],
)
def test_a_wrong_value_names_its_setting_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(BadSetting, match=f"^STENOLOG_{name}: ") as raised:
        loaded(monkeypatch, {f"STENOLOG_{name}": value})
    assert "\n" not in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_key_from_a_file_with_windows_line_ends_is_told_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(BadSetting, match="Windows line ends"):
        loaded(monkeypatch, {"STENOLOG_ASSEMBLYAI_API_KEY": "k\r"})


def test_a_level_may_be_written_in_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, {"STENOLOG_LOG_LEVEL": "WARNING", "STENOLOG_LOG_FORMAT": "JSON"})
    assert (settings.log_level, settings.log_format) == ("warning", "json")


def test_what_is_given_on_the_command_line_is_named_as_there() -> None:
    with pytest.raises(BadSetting, match=r"^--api-key \(STENOLOG_API_KEY\): must be visible"):
        load_settings(api_key="a\r")
    with pytest.raises(BadSetting, match=r"^--url \(STENOLOG_URL\): "):
        load_settings(url="http://h:99999999")


def test_the_engine_alone_takes_what_the_settings_say() -> None:
    assert WORKERS_MAX == engine.WORKERS_MAX
    given = Settings()
    assert (given.upload_bytes_max, given.engine_audio_ms_max) == (
        engine.UPLOAD_BYTES_MAX,
        engine.AUDIO_MS_MAX,
    )


def test_lists_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(
        monkeypatch,
        {
            "STENOLOG_ALLOW_NETWORKS": "10.0.0.0/8, fd00::/8,192.168.1.7/24",
            "STENOLOG_SPEECH_MODELS": "assemblyai-stt-3-7, of-tomorrow,",
        },
    )
    assert settings.allow_networks == tuple(
        map(ip_network, ("10.0.0.0/8", "fd00::/8", "192.168.1.0/24"))
    )
    assert settings.speech_models == ("assemblyai-stt-3-7", "of-tomorrow")


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, {"STENOLOG_PUBLIC_URL": "", "STENOLOG_ASSEMBLYAI_API_KEY": ""})
    assert settings.public_url is None
    assert settings.chosen_provider == "local"


def test_what_is_given_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STENOLOG_PORT", "1")
    assert load_settings(port=2, host=None).port == 2
    assert load_settings(port=None).port == 1


def test_a_base_url_loses_its_last_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, {"STENOLOG_PUBLIC_URL": "https://stenolog.example/base/"})
    assert settings.public_url == "https://stenolog.example/base"


def test_the_regions_base_url_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().assemblyai_url == "https://api.assemblyai.com"
    settings = loaded(monkeypatch, {"STENOLOG_ASSEMBLYAI_REGION": "eu"})
    assert settings.assemblyai_url == "https://api.eu.assemblyai.com"


def test_secrets_are_masked_wherever_settings_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "ab" * 32
    settings = loaded(
        monkeypatch,
        {
            "STENOLOG_ASSEMBLYAI_API_KEY": "s3cret",
            "STENOLOG_MASTER_KEY": key,
            "STENOLOG_API_KEY": "sk_x",
        },
    )
    text = as_json(settings) + repr(settings) + str(dict(shown(settings)))
    assert not any(secret in text for secret in ("s3cret", key, "sk_x"))
    assert json.loads(as_json(settings))["STENOLOG_ASSEMBLYAI_API_KEY"] == MASKED


def test_the_table_names_every_setting() -> None:
    table = settings_table()
    assert all(f"`STENOLOG_{name.upper()}`" in table for name in Settings.model_fields)


@pytest.mark.parametrize(
    ("public_url", "provider_url", "unreachable"),
    [
        ("http://127.0.0.1:8080", "https://api.assemblyai.com", True),
        ("http://localhost", "https://api.assemblyai.com", True),
        ("http://stenolog.localhost", "https://api.assemblyai.com", True),
        ("http://10.1.2.3", "https://api.assemblyai.com", True),
        ("http://[::1]:8080", "https://api.assemblyai.com", True),
        ("http://127.0.0.1:8080", "http://127.0.0.1:9000", False),
        ("http://10.1.2.3", "http://192.168.0.1", False),
        ("https://stenolog.example", "https://api.assemblyai.com", False),
        ("http://93.184.216.34", "https://api.assemblyai.com", False),
    ],
)
def test_a_public_url_that_a_remote_provider_cannot_reach_is_recognised(
    public_url: str, provider_url: str, unreachable: bool
) -> None:
    assert is_unreachable(public_url, provider_url) is unreachable


@pytest.mark.parametrize(
    ("given", "regions"),
    [
        ({}, {"us": "https://api.assemblyai.com", "eu": "https://api.eu.assemblyai.com"}),
        (
            {"REGION": "eu"},
            {"eu": "https://api.eu.assemblyai.com", "us": "https://api.assemblyai.com"},
        ),
        ({"BASE_URL": "http://a.example"}, {"us": "http://a.example"}),
        ({"BASE_URL": "http://a.example", "REGION": "eu"}, {"eu": "http://a.example"}),
        (
            {"BASE_URL": "http://a.example", "EU_BASE_URL": "http://b.example"},
            {"us": "http://a.example", "eu": "http://b.example"},
        ),
        (
            {"EU_BASE_URL": "http://b.example", "REGION": "eu"},
            {"eu": "http://b.example", "us": "https://api.assemblyai.com"},
        ),
    ],
)
def test_regions_are_offered_where_their_address_is_known(
    monkeypatch: pytest.MonkeyPatch, given: Mapping[str, str], regions: Mapping[str, str]
) -> None:
    environ = {f"STENOLOG_ASSEMBLYAI_{name}": value for name, value in given.items()}
    settings = loaded(monkeypatch, environ)
    assert list(settings.assemblyai_regions.items()) == list(regions.items())


def test_a_region_may_have_a_key_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(
        monkeypatch,
        {"STENOLOG_ASSEMBLYAI_API_KEY": "both", "STENOLOG_ASSEMBLYAI_EU_API_KEY": "eu-alone"},
    )
    us, eu = settings.assemblyai_key("us"), settings.assemblyai_key("eu")
    assert us is not None
    assert eu is not None
    assert (us.get_secret_value(), eu.get_secret_value()) == ("both", "eu-alone")


def test_the_key_of_the_default_region_alone_chooses_the_provider(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environ = {"STENOLOG_ASSEMBLYAI_EU_API_KEY": "k"}
    assert loaded(monkeypatch, environ).chosen_provider == "local"
    environ["STENOLOG_ASSEMBLYAI_REGION"] = "eu"
    assert loaded(monkeypatch, environ).chosen_provider == "assemblyai"
