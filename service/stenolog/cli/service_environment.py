"""Find the settings of the service that runs on a directory, for commands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stenolog.cli.words import given_env_file, settings_from
from stenolog.config.settings import PREFIX, Settings
from stenolog.stores.files.directory import LOG, running

ENVIRONMENT_BYTES_MAX = 256 << 10
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
    """Return the settings in the environment of the process that has this directory's log open.

    None: it cannot be read, or the number means another process here, as beside a container.
    """
    process = Path("/proc") / str(pid)
    try:
        if not any(_is(opened, directory / LOG) for opened in (process / "fd").iterdir()):
            return None
        with (process / "environ").open("rb") as file:
            content = file.read(ENVIRONMENT_BYTES_MAX).decode(errors="replace")
    except OSError:
        return None
    variables = (part.partition("=") for part in content.split("\0"))
    return {
        name.upper(): value
        for name, _, value in variables
        if name.upper().startswith(PREFIX) and name.upper() not in NOT_TAKEN
    }


def _is(opened: Path, file: Path) -> bool:
    try:
        return opened.samefile(file)
    except OSError:
        return False
