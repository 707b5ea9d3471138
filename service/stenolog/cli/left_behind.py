"""Run a call that may block for ever, without keeping the process from ending."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


async def in_daemon(call: Callable[[], Result]) -> Result:
    """Run `call` in a daemon thread, and return its result or raise its error.

    Neither the end of the event loop nor that of the process waits for it, as they would for
    `asyncio.to_thread`: Ctrl-C ends a command that reads a terminal or a pipe. `call` must hold no
    lock of Python's buffered streams, which the interpreter takes at its end.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Result] = loop.create_future()

    def finish(result: Result | None, error: BaseException | None) -> None:
        if done.done():  # nobody waits any more
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # a call without error has one

    def work() -> None:
        result, error = None, None
        try:
            result = call()
        except BaseException as exc:
            error = exc
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(finish, result, error)

    threading.Thread(target=work, daemon=True).start()
    return await done
