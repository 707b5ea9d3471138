"""Settings: read once from the environment, frozen, each with its unit in its name."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from stenolog.errors import StenologError

PREFIX = "STENOLOG_"
RegionName = Literal["us", "eu"]
ASSEMBLYAI_BASE_URLS: Mapping[RegionName, str] = {
    "us": "https://api.assemblyai.com",
    "eu": "https://api.eu.assemblyai.com",
}
MASKED = "********"
RATE_MAX = 10**9
# RFC 6454: scheme, host and port as a browser sends them, without a path or a slash at the end.
ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
Milliseconds = Annotated[int, Field(ge=1, le=10**10)]
Networks = tuple[IPv4Network | IPv6Network, ...]


class BadSetting(StenologError):
    """A setting is unknown or wrong; the message is one line that names it."""

    code = "bad-setting"


class Settings(BaseSettings):
    """Every setting of the service and of the commands that talk to it."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True
    )

    data_dir: Path = Field(
        Path("stenolog-data"), description="Where everything is kept; made with mode 0700."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    public_url: str | None = Field(
        None, description="How providers and customers reach us; default: the bound address."
    )
    provider: Literal["assemblyai", "local"] | None = Field(
        None, description="Who transcribes; default: `assemblyai` if its key is set, else `local`."
    )
    assemblyai_api_key: SecretStr | None = Field(
        None, description="AssemblyAI's API key, for every region that has none of its own."
    )
    assemblyai_base_url: str | None = Field(
        None, description="AssemblyAI's base URL, when it is not its region's own."
    )
    assemblyai_region: RegionName = Field(
        "us", description="AssemblyAI's region for requests that name none."
    )
    assemblyai_eu_api_key: SecretStr | None = Field(
        None, description="AssemblyAI's API key for its EU region, when it is another one."
    )
    assemblyai_eu_base_url: str | None = Field(
        None, description="Base URL for the EU region, when it is not AssemblyAI's own."
    )
    speech_models: Annotated[tuple[str, ...], NoDecode] = Field(
        ("universal-3-pro", "universal-2"),
        description="Asked of AssemblyAI when the customer names none; commas between them.",
    )
    allow_networks: Annotated[Networks, NoDecode] = Field(
        (), description="Private networks (CIDR, commas) that customers' URLs may reach."
    )
    master_key: SecretStr | None = Field(
        None, description="Wraps all keys: 64 hex digits; default: DATA_DIR/master-key, made once."
    )
    settle_ms: Milliseconds = Field(
        90_000, description="From a submission of unknown outcome until the provider's list counts."
    )
    callback_silence_ms: Milliseconds = Field(
        200_000, description="Beyond its expected duration, until a silent job is looked up."
    )
    sweep_interval_ms: Milliseconds = Field(
        30_000, description="Between two looks at the provider's list."
    )
    http_timeout_ms: Milliseconds = Field(30_000, description="For a whole request to a provider.")
    provider_job_lifetime_ms: Milliseconds = Field(
        86_400_000, description="After which an unfinished provider job is given up."
    )
    rate_limit_per_minute: int = Field(
        0, ge=0, le=RATE_MAX, description="Requests a minute of one API key; 0: no limit."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins of pages that may call us (commas; `*`: any); none: CORS is off."
    )
    tenant_concurrency: int = Field(
        0, ge=0, le=100_000, description="Provider jobs of one tenant at a time; 0: no limit."
    )
    upload_bytes_max: int = Field(
        2_200_000_000, ge=1, description="Largest upload; AssemblyAI's own limit is 2.2 GB."
    )
    upload_retention_ms: Milliseconds = Field(
        86_400_000, description="After which an upload that no transcription uses is removed."
    )
    engine_audio_ms_max: Milliseconds = Field(
        14_400_000, description="Longest audio that the embedded engine takes; 4 hours."
    )
    engine_workers: int = Field(
        1, ge=1, le=64, description="Worker processes of the embedded engine; cores are shared."
    )
    url: str | None = Field(
        None, description="For commands: the service; default: what DATA_DIR/lock names."
    )
    api_key: SecretStr | None = Field(
        None, description="For commands: the API key; default: DATA_DIR/api-key."
    )

    @field_validator("speech_models", "cors_origins", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        return _split(value) if isinstance(value, str) else value

    @field_validator("allow_networks", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        # An address within a network stands for it: 192.168.1.7/24.
        if isinstance(value, str):
            return tuple(ip_network(part, strict=False) for part in _split(value))
        return value

    @field_validator("public_url", "assemblyai_base_url", "assemblyai_eu_base_url", "url")
    @classmethod
    def _base_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise ValueError("must be a base URL such as https://stenolog.example")
        if parts.username or parts.password or parts.fragment:
            raise ValueError("must have no user, password or fragment")
        return value.rstrip("/")

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(origin != "*" and not ORIGIN.fullmatch(origin) for origin in value):
            raise ValueError("must be origins such as https://app.example:8443, or *")
        return value

    @field_validator("master_key")
    @classmethod
    def _hex_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                length = len(bytes.fromhex(value.get_secret_value()))
            except ValueError:
                length = 0
            if length != 32:
                raise ValueError("must be 64 hex digits, such as `openssl rand -hex 32` prints")
        return value

    @property
    def chosen_provider(self) -> Literal["assemblyai", "local"]:
        """The default provider for new transcriptions."""
        return self.provider or (
            "assemblyai" if self.assemblyai_key(self.assemblyai_region) else "local"
        )

    @property
    def assemblyai_url(self) -> str:
        """AssemblyAI's base URL in the default region."""
        return self.assemblyai_regions[self.assemblyai_region]

    @property
    def assemblyai_regions(self) -> Mapping[RegionName, str]:
        """The base URL of each region that can be asked for, the default one first.

        A base URL of one's own replaces AssemblyAI's: then a region without one is not offered,
        for its audio and our key would go where nobody meant them to.
        """
        own, eu, default = (
            self.assemblyai_base_url,
            self.assemblyai_eu_base_url,
            self.assemblyai_region,
        )
        urls: Mapping[RegionName, str] = ASSEMBLYAI_BASE_URLS
        if eu is not None:
            urls = {"us": own or urls["us"], "eu": eu}
        elif own is not None:
            urls = {default: own}
        return {default: urls[default], **urls}

    @property
    def offered_regions(self) -> tuple[RegionName, ...]:
        """The regions that AssemblyAI is reached in, the default one first; none without a key."""
        return tuple(one for one in self.assemblyai_regions if self.assemblyai_key(one))

    def assemblyai_key(self, region: RegionName) -> SecretStr | None:
        """The key that AssemblyAI takes in this region."""
        own = self.assemblyai_eu_api_key if region == "eu" else None
        return own or self.assemblyai_api_key


def load_settings(environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """The settings from the environment; `given` wins where it is not None.

    Raises:
        BadSetting: One is unknown, with the nearest name, or has a wrong value.
    """
    refuse_unknown(os.environ if environ is None else environ)
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        name = f"{PREFIX}{str(first['loc'][0]).upper()}" if first["loc"] else "settings"
        raise BadSetting(f"{name}: {first['msg'].removeprefix('Value error, ')}") from exc
    if settings.chosen_provider == "assemblyai" and not settings.assemblyai_key(
        settings.assemblyai_region
    ):
        raise BadSetting(
            f"{PREFIX}ASSEMBLYAI_API_KEY is not set, but {PREFIX}PROVIDER is assemblyai"
        )
    return settings


def _split(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def refuse_unknown(environ: Mapping[str, str]) -> None:
    """Nothing, when every `STENOLOG_*` variable is a setting.

    Raises:
        BadSetting: One is not; the message names the nearest that is.
    """
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    for name in environ:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0)
            raise BadSetting(f"{name} is not a setting; did you mean {near[0]}?")


def shown(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every setting's variable and value, secrets masked."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            text = MASKED
        elif isinstance(value, tuple):
            text = ",".join(str(part) for part in value)
        else:
            text = "" if value is None else str(value)
        yield f"{PREFIX}{name.upper()}", text


def settings_table() -> str:
    """The table of the documents, in Markdown."""
    rows = ["| setting | default | what |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, tuple):
            default = ",".join(default)
        text = "" if default in {None, ""} else f"`{default}`"
        rows.append(f"| `{PREFIX}{name.upper()}` | {text} | {field.description} |")
    return "\n".join(rows) + "\n"


def is_unreachable(public_url: str, provider_url: str) -> bool:
    """Whether the provider cannot call `public_url`: it is private, and the provider is not here.

    Judged by the literal alone: no name is looked up.
    """
    return _is_private(public_url) and not _is_private(provider_url)


def _is_private(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False


def as_json(settings: Settings) -> str:
    """The settings for programs, secrets masked."""
    return json.dumps(dict(shown(settings)), indent=1)
