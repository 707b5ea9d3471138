"""Write openapi.yaml as the JSON that the package carries: `python -m tests.openapi_json`."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "openapi.yaml"
CARRIED = ROOT / "service" / "stenolog" / "edge" / "documents" / "openapi.json"


def as_json() -> str:
    """The document as JSON, in the order in which it is written."""
    return json.dumps(yaml.safe_load(SOURCE.read_text()), ensure_ascii=False, indent=0) + "\n"


if __name__ == "__main__":
    CARRIED.write_text(as_json())
