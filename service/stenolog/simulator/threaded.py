"""Run the simulator's servers in a thread with its own event loop, for callers that block."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from typing import ParamSpec, Protocol, TypeVar

import anyio.from_thread

from stenolog.simulator.aimlapi.provider import AimlapiSimulator
from stenolog.simulator.assemblyai.provider import Simulator
from stenolog.simulator.receiver import Receiver

P = ParamSpec("P")
T = TypeVar("T")


class _Serving(Protocol):
    def serve(self, *, host: str = ..., port: int = ...) -> AbstractAsyncContextManager[str]:
        """Serve until the block ends; gives the base URL."""


class InThread:
    """Something with a `serve`, served by a thread of its own.

    A context manager that gives the base URL; `start` and `stop` are the same in two steps.
    """

    def __init__(self, serving: _Serving) -> None:
        self._serving = serving
        self._stack = ExitStack()
        self.base_url = ""

    def start(self, *, host: str = "127.0.0.1", port: int = 0) -> str:
        """Serve until `stop`; gives the base URL.

        Raises:
            OSError: The port is taken.
        """
        with ExitStack() as stack:
            self._portal = stack.enter_context(anyio.from_thread.start_blocking_portal())
            serving = self._serving.serve(host=host, port=port)
            wrapped = self._portal.wrap_async_context_manager(serving)
            self.base_url = stack.enter_context(wrapped)
            self._stack = stack.pop_all()
        return self.base_url

    def stop(self) -> None:
        """Stop serving and end the thread; nothing when it does not run."""
        self._stack.close()

    def call(self, work: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a coroutine function in the server's event loop and wait for it."""

        async def run() -> T:
            return await work(*args, **kwargs)

        return self._portal.call(run)

    def __enter__(self) -> str:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class ThreadedSimulator(InThread):
    """A `Simulator` in a thread.

    `simulator`'s snapshots (`jobs`, `requests`, `creates`, `callbacks_sent`, `uploads`) and its
    settings (`behave`, `outage`, `latency_ms`) may be used directly; its coroutines through here.
    """

    def __init__(self, simulator: Simulator | None = None) -> None:
        self.simulator = simulator or Simulator()
        super().__init__(self.simulator)

    def accept_connections(self) -> None:
        """Take connections again."""
        self.call(self.simulator.accept_connections)

    def refuse_connections(self) -> None:
        """Close every connection and refuse new ones."""
        self.call(self.simulator.refuse_connections)

    def release(self, job_id: str | None = None) -> None:
        """Let the held reply of a job go out, or of every job."""
        self.call(self.simulator.release, job_id)


class ThreadedAimlapiSimulator(InThread):
    """An `AimlapiSimulator` in a thread.

    `simulator`'s snapshots (`jobs`, `requests`, `creates`) and its settings (`behave`, `outage`)
    may be used directly; its coroutines through here.
    """

    def __init__(self, simulator: AimlapiSimulator | None = None) -> None:
        self.simulator = simulator or AimlapiSimulator()
        super().__init__(self.simulator)

    def accept_connections(self) -> None:
        """Take connections again."""
        self.call(self.simulator.accept_connections)

    def refuse_connections(self) -> None:
        """Close every connection and refuse new ones."""
        self.call(self.simulator.refuse_connections)


class ThreadedReceiver(InThread):
    """A `Receiver` in a thread; its `deliveries` and `answer` may be used directly."""

    def __init__(self, receiver: Receiver | None = None) -> None:
        self.receiver = receiver or Receiver()
        super().__init__(self.receiver)
