"""What `infra/` and `docs/DEPLOY.md` name is there, and says what the service says."""

from __future__ import annotations

import http.server
import json
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from stenolog.bootstrap.http.limits import Limits
from stenolog.bootstrap.serving import DRAIN_SECONDS
from stenolog.cli.main import COMMANDS
from stenolog.config.settings import PREFIX, Settings, load_settings
from stenolog.edge.http.bodies import CHUNK_MS_MAX

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
DEPLOY = (ROOT / "docs" / "DEPLOY.md").read_text()
KEEP_ALIVE_SECONDS = Limits().idle_ms_max / 1000
LINES = DEPLOY.splitlines()
STOP_SECONDS = 10  # the whole gateway; DRAIN_SECONDS is its first part
UNITS = {"m": 1 << 20, "MB": 10**6}
KNOWN = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
ALL = ("Dockerfile", "compose.yaml", "stenolog.service", "stenolog.env.example")

Instruction = tuple[str, str]


def instructions() -> list[Instruction]:
    text = re.sub(r"^#.*\n", "", (INFRA / "Dockerfile").read_text(), flags=re.M)
    lines = text.replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (ln.partition(" ") for ln in lines) if word]


def final_stage() -> list[Instruction]:
    found = instructions()
    last = max(n for n, (word, _) in enumerate(found) if word == "FROM")
    return found[last:]


def said(word: str) -> list[str]:
    return [rest for name, rest in final_stage() if name == word]


def image_environment() -> dict[str, str]:
    pairs = [pair for line in said("ENV") for pair in shlex.split(line)]
    return dict(pair.split("=", 1) for pair in pairs)


def gateway_service() -> dict[str, Any]:
    composed = yaml.safe_load((INFRA / "compose.yaml").read_text())
    return cast("dict[str, Any]", composed["services"]["gateway"])


def unit() -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", (INFRA / "stenolog.service").read_text(), flags=re.M)
    return re.findall(r"^(\w+)=(.*)$", text, flags=re.M)


def one(name: str) -> str:
    (value,) = [value for key, value in unit() if key == name]
    return value


def unit_environment() -> dict[str, str]:
    return dict(value.split("=", 1) for name, value in unit() if name == "Environment")


