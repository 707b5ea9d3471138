"""Find the service that a command is meant for, and the key that it may be shown."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from stenolog.commands.api_keys import prefix_of
from stenolog.config.settings import Settings
from stenolog.egress.guard import origin
from stenolog.errors import EgressFailed
from stenolog.stores.files.directory import API_KEY, read_api_key, running

DEFAULT_URL = "http://127.0.0.1:8080"


def service_url(settings: Settings) -> str:
    """Return where the service is: as set, else as the data directory's lock says.

    Raises:
        EgressFailed: Neither says it, and the directory has a key, which nobody else may see.
    """
    if settings.url is not None:
        return settings.url
    running_url = _running_url(settings.data_dir)
    # DECISIONS 60, 119: whoever listens at the default address is not this directory's service.
    if not running_url and settings.api_key is None and _own_key(settings.data_dir):
        raise EgressFailed(
            f"no service runs on {settings.data_dir}: start it with `stenolog serve`, or name "
            "another one with --url, and its key with --api-key",
            sent=False,
        )
    return running_url or DEFAULT_URL


def api_key(settings: Settings, url: str) -> tuple[str, str]:
    """Return the key for the service at `url`, and why there is none although there is one here.

    The key that was set is for every service; that of the data directory is for the service that
    its lock names, while that runs. Either text may be empty.
    """
    if settings.api_key is not None:
        return settings.api_key.get_secret_value(), ""
    own = _own_key(settings.data_dir)
    running_url = _running_url(settings.data_dir)
    if not own or (running_url and _place(url) == _place(running_url)):
        return own, ""
    runs = f"which listens at {running_url}" if running_url else "and none runs there"
    return "", (
        f"--api-key (STENOLOG_API_KEY): {url} needs one: {settings.data_dir / API_KEY} is sent "
        f"only to the service of its directory, {runs}"
    )


def _own_key(data_dir: Path) -> str:
    """Return the data directory's key; empty when it cannot be read or is none."""
    key = read_api_key(data_dir) if os.access(data_dir / API_KEY, os.R_OK) else ""
    return key if prefix_of(key) else ""


def _running_url(data_dir: Path) -> str:
    holder = running(data_dir)
    return holder.url if holder else ""


def _place(url: str) -> tuple[str, str, int]:
    """Return what must be equal for two URLs to lead to one service."""
    return urlsplit(url).scheme, *origin(url)
