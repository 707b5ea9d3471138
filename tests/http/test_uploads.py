"""Uploads: durable and encrypted before they are answered, for one tenant, gone when broken."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from starlette.types import Message, Scope

from stenolog.compliance.data_keys import SALT_BYTES, DataKey, NewKey, WrappedKey
from stenolog.edge.http.correlation import Correlation
from stenolog.encryption import KEY_BYTES
from stenolog.errors import PayloadDamaged, PayloadTooLarge, StoreUnavailable
from stenolog.log.events.uploads import UPLOAD
from stenolog.log.format import LogIdentity
from stenolog.stores.files.upload_frames import FRAME_BYTES
from stenolog.stores.files.upload_header import HEADER_BYTES
from stenolog.stores.files.uploads import UploadStore
from tests.house.composed import PUBLIC_URL, Composed, composed
from tests.house.waiting import until

ID = "11111111-1111-4111-8111-111111111111"
OTHER_ID = "11111111-1111-4111-8111-111111111112"
SIZES = [1, 17, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 2 * FRAME_BYTES, 2 * FRAME_BYTES + 9]


REFUSED = {"error": "Cannot access uploaded file"}


def files(directory: Path) -> list[Path]:
    return list(directory.iterdir())


class FixedKeys:
    """One key for each stream, in memory."""

    def __init__(self) -> None:
        self._keys: dict[str, DataKey] = {}

    def new_key(self, stream: str) -> NewKey:
        key = DataKey(stream, os.urandom(KEY_BYTES), os.urandom(SALT_BYTES))
        return NewKey(key=key, wrapped=WrappedKey(key_id=stream, stream=stream, box=b""))

    async def keep(self, new: NewKey) -> None:
        self._keys[new.wrapped.stream] = new.key

    async def destroy(self, stream: str) -> None:
        del self._keys[stream]

    async def key_of(self, stream: str) -> DataKey:
        return self._keys[stream]


async def pieces(content: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


async def read(store: UploadStore, upload_id: str = ID) -> bytes:
    opened = await store.open(upload_id)
    assert opened is not None
    size, chunks = opened
    content = b"".join([chunk async for chunk in chunks])
    assert len(content) == size
    return content


@pytest.fixture
def store(tmp_path: Path) -> UploadStore:
    return UploadStore(tmp_path, FixedKeys())


@pytest.mark.parametrize("size", SIZES)
async def test_what_was_stored_is_read_whatever_its_size(store: UploadStore, size: int) -> None:
    content = os.urandom(size)
    assert await store.store(ID, pieces(content), bytes_max=size) == size
    assert await store.exists(ID)
    assert await read(store) == content


async def test_a_file_is_ours_alone_and_says_nothing(store: UploadStore, tmp_path: Path) -> None:
    content = b"what was said on the telephone " * 1_000
    await store.store(ID, pieces(content), bytes_max=1 << 20)
    [file] = files(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"telephone" not in file.read_bytes()


@pytest.mark.parametrize("at", [0, 7, 8, 23, 24, 100, FRAME_BYTES, -1])
async def test_a_changed_byte_is_found(store: UploadStore, tmp_path: Path, at: int) -> None:
    await store.store(ID, pieces(os.urandom(2 * FRAME_BYTES + 9)), bytes_max=1 << 30)
    stored = bytearray((tmp_path / ID).read_bytes())
    stored[at] ^= 1
    (tmp_path / ID).write_bytes(stored)
    with pytest.raises(PayloadDamaged):
        await read(store)


@pytest.mark.parametrize("lost", [1, 9 + 16, 9 + 16 + 1, FRAME_BYTES + 16 + 9 + 16, 10**9])
async def test_a_lost_end_is_found(store: UploadStore, tmp_path: Path, lost: int) -> None:
    await store.store(ID, pieces(os.urandom(2 * FRAME_BYTES + 9)), bytes_max=1 << 30)
    stored = (tmp_path / ID).read_bytes()
    (tmp_path / ID).write_bytes(stored[: max(0, len(stored) - lost)])
    with pytest.raises(PayloadDamaged):
        await read(store)


async def test_frames_that_change_places_are_found(store: UploadStore, tmp_path: Path) -> None:
    await store.store(ID, pieces(os.urandom(3 * FRAME_BYTES)), bytes_max=1 << 30)
    stored, frame = (tmp_path / ID).read_bytes(), FRAME_BYTES + 16
    header, stored = stored[:HEADER_BYTES], stored[HEADER_BYTES:]
    swapped = stored[frame : 2 * frame] + stored[:frame] + stored[2 * frame :]
    (tmp_path / ID).write_bytes(header + swapped)
    with pytest.raises(PayloadDamaged):
        await read(store)


async def test_a_file_of_another_log_is_none_and_stays(tmp_path: Path) -> None:
    keys = FixedKeys()
    store = UploadStore(tmp_path, keys)
    await store.store(ID, pieces(b"x"), bytes_max=1)
    stored = (tmp_path / ID).read_bytes()
    other = UploadStore(tmp_path, keys, LogIdentity(log_id=str(uuid.uuid4())))
    assert not await other.exists(ID)
    assert await other.is_of_another_log(ID)
    with pytest.raises(PayloadDamaged, match="of this log"):
        await read(other)
    assert (tmp_path / ID).read_bytes() == stored
    # Nor does a header that was made ours open what stands behind it.
    await other.store(OTHER_ID, pieces(b"y"), bytes_max=1)
    (tmp_path / ID).write_bytes(
        (tmp_path / OTHER_ID).read_bytes()[:HEADER_BYTES] + stored[HEADER_BYTES:]
    )
    with pytest.raises(PayloadDamaged, match="under its key"):
        await read(other)
    assert not await store.is_of_another_log(OTHER_ID[:-1] + "9"), "there is none"
    (tmp_path / ID).write_bytes(b"")
    assert not await store.is_of_another_log(ID), "what is damaged may be ours"


async def test_a_file_is_what_the_document_says(tmp_path: Path) -> None:
    """docs/FORMAT.md, "Uploads": read without our own code."""
    keys, log = FixedKeys(), LogIdentity(log_id=str(uuid.uuid4()))
    content = os.urandom(FRAME_BYTES + 9)
    store = UploadStore(tmp_path, keys, log)
    await store.store(ID, pieces(content), bytes_max=len(content))
    header, sealed = (file := (tmp_path / ID).read_bytes())[:24], file[24:]
    assert header == b"STNUPL01" + uuid.UUID(log.log_id).bytes
    secret = (await keys.key_of(UPLOAD + ID)).secret
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"stenolog upload")
    key = AESGCM(hkdf.derive(secret))
    frame = (1 << 20) + 16
    first = key.decrypt(bytes(12), sealed[:frame], header)
    last = key.decrypt(bytes(10) + b"\x01\x01", sealed[frame:], header)
    assert first + last == content


async def test_a_file_over_the_limit_leaves_nothing(store: UploadStore, tmp_path: Path) -> None:
    with pytest.raises(PayloadTooLarge, match="1000"):
        await store.store(ID, pieces(b"x" * 1_001, 10), bytes_max=1_000)
    assert files(tmp_path) == []


async def test_no_bytes_leave_nothing(store: UploadStore, tmp_path: Path) -> None:
    assert await store.store(ID, pieces(b""), bytes_max=1) == 0
    assert files(tmp_path) == []
    assert await store.open(ID) is None


async def test_a_sender_that_fails_leaves_nothing(store: UploadStore, tmp_path: Path) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"x" * 3_000_000
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await store.store(ID, failing(), bytes_max=1 << 30)
    assert files(tmp_path) == []


async def test_a_disk_that_fails_is_ours_to_say(tmp_path: Path) -> None:
    store = UploadStore(tmp_path / "missing", FixedKeys())
    with pytest.raises(StoreUnavailable):
        await store.store(ID, pieces(b"x"), bytes_max=1)


async def test_a_file_that_cannot_get_its_name_leaves_no_key(tmp_path: Path) -> None:
    keys = FixedKeys()
    (tmp_path / ID).mkdir()
    with pytest.raises(StoreUnavailable):
        await UploadStore(tmp_path, keys).store(ID, pieces(b"audio"), bytes_max=100)
    with pytest.raises(KeyError):
        await keys.key_of(UPLOAD + ID)


async def test_what_a_crash_left_is_removed_at_the_next_start(tmp_path: Path) -> None:
    keys = FixedKeys()
    await UploadStore(tmp_path, keys).store(ID, pieces(b"kept"), bytes_max=10)
    (tmp_path / f"{ID[:-1]}2.part").write_bytes(b"half")
    assert await read(UploadStore(tmp_path, keys)) == b"kept"
    assert [file.name for file in files(tmp_path)] == [ID]


async def test_a_discarded_file_is_gone(store: UploadStore) -> None:
    await store.store(ID, pieces(b"x"), bytes_max=1)
    await store.discard(ID)
    await store.discard(ID)
    assert not await store.exists(ID)


async def upload(service: Composed, content: bytes, **headers: str) -> str:
    answer = await service.client.post("/v2/upload", content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["upload_url"]
    return str(answer.json()["upload_url"])


async def test_an_upload_is_a_fact_and_a_file_and_a_source_of_audio(service: Composed) -> None:
    content = os.urandom(3_000_000)
    url = await upload(service, content)
    assert url.startswith(f"{PUBLIC_URL}/upload/")
    [stored] = await service.recorded()
    assert (stored.type, stored.data) == ("upload.stored", {"bytes": len(content)})
    upload_id = stored.stream.removeprefix("upload-")
    assert upload_id not in url
    assert await read(service.uploads, upload_id) == content
    transcription_id = await service.submit(audio_url=url)
    [requested] = await service.stream(transcription_id)
    assert requested.data["upload"] == upload_id
    answer = await service.client.get(f"/v2/transcript/{transcription_id}")
    assert answer.json()["audio_url"] == url


@pytest.mark.parametrize("media_type", ["", "application/octet-stream", "text/html", "audio/wav"])
async def test_any_media_type_is_taken(service: Composed, media_type: str) -> None:
    await upload(service, b"bytes", **({"Content-Type": media_type} if media_type else {}))


async def test_a_chunked_body_without_a_length_is_taken(service: Composed) -> None:
    answer = await service.client.post("/v2/upload", content=pieces(b"x" * 300_000, 999))
    assert answer.status_code == 200
    [stored] = await service.recorded()
    assert stored.data == {"bytes": 300_000}


async def test_an_empty_body_is_422_in_the_services_words(service: Composed) -> None:
    answer = await service.client.post("/v2/upload", content=b"")
    assert (answer.status_code, answer.text) == (422, "Upload failed, please try again")
    assert await service.recorded() == []
    assert files(service.uploads_directory) == []


FORM = (
    b'--boundary\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
    b"Content-Type: audio/wav\r\n\r\nRIFF"
)


@pytest.mark.parametrize("size", [1, 100, 5_000])
async def test_a_form_around_a_file_is_refused_with_advice(service: Composed, size: int) -> None:
    """It would be stored with what is around the file; however its bytes come, it is seen."""
    for content in (FORM + bytes(3_000), FORM + b"\r\n--boundary--\r\n"):
        answer = await service.client.post("/v2/upload", content=pieces(content, size))
        assert answer.status_code == 400
        assert answer.json() == {
            "error": "Upload failed, the body is a multipart form: send the file's own bytes as "
            "the body, not a form"
        }
    assert await service.recorded() == []
    assert files(service.uploads_directory) == []
    await upload(service, b"--" + bytes(3_000), **{"Content-Type": "multipart/form-data"})


async def test_another_tenant_cannot_use_it(service: Composed) -> None:
    url = await upload(service, b"bytes")
    answer = await service.client.post(
        "/v2/transcript",
        json={"audio_url": url},
        headers={"Authorization": await service.new_key("another")},
    )
    assert (answer.status_code, answer.json()) == (403, REFUSED)


async def test_an_upload_that_is_unknown_or_gone_is_403(service: Composed) -> None:
    url = await upload(service, b"bytes")
    changed = url[:-1] + ("A" if url[-1] != "A" else "B")
    [stored] = await service.recorded()
    for wrong in (changed, f"{PUBLIC_URL}/upload/x", f"{PUBLIC_URL}/upload/{'A' * 64}"):
        answer = await service.client.post("/v2/transcript", json={"audio_url": wrong})
        assert (answer.status_code, answer.json()) == (
            403,
            {"error": "Cannot access uploaded file"},
        )
    await service.uploads.discard(stored.stream.removeprefix("upload-"))
    answer = await service.client.post("/v2/transcript", json={"audio_url": url})
    assert answer.status_code == 403


async def test_it_is_known_under_an_older_public_url_too(service: Composed) -> None:
    url = await upload(service, b"bytes")
    moved = url.replace(PUBLIC_URL, "https://before.example:8443")
    transcription_id = await service.submit(audio_url=moved)
    [requested] = await service.stream(transcription_id)
    assert requested.data["upload"] is not None


async def test_nothing_is_served_under_the_url(service: Composed) -> None:
    url = await upload(service, b"bytes")
    answer = await service.client.get(url.removeprefix(PUBLIC_URL))
    assert answer.status_code == 404


async def test_a_log_that_cannot_commit_leaves_no_file(service: Composed) -> None:
    service.events.refusing = True
    answer = await service.client.post("/v2/upload", content=b"bytes")
    assert (answer.status_code, answer.json()) == (503, {"error": "Service unavailable"})
    assert files(service.uploads_directory) == []


async def test_one_that_is_cancelled_in_mid_append_keeps_its_file(service: Composed) -> None:
    [route] = [one for one in service.routes if getattr(one, "path", "") == "/v2/upload"]
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": "/v2/upload",
        "headers": [(b"authorization", service.key.encode())],
        "query_string": b"",
        "app": None,
        "state": {},
    }
    service.events.committing.clear()
    before = service.events.commits
    request = asyncio.create_task(Correlation(route.app)(scope, _bytes, _nothing))
    await until(lambda: service.events.commits > before)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    service.events.committing.set()
    await service.events.wait(after=service.started_at)
    [event] = await service.recorded()
    [file] = files(service.uploads_directory)
    assert (event.type, event.stream) == ("upload.stored", UPLOAD + file.name)


async def _bytes() -> Message:
    return {"type": "http.request", "body": b"audio", "more_body": False}


async def _nothing(message: Message) -> None:
    raise AssertionError(f"it was answered: {message}")


async def test_a_client_that_goes_away_leaves_nothing(service: Composed, tmp_path: Path) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST /v2/upload HTTP/1.1\r\nHost: {host}\r\nAuthorization: {service.key}\r\n"
        f"Content-Length: 9000000\r\n\r\n".encode()
        + b"x" * 2_500_000
    )
    await writer.drain()
    await until(lambda: any(service.uploads_directory.iterdir()))
    writer.close()
    await until(lambda: not any(service.uploads_directory.iterdir()))
    assert await service.recorded() == []
    with contextlib.closing(sqlite3.connect(tmp_path / "keys.db")) as keys:
        assert keys.execute("SELECT count(*) FROM data_keys").fetchone() == (0,)


async def test_a_file_over_the_limit_is_413_and_leaves_nothing(tmp_path: Path) -> None:
    async with composed(tmp_path, upload_bytes_max=1_000) as service:
        answer = await service.client.post("/v2/upload", content=b"x" * 1_001)
        assert answer.status_code == 413
        assert "1000" in answer.json()["error"]
        assert files(service.uploads_directory) == []


async def test_a_length_over_the_limit_is_413_before_a_byte_is_read(tmp_path: Path) -> None:
    async with composed(tmp_path, upload_bytes_max=1_000) as service:
        host, port = service.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"POST /v2/upload HTTP/1.1\r\nHost: {host}\r\nAuthorization: {service.key}\r\n"
            f"Content-Length: 1001\r\n\r\n".encode()
        )
        async with asyncio.timeout(5):
            assert (await reader.readline()).split()[1] == b"413"
        writer.close()
        assert files(service.uploads_directory) == []
