"""Show settings to people and programs, with secrets masked."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import SecretStr

from stenolog.config.settings import PREFIX, Settings

MASKED = "********"


def shown(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield every setting's variable and value, secrets masked."""
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
    """Return the table of the documents, in Markdown."""
    rows = ["| setting | default | what |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, tuple):
            default = ",".join(default)
        text = "" if default in {None, ""} else f"`{default}`"
        rows.append(f"| `{PREFIX}{name.upper()}` | {text} | {field.description} |")
    return "\n".join(rows) + "\n"


def as_json(settings: Settings) -> str:
    """Return the settings for programs, secrets masked."""
    return json.dumps(dict(shown(settings)), indent=1)