def example() -> dict[str, str]:
    lines = (INFRA / "stenolog.env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def stenolog_only(environ: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.startswith(PREFIX)}


def paths() -> set[str]:
    """Every path; another test holds the document against the routes."""
    return set(yaml.safe_load((ROOT / "openapi.yaml").read_text())["paths"])


@pytest.mark.parametrize(
    "file", [*(INFRA / name for name in ALL), ROOT / "docs" / "DEPLOY.md", ROOT / "README.md"]
)
def test_every_setting_that_is_named_exists(file: Path) -> None:
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", file.read_text()))
    assert named
    assert named <= KNOWN


@pytest.mark.parametrize(
    "environ",
    [image_environment(), unit_environment(), gateway_service()["environment"], example()],
    ids=["image", "unit", "compose", "example"],
)
def test_every_value_is_one_that_the_service_takes(environ: dict[str, str]) -> None:
    given = stenolog_only(environ)
    assert given
    fields = {k.removeprefix(PREFIX).lower(): v for k, v in given.items() if v}
    load_settings(given, **fields)


def test_the_three_agree_on_the_data_directory_and_the_port() -> None:
    image, compose = image_environment(), gateway_service()
    data_dir, port = image["STENOLOG_DATA_DIR"], image["STENOLOG_PORT"]
    assert said("VOLUME") == [data_dir]
    assert said("EXPOSE") == [port]
    assert compose["environment"] == stenolog_only(image)
    assert compose["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert unit_environment()["STENOLOG_DATA_DIR"] == data_dir
    assert unit_environment()["STENOLOG_PORT"] == port == str(Settings.model_fields["port"].default)
    assert data_dir == f"/var/lib/{one('StateDirectory')}"
    assert set(re.findall(r"127\.0\.0\.1:(\d+)", DEPLOY)) == {port}


def test_the_volume_of_compose_is_declared_and_the_only_place_to_write() -> None:
    composed, compose = yaml.safe_load((INFRA / "compose.yaml").read_text()), gateway_service()
    (mount,) = compose["volumes"]
    name, target = mount.split(":")
    assert name in composed["volumes"]
    assert target == image_environment()["STENOLOG_DATA_DIR"]
    assert compose["read_only"] is True
    assert compose["cap_drop"] == ["ALL"]
    assert (INFRA / compose["build"]["context"]).resolve() == ROOT
    assert (ROOT / compose["build"]["dockerfile"]).samefile(INFRA / "Dockerfile")
    (env_file,) = compose["env_file"]
    assert f"infra/{env_file['path']}" in DEPLOY
    assert env_file["required"] is False


def test_nobody_is_root() -> None:
    (user,) = said("USER")
    assert f"--uid 10001 --gid {user}" in " ".join(said("RUN"))
    assert one("User") == user
    assert "user" not in gateway_service()
    after = [word for word, _ in final_stage()]
    assert "RUN" not in after[after.index("USER") :]


def test_what_is_copied_into_the_image_exists_and_is_not_ignored() -> None:
    ignored = (INFRA / "Dockerfile.dockerignore").read_text().splitlines()
    kept = {line[1:] for line in ignored if line.startswith("!")}
    assert all((ROOT / name).exists() for name in kept)
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert any(fnmatch(source, name) for name in kept), source


def test_the_image_installs_what_make_installs_on_a_python_that_fits() -> None:
    text, project = (INFRA / "Dockerfile").read_text(), (ROOT / "pyproject.toml").read_text()
    described = tomllib.loads(project)["project"]
    wanted = tuple(map(int, described["requires-python"].removeprefix(">=").split(".")))
    bases = {rest.split()[0] for word, rest in instructions() if word == "FROM"}
    assert bases == {"${BASE}"}
    base = next(rest for word, rest in instructions() if word == "ARG").removeprefix("BASE=")
    version = re.fullmatch(r"python:(\d+)\.(\d+)-slim-\w+", base)  # slim: glibc, not musl
    assert version
    assert gateway_service()["build"]["args"] == {"BASE": f"${{BASE_IMAGE:-{base}}}"}
    assert tuple(map(int, version.groups())) >= wanted
    made = re.findall(r"\$\(PIP\) install (--require\S+ .*?txt)", (ROOT / "Makefile").read_text())
    assert len(made) == 3
    for install in (one for one in made if "-dev" not in one):
        assert f"pip install {install}" in text
    (program,) = said("ENTRYPOINT")
    assert json.loads(program) == list(described["scripts"])


def test_what_is_started_is_a_command_of_ours() -> None:
    (arguments,) = said("CMD")
    (command,) = json.loads(arguments)
    assert command in COMMANDS
    program, *rest = one("ExecStart").split()
    assert rest == [command]
    assert program == "/opt/stenolog/.venv/bin/stenolog"
    for name in re.findall(r"(?:bin/|(?<!/)\b)stenolog ([a-z]+)\b", DEPLOY):
        assert name in COMMANDS, name


def test_stopping_leaves_the_gateway_its_time() -> None:
    assert DRAIN_SECONDS < STOP_SECONDS
    assert said("STOPSIGNAL") == [one("KillSignal")] == ["SIGTERM"]
    assert int(one("TimeoutStopSec")) >= STOP_SECONDS
    assert int(gateway_service()["stop_grace_period"].removesuffix("s")) >= STOP_SECONDS
    assert one("KillMode") == "mixed"  # the gateway ends its engine itself


def test_a_proxy_passes_uploads_and_waits_long_enough() -> None:
    wanted = Settings.model_fields["upload_bytes_max"].default
    sizes = re.findall(r"(?:client_max_body_size|max_size) (\d+)(MB|m)\b", DEPLOY)
    assert len(sizes) == 2
    assert all(int(size) * UNITS[u] >= wanted for size, u in sizes)
    for directive in ("proxy_request_buffering off;", "proxy_buffering off;", "flush_interval -1"):
        assert directive in DEPLOY
    waits = [int(s) for s in re.findall(r"_timeout\s+(\d+)s", DEPLOY)]
    assert len(waits) == 4
    assert all(wait >= max(KEEP_ALIVE_SECONDS, CHUNK_MS_MAX / 1000) for wait in waits)
    assert {"header_up -Upgrade", "header_up -Connection"} <= {line.strip() for line in LINES}
    assert "Upgrade $http_upgrade" not in DEPLOY
    (rest,) = re.findall(r"\bkeepalive (\d+)s", DEPLOY)
    assert int(rest) < KEEP_ALIVE_SECONDS  # or it would send on a connection that we close


def test_the_guide_names_files_targets_and_paths_that_exist() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", DEPLOY):
        assert (ROOT / "docs" / target).exists(), target
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    assert set(re.findall(r"\bmake (?:-C \S+ )?([a-z]+)\b", DEPLOY)) <= targets
    assert set(re.findall(r"GET (/\w+)", DEPLOY)) | {"/metrics"} <= paths()
    assert "(docs/DEPLOY.md)" in (ROOT / "README.md").read_text()


@contextmanager
def answering(status: int) -> Iterator[tuple[int, list[str]]]:
    asked: list[str] = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port, asked
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_asks_whether_the_service_is_ready(status: int, healthy: bool) -> None:
    (line,) = said("HEALTHCHECK")
    program, *arguments = json.loads(line.partition("CMD ")[2])
    assert program == "python"
    with answering(status) as (port, asked):
        done = subprocess.run(
            [sys.executable, *arguments],
            env={"STENOLOG_PORT": str(port)},
            check=False,
            capture_output=True,
        )
    assert asked == ["/readyz"]
    assert asked[0] in paths()
    assert (done.returncode == 0) is healthy
