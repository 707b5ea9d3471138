"""Share what every command needs: options, errors as exit statuses, safe printing."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import sys
from collections.abc import Callable, Coroutine, Mapping
from functools import update_wrapper
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from stenolog.bootstrap.listening import CannotStartYet
from stenolog.config.env_file import read_env_file
from stenolog.config.settings import BadSetting, Settings, load_settings
from stenolog.errors import (
    CannotStart,
    DataDirectoryLocked,
    EgressFailed,
    SchemaTooNew,
    StenologError,
)

NO, WRONG_USAGE, CANNOT_START, UNREACHABLE = 1, 2, 3, 4
PARTLY, UNJUDGED = 5, 6  # of `log verify`
NO_OUTPUT = 74  # EX_IOERR of sysexits.h: never one of a verdict's
NO_READER = 141  # as what SIGPIPE ends: `stenolog log show | head`
CANNOT_START_YET = 75  # EX_TEMPFAIL of sysexits.h: the same command may work later
STATUSES: tuple[tuple[type[StenologError], int], ...] = (
    (BadSetting, WRONG_USAGE),
    (CannotStartYet, CANNOT_START_YET),
    (CannotStart, CANNOT_START),
    (DataDirectoryLocked, CANNOT_START),
    (SchemaTooNew, CANNOT_START),
    (EgressFailed, UNREACHABLE),
    (StenologError, NO),
)
COLUMNS = 80
ENV_FILE = "stenolog.env_file"
PROGRAM = "stenolog"

Command = TypeVar("Command", bound=Callable[..., Any])
Result = TypeVar("Result")


def common(command: Command) -> Command:
    """`--data-dir` and `--env-file`, which every command accepts."""
    command = click.option(
        "--env-file",
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=_remember_env_file,
        help="Settings of the service, one NAME=value a line; the environment goes before them.",
    )(command)
    return click.option(
        "--data-dir",
        type=click.Path(path_type=Path),
        help="The data directory (STENOLOG_DATA_DIR, default ./stenolog-data).",
    )(command)


def _remember_env_file(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    if path is not None:
        ctx.meta[ENV_FILE] = path


def given_env_file() -> Path | None:
    """Return the file that `--env-file` names."""
    ctx = click.get_current_context(silent=True)
    path = None if ctx is None else ctx.meta.get(ENV_FILE)
    return path if isinstance(path, Path) else None


def with_service(command: Command) -> Command:
    """`--url` and `--api-key`, of commands that talk to a running service."""
    command = click.option(
        "--api-key",
        help="Default: STENOLOG_API_KEY, else DATA_DIR/api-key, which is sent only to the service "
        "that runs on DATA_DIR; visible in `ps` when given here.",
    )(command)
    command = click.option(
        "--url", help="The service; default: STENOLOG_URL, else the one that DATA_DIR/lock names."
    )(command)
    return common(command)


def settings_from(behind: Mapping[str, str] | None = None, /, **given: Any) -> Settings:
    """Return the settings, with what was given on the command line.

    `behind` are variables that count where neither the environment nor `--env-file` has them.

    Raises:
        BadSetting: One is unknown or wrong.
    """
    path = given_env_file()
    in_file = {} if path is None else read_env_file(path)
    return load_settings(None, {**(behind or {}), **in_file}, **given)


def named_again(data_dir: Path | None, url: str | None, api_key: str | None) -> str:
    """Return the options that named the service, for a command to be called later; no key."""
    given = (("--data-dir", data_dir), ("--env-file", given_env_file()), ("--url", url))
    words = [f" {name} {shlex.quote(str(value))}" for name, value in given if value is not None]
    return "".join(words) + ("" if api_key is None else " --api-key KEY")


def guarded(command: Command) -> Command:
    """Turn our errors into one line on standard error and an exit status."""

    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except StenologError as exc:
            fail(exc)

    return update_wrapper(run, command)  # type: ignore[return-value]  # it keeps the signature


def fail(exc: StenologError) -> NoReturn:
    """End with the error's line and its status."""
    click.echo(f"stenolog: {one_line(str(exc))}", err=True)
    sys.exit(next(status for kind, status in STATUSES if isinstance(exc, kind)))


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a command's asynchronous part; Ctrl-C ends it with 130."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        sys.exit(130)


def program() -> str:
    """Return how the user can call us again: by name where that is found, else as this time."""
    called = sys.argv[0]
    found = Path(called).name != PROGRAM or shutil.which(PROGRAM) is not None
    return PROGRAM if found else called


def safe(text: str) -> str:
    """Text from elsewhere without control characters, which a terminal would obey."""
    return "".join(
        character if character.isprintable() or character in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )


def one_line(text: str) -> str:
    """Text from elsewhere as `safe`, and on one line: a line break in it cannot begin another."""
    return safe(" ".join(text.replace("\t", " ").splitlines()))


def clock(ms: int) -> str:
    """Return a place in the audio: `1:02.3`."""
    minutes, rest = divmod(ms, 60_000)
    return f"{minutes}:{rest // 1000:02d}.{rest % 1000 // 100}"


def took(ms: int) -> str:
    """Return a duration for people: `850 ms`, `12.3 s`."""
    return f"{ms} ms" if ms < 1_000 else f"{ms / 1000:.1f} s"
