"""Find the settings of the service that runs on a directory, for commands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from stenolog.cli.words import given_env_file, settings_from
from stenolog.config.env_file import read_env_file
from stenolog.config.settings import PREFIX, BadSetting, Settings
from stenolog.stores.files.directory import LOG, running

ENVIRONMENT_BYTES_MAX = 256 << 10
ENV_FILE_OPTION = "--env-file"
# Where the service is reached from here, and where its directory is, is said here.
NOT_TAKEN = (f"{PREFIX}DATA_DIR", f"{PREFIX}URL", f"{PREFIX}API_KEY")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfService:
    """The settings that the service on a directory has, as far as they can be known.

    Attributes:
        known: They were given with `--env-file`, or read from the service that runs.
        runs: A service runs on the directory.
    """

    settings: Settings
    known: bool
    runs: bool


def settings_of_service(data_dir: Path | None) -> OfService:
    """Return the settings, completed with those of the service that runs on the directory.

    Linux shows a process's environment to its own user and to root; where it cannot be read, and
    no `--env-file` was given, the settings are those of this command alone.

    Raises:
        BadSetting: One is unknown or wrong.
    """
    own = settings_from(data_dir=data_dir)
    holder = running(own.data_dir)
    if given_env_file() is not None or holder is None:
        return OfService(settings=own, known=given_env_file() is not None, runs=holder is not None)
    found = environment_of(holder.pid, own.data_dir)
    if found is None:
        return OfService(settings=own, known=False, runs=True)
    return OfService(settings=settings_from(found, data_dir=data_dir), known=True, runs=True)


def environment_of(pid: int, directory: Path) -> Mapping[str, str] | None:
    """Return the settings that the process was started with that has this directory's log open.

    Those in its environment, and behind them those in the file that its `--env-file` names. None:
    they cannot be read, or the number means another process here, as beside a container.
    """
    process = Path("/proc") / str(pid)
    try:
        if not any(_is(opened, directory / LOG) for opened in (process / "fd").iterdir()):
            return None
        with (process / "environ").open("rb") as file:
            content = file.read(ENVIRONMENT_BYTES_MAX).decode(errors="replace")
        in_file = _env_file_of(process)
    except (OSError, BadSetting):
        return None
    variables = (part.partition("=") for part in content.split("\0"))
    found = {**in_file, **{name.upper(): value for name, _, value in variables}}
    return {
        name: value
        for name, value in found.items()
        if name.startswith(PREFIX) and name not in NOT_TAKEN
    }


def _env_file_of(process: Path) -> Mapping[str, str]:
    """Return the settings in the file that the process was told to read; none without one.

    Raises:
        OSError: What it was told cannot be read.
        BadSetting: The file cannot be read, or is none any more.
    """
    with (process / "cmdline").open("rb") as file:
        words = file.read(ENVIRONMENT_BYTES_MAX).decode(errors="replace").split("\0")
    for word, following in pairwise([*words, ""]):
        if word == ENV_FILE_OPTION or word.startswith(f"{ENV_FILE_OPTION}="):
            named = following if word == ENV_FILE_OPTION else word.partition("=")[2]
            return read_env_file((process / "cwd").readlink() / named)
    return {}


def _is(opened: Path, file: Path) -> bool:
    try:
        return opened.samefile(file)
    except OSError:
        return False
