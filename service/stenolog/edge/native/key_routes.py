"""List the paths of API keys, and of the gateway's own secrets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from starlette.routing import Route

from stenolog.edge.http.cache_headers import revalidated
from stenolog.edge.http.resource import Guarded
from stenolog.edge.native.keys import Keys
from stenolog.edge.native.paging import PAGE
from stenolog.edge.native.secrets import RotateSecrets, Secrets


def key_routes(
    keys: Keys, rotation: RotateSecrets, at: Callable[..., Route], prefix: str
) -> Sequence[Route]:
    """Return the paths; all of them need `keys:write`."""
    secrets = Secrets(rotation)
    managing = partial(Guarded, query=(), scope="keys:write")
    return [
        at(
            f"{prefix}/keys",
            GET=managing(handler=keys.list, query=PAGE),
            POST=managing(handler=keys.post),
        ),
        at(f"{prefix}/keys/{{key}}", DELETE=managing(handler=keys.delete)),
        at(f"{prefix}/keys/{{key}}/rotate", POST=managing(handler=keys.rotate)),
        at(f"{prefix}/secrets", GET=managing(handler=revalidated(secrets.list))),
        at(f"{prefix}/secrets/{{secret}}/rotate", POST=managing(handler=secrets.rotate)),
    ]
