"""`stenolog doctor` asks the address that providers call, where one is set and the service runs."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from stenolog.cli.public_url_check import callback_findings
from stenolog.config.settings import Settings
from stenolog.stores.files.directory import locked


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Something that answers everything so; yields its URL."""

    class Answering(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def settings_in(directory: Path, url: str | None) -> Settings:
    return Settings(
        data_dir=directory,
        public_url=url,
        assemblyai_api_key=SecretStr("key"),
        assemblyai_base_url="http://127.0.0.1:9",
    )


@pytest.mark.parametrize(
    ("status", "body", "holds"),
    [
        (200, b'{"status":"alive"}', True),
        (200, b"<html>parked</html>", None),
        (502, b'{"status":"alive"}', None),
    ],
)
async def test_it_is_asked_whether_a_stenolog_is_there(
    tmp_path: Path, status: int, body: bytes, holds: bool | None
) -> None:
    with answering(status, body) as url, locked(tmp_path, url="http://127.0.0.1:4711"):
        [found] = await callback_findings(settings_in(tmp_path, url))
    assert found.holds is holds
    assert f"{url}/healthz" in found.said
    assert bool(found.advice) is not bool(holds)


async def test_nobody_there_is_worth_knowing(tmp_path: Path) -> None:
    with locked(tmp_path, url="http://127.0.0.1:4711"):
        [found] = await callback_findings(settings_in(tmp_path, "http://127.0.0.1:9"))
    assert found.holds is None
    assert "STENOLOG_PUBLIC_URL" in found.advice


async def test_nothing_is_asked_where_none_is_set_or_nothing_runs(tmp_path: Path) -> None:
    assert await callback_findings(settings_in(tmp_path, "http://127.0.0.1:9")) == []
    with locked(tmp_path, url="http://127.0.0.1:4711"):
        assert await callback_findings(settings_in(tmp_path, None)) == []
