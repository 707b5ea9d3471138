"""Read every setting from the environment; each is declared by the capability that owns it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from stenolog.config.client import ClientSettings
from stenolog.config.engine import EngineSettings
from stenolog.config.log_lines import LogLineSettings
from stenolog.config.provider import ProviderSettings
from stenolog.config.reconciler import ReconcilerSettings
from stenolog.config.server import ServerSettings
from stenolog.config.storage import StorageSettings
from stenolog.errors import StenologError
from stenolog.near_names import nearest
from stenolog.wrong_values import said_of

PREFIX = "STENOLOG_"


class BadSetting(StenologError):
    """A setting is unknown or wrong; the message is one line that names it."""

    code = "bad-setting"


class Settings(
    ClientSettings,  # the last one is shown first
    EngineSettings,
    LogLineSettings,
    StorageSettings,
    ReconcilerSettings,
    ProviderSettings,
    ServerSettings,
    BaseSettings,
):
    """Every setting of the service and of the commands that talk to it."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True
    )


def load_settings(
    environ: Mapping[str, str] | None = None,
    behind: Mapping[str, str] | None = None,
    /,
    **given: Any,
) -> Settings:
    """Read the settings from the environment; `given` wins where it is not None.

    `behind` are variables that count where the environment has none or an empty one.

    Raises:
        BadSetting: One is unknown, with the nearest name, or has a wrong value.
    """
    refuse_unknown(os.environ if environ is None else environ)
    refuse_unknown(behind or {})
    values = _not_in_environment(behind or {})
    values.update({name: value for name, value in given.items() if value is not None})
    try:
        settings = Settings(**values)
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        shown = f"{PREFIX}{name.upper()}"
        if given.get(name) is not None:
            shown = f"--{name.replace('_', '-')} ({shown})"
        # Without its cause: that one repeats the value, which may be a key.
        raise BadSetting(f"{shown}: {said_of(first, shown=not _is_secret(name))}") from None
    if settings.chosen_provider == "assemblyai" and not settings.assemblyai_key(
        settings.assemblyai_region
    ):
        raise BadSetting(
            f"{PREFIX}ASSEMBLYAI_API_KEY is not set, but {PREFIX}PROVIDER is assemblyai"
        )
    if settings.chosen_provider == "aimlapi" and not settings.aimlapi_api_key:
        raise BadSetting(f"{PREFIX}AIMLAPI_API_KEY is not set, but {PREFIX}PROVIDER is aimlapi")
    return settings


def refuse_unknown(environ: Mapping[str, str]) -> None:
    """Check that every `STENOLOG_*` variable is the name of a setting.

    Raises:
        BadSetting: One is not; the message names the nearest that is.
    """
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    for name in environ:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = nearest(name.upper(), known)
            raise BadSetting(f"{name} is not a setting; did you mean {near}?")


def _is_secret(name: str) -> bool:
    field = Settings.model_fields.get(name)
    return field is None or "Secret" in str(field.annotation)


def _not_in_environment(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return these variables as settings, but for those that the environment has."""
    there = {name.upper() for name, value in os.environ.items() if value}
    return {
        name.upper().removeprefix(PREFIX).lower(): value
        for name, value in variables.items()
        if name.upper().startswith(PREFIX) and value and name.upper() not in there
    }
