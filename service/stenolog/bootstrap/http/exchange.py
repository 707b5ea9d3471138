"""One request and its answer, as ASGI's `receive` and `send`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

import structlog

from stenolog.bootstrap.http.answer import CRASHED, STOPPED, Answer
from stenolog.bootstrap.http.asgi import ASGIApp, Message
from stenolog.bootstrap.http.body import Body
from stenolog.bootstrap.http.framing import Head
from stenolog.bootstrap.http.outgoing import Outgoing
from stenolog.errors import StoreUnavailable

PIECE_BYTES = 64 << 10  # of an answer, given to the connection at once
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
STOPPING_SECONDS = 2.0  # for bodies, of the four that requests have: the rest is for answers

log = structlog.get_logger()


class Line(Protocol):
    """The connection, as an exchange needs it."""

    @property
    def may_skip_body(self) -> bool:
        """Whether so little of the body is left that it can be read in vain."""
        ...

    def read_on(self) -> None:
        """The application waits for more of the body."""
        ...

    def answered(self) -> None:
        """The last of the answer was written."""
        ...


class Exchange:
    """Carries one request into an application and its answer out; the line tells what comes in.

    Attributes:
        keep_alive: Whether the line may serve another request afterwards.
        answered: Whether the last of the answer was written.
        body: What has come of the request's body.
    """

    def __init__(
        self,
        line: Line,
        out: Outgoing,
        scope: Message,
        head: Head,
        *,
        headers: list[tuple[bytes, bytes]],
    ) -> None:
        """`headers` come before those of the application."""
        self.keep_alive = head.keep_alive
        self.answered = False
        self.body = Body()
        self._line = line
        self._out = out
        self._scope = scope
        self._headers = headers
        self._owes_continue = head.expects_continue
        self._lost = False
        self._is_stopping = False
        self._alone = False  # nothing comes any more; perhaps nobody reads the answer
        self._waiter: asyncio.Future[None] | None = None
        self._answer: Answer | None = None

    # What the line tells.

    @property
    def path(self) -> str:
        """What is asked for; nothing any more, once it was answered."""
        return str(self._scope.get("path", ""))

    @property
    def reads_much(self) -> bool:
        """Whether large pieces are read: of a body that goes on, or that nobody takes any more."""
        return not self.body.is_whole and (self.body.is_flowing or self.answered or self._lost)

    @property
    def has_started(self) -> bool:
        """Whether some of the answer may have left."""
        return self._answer is not None and self._answer.is_begun

    def take(self, piece: bytes) -> None:
        """Some of the body has come; it is kept while somebody may ask for it."""
        if not (self._lost or self.answered):
            self.body.add(piece)
            self._wake()

    def end(self) -> None:
        """The body has come to its end."""
        self.body.is_whole = True
        self._wake()

    def hear_no_more(self) -> bool:
        """The other side only reads now, or is gone; return whether an answer is still made."""
        if self.answered or self._lost or not self.body.is_whole:
            self.lose()
            return False
        self.keep_alive = False
        self._alone = True
        self._wake()
        return True

    def finish(self) -> None:
        """The service stops: it is the line's last request, and its body has to be whole soon."""
        self.keep_alive = False
        if not self.body.is_whole:
            asyncio.get_running_loop().call_later(STOPPING_SECONDS, self._stop)

    def lose(self) -> None:
        """The connection is lost."""
        self._lost = True
        self.body.drop()
        self._wake()

    def start(self, app: ASGIApp, tasks: set[asyncio.Task[None]]) -> None:
        """Have the application answer, in a task among `tasks`, unless nobody listens any more."""
        if not self._lost:
            task = asyncio.get_running_loop().create_task(self.run(app))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async def run(self, app: ASGIApp) -> None:
        """Have the application answer; whatever it raises ends here, in the log."""
        try:
            await app(self._scope, self.receive, self.send)
        except asyncio.CancelledError:
            log.warning("edge.request_cancelled", advice="none is needed while the service stops")
            if self._answer is None and self._out.is_clear:
                await self._answer_briefly(STOPPED)
            else:
                self._out.break_off()
            raise
        except Exception:
            log.exception("edge.application_failed")
            await self._crash()
        else:
            if self._alone and not self.answered:
                self._out.break_off()
            elif not self.answered and not self._lost:
                log.error("edge.application_left_no_answer")
                await self._crash()

    async def receive(self) -> Message:
        """Return the next piece of the body, or that nobody listens any more.

        Raises:
            StoreUnavailable: The service stops, and the body is not whole.
        """
        if self._owes_continue:
            self._owes_continue = False
            if not (self._lost or self.body or self.body.is_whole):
                self._out.write(CONTINUE)
        while True:
            if self._lost or self.answered:
                return {"type": "http.disconnect"}
            if self._is_stopping and not self.body.is_whole:
                raise StoreUnavailable("the service stops, and the body is not here yet")
            if (message := self.body.taken()) is not None:
                return message
            if self._alone:
                return {"type": "http.disconnect"}
            self._line.read_on()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    async def send(self, message: Message) -> None:
        """Send the answer's head, or some of its body; what nobody listens to is dropped.

        Raises:
            RuntimeError: The application does not keep to ASGI, or to the length that it named.
        """
        if self._lost:
            return
        match message["type"]:
            case "http.response.start" if self._answer is None:
                self._answer = self._begun(message["status"], message.get("headers", ()))
            case "http.response.body" if self._answer is not None and not self._answer.is_ended:
                more = message.get("more_body", False)
                await self._write(*self._answer.framed(message.get("body", b""), more=more))
                if not more and not self._lost:
                    self.answered = True
                    self._scope = {}
                    self.body.drop()
                    self._wake()
                    self._line.answered()
            case other:
                raise RuntimeError(f"{other!r} is not what comes next in an answer")

    def _begun(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> Answer:
        answer = Answer(
            method=self._scope["method"],
            version=self._scope["http_version"],
            status=status,
            headers=(*self._headers, *headers),
            # Who was not told to go on may send another request instead of the body.
            keep_alive=self.keep_alive
            and not self._owes_continue
            and (self.body.is_whole or self._line.may_skip_body),
        )
        self._owes_continue = False
        self.keep_alive = answer.keep_alive
        return answer

    async def _write(self, before: bytes, body: bytes, after: bytes) -> None:
        """Write all of it, a piece at a time: what the other side does not take stays here."""
        await self._out.written(len(body))
        if len(body) <= PIECE_BYTES:
            if not self._lost:
                self._out.write(b"".join((before, body, after)))
            return
        pieces = memoryview(body)
        self._out.write(before)
        while pieces and not self._lost:
            await self._out.written(len(body))  # whatever has left: all of it stays in memory
            self._out.write(pieces[:PIECE_BYTES])
            pieces = pieces[PIECE_BYTES:]
        await self._out.written(len(body))
        if after and not self._lost:
            self._out.write(after)

    async def _crash(self) -> None:
        if self._lost:
            return
        if self._answer is not None:
            self._out.break_off()
        else:
            await self._answer_briefly(CRASHED)

    async def _answer_briefly(self, start: Message) -> None:
        await self.send(start)
        await self.send({"type": "http.response.body"})

    def _stop(self) -> None:
        self._is_stopping = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
