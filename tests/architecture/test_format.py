"""The log's format: numbered, written down, and readable by who has only docs/FORMAT.md."""

from __future__ import annotations

import hmac
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stenolog.compliance.data_keys import MasterKey, WrappedKey, unwrap_key
from stenolog.compliance.payloads import open_with
from stenolog.errors import SchemaTooNew
from stenolog.log.canonical import leaf_hash
from stenolog.log.catalogue import read_data
from stenolog.log.event import SealedPayload, event_from_bytes
from stenolog.log.format import EVENT_SCHEMA, LOG_FORMAT, UPCASTERS, upcast
from stenolog.stores.sqlite.log.schema import LOG
from tests.documented_types import CATALOGUE, DOCUMENT, catalogue, document

GOLDEN = Path(__file__).parents[1] / "golden"
ADVICE = (
    "the catalogue is not that of this format: raise log.format.LOG_FORMAT and add a step to "
    "log.db's schema (once the format was released), then run `python -m tests.documented_types`"
)


def test_the_catalogue_changes_only_with_the_formats_number() -> None:
    assert json.loads(CATALOGUE.read_text()) == catalogue(), ADVICE


def test_the_document_lists_every_type_as_it_is() -> None:
    assert DOCUMENT.read_text() == document(), ADVICE


def test_the_file_says_the_formats_number() -> None:
    """So that a program which does not know it refuses the file before it reads an event."""
    assert len(LOG.steps) == LOG_FORMAT


@pytest.mark.parametrize("schema", UPCASTERS)
def test_every_shape_that_was_ever_written_is_read(schema: int) -> None:
    golden = json.loads((GOLDEN / f"events-{schema}.json").read_text())
    assert golden
    for event_type, entry in golden.items():
        stored = entry["bytes"].encode()
        event = event_from_bytes(stored)
        assert (event.type, event.schema) == (event_type, EVENT_SCHEMA)
        read_data(event.type, event.data)
        assert leaf_hash(stored).hex() == entry["leaf"]


def test_an_older_shape_is_brought_up_to_date_by_the_table() -> None:
    def renamed(fields: Any) -> Any:
        rest = {name: value for name, value in fields.items() if name != "former"}
        return {**rest, "stream": fields["former"], "schema": 7}

    table = {6: renamed, 7: lambda fields: fields}
    assert upcast({"schema": 6, "former": "s"}, table) == {"schema": 7, "stream": "s"}
    assert upcast({"schema": 7, "stream": "s"}, table) == {"schema": 7, "stream": "s"}


def test_a_shape_that_is_not_known_is_refused() -> None:
    golden = json.loads((GOLDEN / f"events-{EVENT_SCHEMA}.json").read_text())
    fields = orjson.loads(golden["erasure.requested"]["bytes"])
    for schema in (0, EVENT_SCHEMA + 1, 2**40):
        with pytest.raises(SchemaTooNew, match=f"shape {schema}"):
            event_from_bytes(orjson.dumps({**fields, "schema": schema}))
    for nonsense in (None, "1", True, 1.0):
        with pytest.raises(ValueError, match="not the bytes of an event"):
            event_from_bytes(orjson.dumps({**fields, "schema": nonsense}))
    del fields["schema"]
    with pytest.raises(ValueError, match="not the bytes of an event"):
        event_from_bytes(orjson.dumps(fields))


def test_sealed_boxes_of_format_1_open_for_ever() -> None:
    boxes = json.loads((GOLDEN / "boxes-1.json").read_text())
    wrapped = WrappedKey(
        key_id=boxes["key_id"], stream=boxes["stream"], box=bytes.fromhex(boxes["key_box"])
    )
    key = unwrap_key(MasterKey(bytes.fromhex(boxes["master_key"])), wrapped)
    sealed = SealedPayload(
        key_id=boxes["key_id"],
        box=bytes.fromhex(boxes["payload_box"]),
        commitment=boxes["commitment"],
    )
    assert open_with(key, boxes["event_id"], sealed) == boxes["plaintext"].encode()


def test_the_document_is_enough_to_open_a_payload_and_to_check_its_commitment() -> None:
    """Only its formulas and libraries are used here, nothing of ours."""
    boxes = json.loads((GOLDEN / "boxes-1.json").read_text())

    def derive(purpose: bytes) -> bytes:
        master = bytes.fromhex(boxes["master_key"])
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(master)

    def unsealed(key: bytes, box: bytes, name: bytes) -> bytes:
        return AESGCM(key).decrypt(box[:12], box[12:], name)

    key_box = bytes.fromhex(boxes["key_box"])
    header = b"\x01" + derive(b"stenolog master key id")[:8]
    assert key_box.startswith(header)
    name = header + f"{boxes['key_id']}\n{boxes['stream']}".encode()
    both = unsealed(derive(b"stenolog wrap"), key_box[9:], name)
    key, salt = both[:32], both[32:]
    payload_box = bytes.fromhex(boxes["payload_box"])
    assert payload_box[:1] == b"\x01"
    name = b"\x01" + f"{boxes['event_id']}\n{boxes['key_id']}".encode()
    plaintext = zstandard.decompress(unsealed(key, payload_box[1:], name))
    assert plaintext == boxes["plaintext"].encode()
    event_salt = hmac.digest(salt, boxes["event_id"].encode(), "sha256")
    assert hmac.digest(event_salt, plaintext, "sha256").hex() == boxes["commitment"]
