"""TLS goes to the checked address and speaks to the name."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stenolog.errors import EgressFailed
from tests.egress.conftest import Open
from tests.egress.scripted import always, answer, serving


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `localhost` and its key, in one file; it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


async def test_the_name_is_asked_for_and_verified(opened: Open, certificate: Path) -> None:
    names: list[str | None] = []
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    server_side.sni_callback = lambda _socket, name, _context: names.append(name)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with serving(always(answer(body=b"safe")), server_side) as server:
        client = opened(tls=trusting)
        url = f"https://localhost:{server.port}/"
        got = await client.request("GET", url, timeout_ms=5_000, answer_bytes_max=10)
        assert got.body == b"safe"
        for wrong, context in ((f"https://127.0.0.1:{server.port}/", trusting), (url, None)):
            with pytest.raises(EgressFailed) as failed:
                await opened(tls=context).request(
                    "GET", wrong, timeout_ms=5_000, answer_bytes_max=10
                )
            assert failed.value.sent is False
        await client.aclose()
    assert names[0] == "localhost"
    assert len(server.requests) == 1
