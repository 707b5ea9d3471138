"""Say why nobody can listen at an address: whether the host or the port is wrong."""

from __future__ import annotations

import errno
import socket

from stenolog.config.settings import BadSetting
from stenolog.errors import CannotStart, StenologError

HOST, PORT = "--host (STENOLOG_HOST)", "--port (STENOLOG_PORT)"
PRIVILEGED = (errno.EACCES, errno.EPERM)
# The name may be known in a moment: no setting is wrong, and nobody has to mend anything.
NAMES_PASSING = (socket.EAI_AGAIN, socket.EAI_MEMORY)
PASSING = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class CannotStartYet(CannotStart):
    """The service cannot start now, for a reason that can pass by itself: start it again later."""


def cannot_listen(
    host: str, port: int, exc: OSError | UnicodeError, *, names: tuple[str, str] = (HOST, PORT)
) -> StenologError:
    """Return the error for `exc`, which a look-up of `host` or a bind raised.

    It is `BadSetting` when this host or port can never be listened on, `CannotStartYet` when what
    is in the way can pass by itself, else `CannotStart`; `names` is how the two can be set.
    """
    host_name, port_name = names
    why = getattr(exc, "strerror", None) or type(exc).__name__
    if isinstance(exc, socket.gaierror) and exc.errno in NAMES_PASSING:
        return CannotStartYet(
            f"{host_name}: {host} cannot be looked up now ({why}); try again later"
        )
    if isinstance(exc, socket.gaierror | UnicodeError):
        return BadSetting(f"{host_name}: {host} is no address and no known name ({why})")
    match exc.errno:
        case errno.EADDRNOTAVAIL | errno.EAFNOSUPPORT:
            return BadSetting(
                f"{host_name}: {host} is not an address of this machine; 127.0.0.1 is, and 0.0.0.0 "
                "stands for all of them"
            )
        case errno.EADDRINUSE:
            return CannotStart(
                f"{port_name}: port {port} on {host} is taken by another program; stop it, or "
                "choose another port"
            )
        case number if number in PRIVILEGED:
            return BadSetting(
                f"{port_name}: this user may not listen on port {port}; choose one of 1024 or more"
            )
        case number if number in PASSING:
            return CannotStartYet(f"cannot listen on {host} port {port} now: {why}")
        case _:
            return CannotStart(f"cannot listen on {host} port {port}: {why}")
