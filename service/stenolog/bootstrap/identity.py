"""Read or make what identifies a data directory: master key, secrets, first API key."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from pathlib import Path

import structlog

from stenolog.bootstrap.master_key import known_master_key
from stenolog.commands.api_keys import (
    ALL,
    DEFAULT_TENANT,
    ApiKey,
    ApiKeys,
    prefix_of,
)
from stenolog.commands.callback_tokens import CallbackKeys
from stenolog.commands.key_ring import KeyRing
from stenolog.compliance.data_keys import MasterKey
from stenolog.config.settings import Settings
from stenolog.encryption import KEY_BYTES
from stenolog.errors import CannotStart, PayloadDamaged
from stenolog.log.actors import SYSTEM
from stenolog.log.recorder import FactRecorder
from stenolog.log.store import EventStore
from stenolog.stores.files.directory import (
    API_KEY,
    read_api_key,
    write_durably,
)
from stenolog.stores.files.key_files import make_master_key
from stenolog.stores.sqlite.keys.store import SqliteKeys

CALLBACK, UPLOAD, CHECK = "callback", "upload", "master"
IDEMPOTENCY, SUBJECTS, TREE_HEAD = "idempotency", "subjects", "tree-head"
FIRST_KEY_NAME = "first"

ADVICE = "keys.db is older than the log: restore the two together"

log = structlog.get_logger()


async def open_master_key(settings: Settings, keys: SqliteKeys) -> tuple[MasterKey, bool]:
    """Read the master key, or make one; tell whether it was made now.

    Raises:
        CannotStart: It is not the one under which this data directory's keys are wrapped.
    """
    master = await asyncio.to_thread(known_master_key, settings)
    made = master is None
    if master is None:
        if await keys.secrets(CHECK):
            raise CannotStart(
                "the master key of this data directory is missing: restore DATA_DIR/master-key, "
                "or set STENOLOG_MASTER_KEY"
            )
        master = MasterKey(await asyncio.to_thread(make_master_key, settings.data_dir))
    try:
        await secret_of(keys, master, CHECK)
    except PayloadDamaged as exc:
        raise CannotStart(
            "the master key is not the one of this data directory: set the STENOLOG_MASTER_KEY, "
            "or restore the DATA_DIR/master-key, that it was made with"
        ) from exc
    return master, made


async def secret_of(keys: SqliteKeys, master: MasterKey, purpose: str) -> bytes:
    """Return our own secret for `purpose`, made when there is none."""
    name = f"{purpose} 1".encode()
    held = await keys.secrets(purpose)
    box = held.get(1)
    if box is None:
        box = await keys.add_secret(purpose, 1, master.wrap(os.urandom(KEY_BYTES), name))
    return master.unwrap(box, name)


async def callback_keys(keys: SqliteKeys, master: MasterKey) -> CallbackKeys:
    """Return the keys that sign and verify callback registrations."""
    await secret_of(keys, master, CALLBACK)
    held = {
        number: master.unwrap(box, f"{CALLBACK} {number}".encode())
        for number, box in (await keys.secrets(CALLBACK)).items()
    }
    return CallbackKeys(current=max(held), secrets=held)


async def key_ring(
    keys: ApiKeys, events: EventStore, facts: FactRecorder, directory: Path
) -> KeyRing:
    """Return what makes and revokes API keys, once every revocation of the log holds.

    A key that is rotated is replaced in `DATA_DIR/api-key`, too.

    Raises:
        StoreError: Log or keys cannot be read or written.
    """
    ring = KeyRing(keys, events, facts, partial(_replace_first_key, directory))
    again = await ring.catch_up()
    if again:
        log.warning(
            "keys.revoked_again", keys=again, reason="keys.db is older than the log", advice=ADVICE
        )
    return ring


async def _replace_first_key(directory: Path, replaced: ApiKey, secret: str) -> None:
    if prefix_of(await asyncio.to_thread(read_api_key, directory)) == replaced.prefix:
        await asyncio.to_thread(write_durably, directory / API_KEY, secret + "\n")


async def first_api_key(ring: KeyRing, directory: Path) -> bool:
    """`DATA_DIR/api-key` holds a key of tenant `default` that may do everything; whether made now.

    A file that holds no key, as a crash or a full disk can leave it, counts as none.

    Raises:
        CannotStart: The file cannot be read or written.
    """
    if prefix_of(await asyncio.to_thread(read_api_key, directory)) is not None:
        return False
    secret, _ = await ring.create(
        actor=SYSTEM, tenant=DEFAULT_TENANT, name=FIRST_KEY_NAME, scopes=(ALL,)
    )
    await asyncio.to_thread(write_durably, directory / API_KEY, secret + "\n")
    return True
