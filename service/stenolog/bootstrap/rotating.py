"""Rotate the gateway's own secrets while it serves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence

import structlog

from stenolog.bootstrap.identity import CALLBACK
from stenolog.bootstrap.master_key import ELSEWHERE, following_key, is_stated, let_go
from stenolog.commands.callback_tokens import KID_MAX, SECRET_BYTES, CallbackKeys
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.rewrapping import Rewrapping
from stenolog.config.settings import Settings
from stenolog.errors import InvalidRequest, NotFound
from stenolog.stores.sqlite.keys.store import SqliteKeys

MASTER = "master"
NAMES = (CALLBACK, MASTER)
UNKNOWN = f"There is no such secret: there are {', '.join(NAMES)}"
Json = Mapping[str, object]

log = structlog.get_logger()


class SecretRotation:
    """Rotates what signs callbacks, and what wraps all keys.

    Attributes:
        callbacks: The keys of callback registrations, shared by all who use them.
        rewrapping: Wraps all keys anew once there is a new master key.
    """

    def __init__(
        self, settings: Settings, keys: SqliteKeys, master: MasterKey, callbacks: CallbackKeys
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._master = master
        self.callbacks = callbacks
        self._turn = asyncio.Lock()
        self.rewrapping = Rewrapping(master, keys, self._let_go)

    async def rotate(self, name: str, actor: str) -> Json:
        """Rotate the secret of this name, durably; return how it stands.

        Raises:
            NotFound: There is none of this name.
            InvalidRequest: It cannot be rotated here, or not any more; the message says what to do.
            CannotStart: The new master key cannot be stored.
            StoreUnavailable: Nothing was written; try again.
        """
        async with self._turn:
            if name == CALLBACK:
                await self._rotate_callback()
            elif name == MASTER:
                await self._rotate_master()
            else:
                raise NotFound(UNKNOWN)
        log.info("secret.rotated", secret=name, actor=actor)
        return self._shown(name)

    async def all(self) -> Sequence[Json]:
        """Return how each secret stands."""
        return [self._shown(name) for name in NAMES]

    def _shown(self, name: str) -> Json:
        if name == CALLBACK:
            numbers = sorted(self.callbacks.secrets)
            return {"secret": name, "current": str(self.callbacks.current), "kept": len(numbers)}
        return {
            "secret": name,
            "current": self._master.key_id.hex(),
            "kept": 2 if self._master.in_rotation else 1,
        }

    async def _rotate_callback(self) -> None:
        number = self.callbacks.current + 1
        if number > KID_MAX:
            problem = f"was rotated {KID_MAX} times, which is all that a token can name"
            raise InvalidRequest(f"{CALLBACK} {problem}", [("secret", problem)])
        name = f"{CALLBACK} {number}".encode()
        box = await self._keys.add_secret(
            CALLBACK, number, self._master.wrap(os.urandom(SECRET_BYTES), name)
        )
        self.callbacks.turn_to(number, self._master.unwrap(box, name))

    async def _rotate_master(self) -> None:
        if is_stated(self._settings):
            raise InvalidRequest(ELSEWHERE, [("secret", ELSEWHERE)])
        # One after the other: of three keys only two would be on the disk.
        if not self._master.in_rotation:
            # Turned to on the event loop, where all is wrapped: no box has parts of two keys.
            self._master.turn_to(await asyncio.to_thread(following_key, self._settings))
        self.rewrapping.begin()

    async def _let_go(self) -> None:
        await asyncio.to_thread(let_go, self._settings)
