"""Write down what the catalogue is: `-m tests.documented_types` after a change to it.

The table of event types in docs/FORMAT.md, and `golden/catalogue-<format>.json`. Once a format is
released its golden file never changes: raise `log.format.LOG_FORMAT` first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from stenolog.log.catalogue import EVENT_TYPES
from stenolog.log.event_data import EventData, PayloadRule
from stenolog.log.format import LOG_FORMAT

TESTS = Path(__file__).parent
DOCUMENT = TESTS.parent / "docs" / "FORMAT.md"
CATALOGUE = TESTS / "golden" / f"catalogue-{LOG_FORMAT}.json"
HEAD = "| type | public | payload | data |\n|---|---|---|---|\n"
RULES: Mapping[PayloadRule, str] = {
    "always": "always",
    "optional": "optional",
    "without a job": "if `provider_job` is null",
    "never": "",
}
KINDS: Mapping[Any, str] = {int: "integer", bool: "boolean", str: "id"}
NAMED: Mapping[str, str] = {"provider_job": "job?", "root": "digest"}  # text that is no id


def kind(annotation: Any) -> str:
    """What a field may hold: a word, or its words."""
    if annotation in KINDS:
        return KINDS[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"objects with {fields_of(annotation)}"
    inner, *others = get_args(annotation)
    if get_origin(annotation) is Literal:
        return " or ".join((inner, *others))
    if get_origin(annotation) is list:
        return f"list of {kind(inner)}"
    return kind(inner) + ("?" if NoneType in others else "")


def fields_of(model: type[BaseModel]) -> str:
    return ", ".join(
        f"`{name}` " + (NAMED.get(name) or kind(field.annotation))
        for name, field in model.model_fields.items()
    )


def row(model: type[EventData]) -> str:
    fields = fields_of(model)
    public = "yes" if model.public else ""
    return f"| `{model.type}` | {public} | {RULES[model.payload_rule()]} | {fields} |\n"


def document() -> str:
    """The document with its table as the catalogue is now."""
    before, _, behind = DOCUMENT.read_text().partition(HEAD)
    _, gap, rest = behind.partition("\n\n")
    return before + HEAD + "".join(map(row, EVENT_TYPES.values())) + gap[1:] + rest


def catalogue() -> dict[str, Any]:
    """Everything by which an older program could not read or extend a log."""
    written = {}
    for name, model in sorted(EVENT_TYPES.items()):
        schema = model.model_json_schema()
        written[name] = {
            "public": model.public,
            "payload": model.payload_rule(),
            "opens_stream": model.opens_stream,
            "fields": schema["properties"],
            **({"inside": schema["$defs"]} if "$defs" in schema else {}),
        }
    return written


if __name__ == "__main__":
    DOCUMENT.write_text(document())
    CATALOGUE.write_text(json.dumps(catalogue(), indent=1, sort_keys=True) + "\n")
