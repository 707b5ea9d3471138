"""Java's HttpClient, whose every first request on a connection offers HTTP/2 by Upgrade."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.gateway_process import gateway

JAVA = shutil.which("java")
SETTINGS = {"ASSEMBLYAI_API_KEY": "nobody", "ASSEMBLYAI_BASE_URL": "http://127.0.0.1:1"}
CLIENT = """
import java.net.URI;
import java.net.http.*;

public class Client {
    public static void main(String[] given) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        for (String path : new String[] {"/v2/transcript", "/v2/upload", "/v2/transcript"}) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(given[0] + path))
                .header("Authorization", given[1])
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(given[2]))
                .build();
            var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
            System.out.println(answer.statusCode() + " " + answer.version());
        }
    }
}
"""


@pytest.mark.soak
@pytest.mark.skipif(JAVA is None, reason="there is no java on this machine")
def test_every_post_of_javas_http_client_arrives(tmp_path: Path) -> None:
    program = tmp_path / "Client.java"
    program.write_text(CLIENT)
    with gateway(tmp_path / "data", SETTINGS) as running:
        body = '{"audio_url": "https://audio.example/1.mp3"}'
        said = subprocess.run(
            [str(JAVA), str(program), running.url, running.key, body],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout
    assert said.split("\n")[:-1] == ["200 HTTP_1_1"] * 3
