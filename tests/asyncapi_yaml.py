"""Write the generated AsyncAPI document as asyncapi.yaml: `python -m tests.asyncapi_yaml`."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from stenolog.feed.asyncapi import asyncapi

TARGET = Path(__file__).parents[1] / "asyncapi.yaml"
HEAD = "# Generated: `python -m tests.asyncapi_yaml`. A gateway has its own at /asyncapi.json.\n"


def as_yaml() -> str:
    """The document, in the order in which it is made, without anchors."""
    plain = json.loads(json.dumps(asyncapi()))
    return HEAD + yaml.safe_dump(plain, sort_keys=False, width=100, allow_unicode=True)


if __name__ == "__main__":
    TARGET.write_text(as_yaml())
