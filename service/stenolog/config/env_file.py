"""Read a file of variables, as systemd's `EnvironmentFile=` and compose's `env_file:` read it."""

from __future__ import annotations

import re
from pathlib import Path

from stenolog.config.settings import PREFIX, BadSetting

BYTES_MAX = 64 << 10
_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


def read_env_file(path: Path) -> dict[str, str]:
    """Return the `STENOLOG_*` variables of a file; others are another program's.

    A line is `NAME=value`; the value may stand in quotes, single or double. Blank lines, and those
    that begin with `#` or `;`, say nothing. Nothing is expanded.

    Raises:
        BadSetting: The file cannot be read, or a line is none.
    """
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
        if len(content) > BYTES_MAX:
            raise BadSetting(f"--env-file {path}: more than {BYTES_MAX >> 10} KiB")
        lines = content.decode().splitlines()
    except OSError as exc:
        raise BadSetting(f"--env-file {path}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise BadSetting(f"--env-file {path}: it is not UTF-8") from exc
    found: dict[str, str] = {}
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line[0] in "#;":
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise BadSetting(f"--env-file {path}: line {number} is not NAME=value")
        name, value = match.groups()
        if name.upper().startswith(PREFIX):
            found[name.upper()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value
