"""The AsyncAPI document is one by the schema that the initiative publishes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator  # type: ignore[import-untyped]  # it has none

from stenolog.feed.asyncapi import VERSION
from tests.asyncapi_yaml import TARGET

pytestmark = pytest.mark.xdist_group("sdk")
SPECS = "@asyncapi/specs@6.11.1"
INSTALL_S_MAX = 25
INSTALL = ("install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", SPECS)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The published schema; a skip says why there is none."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not here: nothing is proven about asyncapi.yaml")
    folder: Path = tmp_path_factory.mktemp("asyncapi")
    (folder / "package.json").write_text('{"private": true}')
    try:
        subprocess.run(
            [npm, *INSTALL], cwd=folder, timeout=INSTALL_S_MAX, check=True, capture_output=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as exc:
        pytest.skip(f"npm could not install {SPECS} ({type(exc).__name__}): not proven")
    schemas = folder / "node_modules" / "@asyncapi" / "specs" / "schemas"
    return json.loads((schemas / f"{VERSION}.json").read_text())


def test_the_document_is_asyncapi(published: Any) -> None:
    document = yaml.safe_load(TARGET.read_text())
    rules = Draft7Validator(published)
    assert [f"{one.json_path}: {one.message}" for one in rules.iter_errors(document)] == []
    document["operations"]["send-feed"]["action"] = "tell"
    assert not rules.is_valid(document), "it would say so"
